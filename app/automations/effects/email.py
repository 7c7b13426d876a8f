"""`email`: a mail to one or several addresses, by the portal's mail service."""

from collections.abc import Mapping
from typing import Any

from flask import current_app

from app.automations.definitions.types import EmailWith
from app.automations.effects import Call, StepFailed, Told, effect
from app.integrations.email import sending
from app.integrations.email.message import Mail, MailDelayed, MailRefused, address_of


def _told(given: Mapping[str, Any]) -> Told:
    to = given.get("to", "")
    listed = ", ".join(map(str, to)) if isinstance(to, list) else str(to)
    return Told(listed, str(given.get("subject", "")), sending.provider_of(current_app.config["SETTINGS"]))


@effect("email", tells=_told)
def send_mail(form: EmailWith, call: Call) -> dict[str, Any]:
    """Each address gets a mail of its own. The step's key is its Message-ID, so a try that is made again is known to
    whoever gets it twice."""
    to = [form.to] if isinstance(form.to, str) else form.to
    if not to:
        raise StepFailed("The email has no recipients.", again=False)
    for one in to:
        _require_address(one)
    for one in dict.fromkeys(to):
        try:
            sending.send(Mail(one, " ".join(form.subject.split()), form.text, id=call.key))
        except MailRefused as error:
            raise StepFailed(error.message, again=False) from None
        except MailDelayed as error:
            raise StepFailed(str(error)) from None
    return {"message_id": str(call.key), "to": list(dict.fromkeys(to))}


def _require_address(text: str) -> None:
    """Before anything is sent: half of a list isn't reached because the other half is wrong."""
    try:
        address_of(text)
    except ValueError:
        raise StepFailed("One of the email addresses isn’t valid.", again=False) from None
