"""Mail by SendGrid's HTTP interface, version 3."""

from email.utils import parseaddr
from typing import Any

import httpx

from app.integrations.email.message import Mail, MailDelayed, MailRefused, compose

ADDRESS = "https://api.sendgrid.com/v3/mail/send"
TIMEOUT = 15.0
MAY_PASS = (401, 403, 408, 429)
"""Refusals that are the key's or the moment's fault, not the mail's."""


def send(mail: Mail, sender: str, *, api_key: str, address: str = ADDRESS) -> None:
    """Hand the mail over. Raises MailRefused or MailDelayed."""
    compose(mail, sender)
    try:
        answer = httpx.post(
            address, json=_body(mail, sender), headers={"Authorization": f"Bearer {api_key}"}, timeout=TIMEOUT
        )
    except httpx.HTTPError as error:
        raise MailDelayed(f"SendGrid could not be reached: {type(error).__name__}") from None
    if answer.is_success:
        return
    said = f"SendGrid answered {answer.status_code}: {answer.text[:300]}"
    if 400 <= answer.status_code < 500 and answer.status_code not in MAY_PASS:
        raise MailRefused(said)
    raise MailDelayed(said)


def _body(mail: Mail, sender: str) -> dict[str, Any]:
    name, address = parseaddr(sender)
    content = [{"type": "text/plain", "value": mail.text}]
    if mail.html is not None:
        content.append({"type": "text/html", "value": mail.html})
    return {
        "personalizations": [{"to": [{"email": mail.to}], "custom_args": {"mail_id": str(mail.id or "")}}],
        "from": {"email": address, "name": name} if name else {"email": address},
        "subject": mail.subject,
        "content": content,
        "headers": {"Auto-Submitted": "auto-generated"},
        # Links that open an account go to the reader alone, not by way of a counter of clicks.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
