"""Sending a mail by what the settings name."""

from email.message import EmailMessage
from urllib.parse import urlsplit

import structlog
from flask import Flask, current_app

from app.integrations.email import sendgrid, smtp
from app.integrations.email.mailbox import Mailbox
from app.integrations.email.message import Mail, MailRefused, compose
from config import Settings

log = structlog.get_logger(__name__)

NO_PROVIDER = "No mail server is set: give SMTP_URL, SENDGRID_API_KEY or SES_REGION, then send it again."


def send(mail: Mail) -> None:
    """Send it now. Raises MailRefused when that can never succeed, and MailDelayed when another try may."""
    settings: Settings = current_app.config["SETTINGS"]
    sender = sender_of(settings)
    if settings.smtp_url:
        smtp.send(compose(mail, sender), settings.smtp_url)
    elif settings.sendgrid_api_key:
        sendgrid.send(mail, sender, api_key=settings.sendgrid_api_key)
    elif settings.ses_region:
        _send_by_ses(compose(mail, sender), settings, settings.ses_region)
    elif has_mailbox(settings):
        Mailbox(settings.data_dir).deliver(compose(mail, sender))
    else:
        raise MailRefused(NO_PROVIDER)


def provider_of(settings: Settings) -> str:
    """By what mails go out: `stand-in` where they stay in the mailbox of this machine, empty where there is nothing."""
    if settings.smtp_url:
        return "SMTP"
    if settings.sendgrid_api_key:
        return "SendGrid"
    if settings.ses_region:
        return "Amazon SES"
    return "stand-in" if has_mailbox(settings) else ""


def sender_of(settings: Settings) -> str:
    """Whom mails are from."""
    host = urlsplit(settings.public_url).hostname if settings.public_url else "diglit.test"
    return settings.mail_from or f"DIG|LIT <portal@{host}>"


def has_mailbox(settings: Settings) -> bool:
    """Whether mails stay on this machine, for its developers to read. Never in production: the links in them open
    anybody's account."""
    return not settings.sends_mail and not settings.is_production


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    if not settings.is_production:
        return
    if not settings.sends_mail:
        log.warning("no mail server is set: mails wait, marked as failed, until one is and they are sent again")
    elif not settings.public_url:
        log.warning("PUBLIC_URL is not set: the links in mails lead nowhere but here", links=settings.public_address)


def _send_by_ses(message: EmailMessage, settings: Settings, region: str) -> None:
    from app.integrations.email import ses  # noqa: PLC0415 - slow to import, and rarely wanted

    ses.send(
        message,
        region=region,
        key_id=settings.aws_access_key_id,
        secret=settings.aws_secret_access_key,
    )
