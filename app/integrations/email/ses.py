"""Mail by Amazon SES, version 2 of its interface."""

from email.message import EmailMessage

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from app.integrations.email.message import MailDelayed, MailRefused

CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1})
"""One request for each try of the queue; `max_attempts` would be the number of further ones."""
FOR_GOOD = ("MessageRejected", "BadRequestException")


def send(
    message: EmailMessage, *, region: str, key_id: str | None, secret: str | None, address: str | None = None
) -> None:
    """Hand the message over. Raises MailRefused or MailDelayed."""
    client = boto3.client(
        "sesv2",
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        endpoint_url=address,
        config=CONFIG,
    )
    try:
        client.send_email(
            FromEmailAddress=str(message["From"]),
            Destination={"ToAddresses": [str(message["To"])]},
            Content={"Raw": {"Data": message.as_bytes()}},
        )
    except ClientError as error:
        told = error.response.get("Error", {})
        said = f"SES answered {told.get('Code')}: {told.get('Message', '')[:300]}"
        if told.get("Code") in FOR_GOOD:
            raise MailRefused(said) from None
        raise MailDelayed(said) from None
    except BotoCoreError as error:
        raise MailDelayed(f"SES could not be reached: {type(error).__name__}") from None
