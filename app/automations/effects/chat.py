"""`chat`: a message to a channel of Slack or Discord."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from app.automations.definitions.types import ChatWith
from app.automations.effects import STAND_IN, Call, StepFailed, Told, effect
from app.automations.effects.answers import fails_the_try, retry_after
from app.automations.effects.http import body_of, private_targets, start_of
from app.integrations.chat.webhooks import message_for, service_of, wait_of
from app.integrations.outgoing.client import Refused, Unreachable, send
from config import Settings

NOT_SET = "No webhook is configured. Enter one in the step, or set SLACK_WEBHOOK_URL or DISCORD_WEBHOOK_URL."


def _told(given: Mapping[str, Any]) -> Told:
    """The whole address would be a key."""
    url = str(given.get("url") or "")
    ours = _ours(str(given.get("service") or ""))
    where = urlsplit(url).hostname or "" if url else "DIG|LIT’s channel" if ours else ""
    return Told(where, str(given.get("text", "")), service_of(url or ours) if url or ours else STAND_IN)


@effect("chat", tells=_told)
def write_to_chat(form: ChatWith, call: Call) -> dict[str, Any]:
    """Neither service knows a key for repeated requests: a try whose answer got lost may be a second message."""
    url = form.url or _ours(form.service)
    if not url:
        if _settings().is_production:
            raise StepFailed(NOT_SET, again=False)
        return {"status": 200}
    try:
        message = message_for(url, form.text)
    except ValueError as error:
        raise StepFailed(str(error), again=False) from None
    try:
        answer = send(
            "POST", url, json=message.json, seconds=call.seconds, private=private_targets(), redirects=0,
        )  # fmt: skip
    except Unreachable as error:
        raise StepFailed(str(error), again=not isinstance(error, Refused)) from None
    if 200 <= answer.status < 300:
        return {"status": answer.status}
    body = call.mask(body_of(answer))
    raise StepFailed(
        f"{message.service} answered with {answer.status}.",
        again=fails_the_try(answer.status),
        wait=wait_of(body) if wait_of(body) is not None else retry_after(answer.headers),
        status=answer.status,
        body=start_of(body),
    )


def _ours(service: str) -> str:
    """The house's own webhook, for steps that name none."""
    settings = _settings()
    slack, discord = settings.slack_webhook_url or "", settings.discord_webhook_url or ""
    return {"slack": slack, "discord": discord}.get(service, slack or discord)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
