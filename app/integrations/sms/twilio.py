"""A text message by Twilio's Programmable Messaging (API version 2010-04-01)."""

import base64
import json
import re
from typing import Any
from urllib.parse import urlencode

from app.integrations.outgoing.addresses import Networks
from app.integrations.outgoing.client import Answer, send
from config import Settings

ADDRESS = "https://api.twilio.com"
LONGEST = 1_600
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_OURS = (401, 403, 404)
"""Refusals that are the settings' fault, and may be put right before the next try."""


class SmsRefused(Exception):
    """It can't be sent, now or later."""


class SmsDelayed(Exception):
    """It couldn't be sent this time. `wait` is how long the other side wants it to wait."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


def number_of(text: str) -> str:
    """A telephone number as E.164 has it. Raises SmsRefused for anything else."""
    number = re.sub(r"[ ()./-]", "", text.strip())
    number = "+" + number[2:] if number.startswith("00") else number
    if not _NUMBER.fullmatch(number):
        raise SmsRefused("Enter a phone number with its country code, such as +49 30 1234567.")
    return number


def send_sms(settings: Settings, to: str, text: str, *, seconds: float, private: Networks = ()) -> str:
    """Hand the message over; Twilio's id of it. Raises SmsRefused or SmsDelayed, or `Unreachable`."""
    account = settings.twilio_account_sid or ""
    key = base64.b64encode(f"{account}:{settings.twilio_auth_token}".encode()).decode()
    answer = send(
        "POST",
        f"{ADDRESS}/2010-04-01/Accounts/{account}/Messages.json",
        headers={"Authorization": f"Basic {key}", "Content-Type": "application/x-www-form-urlencoded"},
        content=urlencode({"To": number_of(to), "From": settings.twilio_from or "", "Body": text}),
        seconds=seconds,
        private=private,
        redirects=0,
    )
    told = _json(answer)
    if 200 <= answer.status < 300 and isinstance(told.get("sid"), str):
        return str(told["sid"])
    said = f"Twilio answered {answer.status}: {told.get('code', '')} {str(told.get('message', ''))[:300]}".rstrip(": ")
    if 400 <= answer.status < 500 and answer.status not in (*_OURS, 408, 425, 429):
        raise SmsRefused(said)
    raise SmsDelayed(said, answer)


def _json(answer: Answer) -> dict[str, Any]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
