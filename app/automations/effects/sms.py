"""`sms`: a text message."""

from collections.abc import Mapping
from typing import Any

from flask import current_app

from app.automations.definitions.types import SmsWith
from app.automations.effects import STAND_IN, Call, StepFailed, Told, effect
from app.automations.effects.answers import retry_after
from app.automations.effects.http import private_targets
from app.integrations.outgoing.client import Refused, Unreachable
from app.integrations.sms import twilio
from config import Settings

NOT_SET = "SMS isn’t configured. Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM."


def _told(given: Mapping[str, Any]) -> Told:
    provider = "Twilio" if _settings().twilio_account_sid else STAND_IN
    return Told(str(given.get("to", "")), str(given.get("text", "")), provider)


@effect("sms", tells=_told)
def send_sms(form: SmsWith, call: Call) -> dict[str, Any]:
    """Twilio knows no key for repeated requests: a try whose answer got lost may be a second message."""
    settings = _settings()
    try:
        if not settings.twilio_account_sid:
            twilio.number_of(form.to)
            return {"message_id": _stand_in(settings, call)}
        sid = twilio.send_sms(settings, form.to, form.text, seconds=call.seconds, private=private_targets())
    except twilio.SmsRefused as error:
        raise StepFailed(str(error), again=False) from None
    except twilio.SmsDelayed as error:
        raise StepFailed(str(error), wait=retry_after(error.answer.headers), status=error.answer.status) from None
    except Unreachable as error:
        raise StepFailed(f"Twilio: {error}", again=not isinstance(error, Refused)) from None
    return {"message_id": sid}


def _stand_in(settings: Settings, call: Call) -> str:
    """Where nothing is set, nothing leaves a developer's machine, and production says so."""
    if settings.is_production:
        raise StepFailed(NOT_SET, again=False)
    return f"{STAND_IN}-{call.key}"


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
