"""`http`: a request to a service."""

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from app.automations.definitions.types import HttpWith
from app.automations.effects import Call, StepFailed, Told, effect
from app.automations.effects.answers import fails_the_try, retry_after
from app.core import chains
from app.integrations.outgoing.addresses import Network, networks
from app.integrations.outgoing.client import Answer, Refused, Unreachable, send

KEY = "Idempotency-Key"
_OURS = frozenset({KEY.lower(), chains.HEADER.lower()})


def _told(given: Mapping[str, Any]) -> Told:
    return Told(without_query(str(given.get("url", ""))), str(given.get("method", "GET")), "direct")


@effect("http", tells=_told)
def call_service(form: HttpWith, call: Call) -> dict[str, Any]:
    """What the service answered. A status from 500 on, 408, 425 and 429 fail the try, so that it is made again; other
    statuses are answers, for the workflow to judge."""
    ours = {KEY: str(call.key), chains.HEADER: chains.header_of(chains.Caller(call.run_id, call.depth))}
    given = {name: str(value) for name, value in form.headers.items()}
    headers = {name: value for name, value in given.items() if name.lower() not in _OURS} | ours
    try:
        answer = send(
            form.method,
            form.url,
            headers=headers,
            query=form.query,
            json=form.json_,
            content=form.text,
            seconds=call.seconds,
            private=private_targets(),
        )
    except Unreachable as error:
        raise StepFailed(str(error), again=not isinstance(error, Refused)) from None
    output = {"status": answer.status, "headers": dict(answer.headers), "body": body_of(answer)}
    if answer.truncated:
        output["truncated"] = True
        if isinstance(output["body"], str):
            output["body"] = call.mask.cut(output["body"])
    if fails_the_try(answer.status):
        raise StepFailed(
            f"The service answered with {answer.status}.",
            wait=retry_after(answer.headers),
            status=answer.status,
            body=start_of(call.mask(output["body"])),
        )
    return output


def private_targets() -> tuple[Network, ...]:
    """The private networks that steps may reach."""
    return networks(*current_app.config["SETTINGS"].automation_private_targets)


def without_query(url: str) -> str:
    """An address as the outbox shows it: without a user, a query or a fragment, where keys often are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else ""


def body_of(answer: Answer) -> Any:
    """JSON as what it says, other texts as texts, anything else as how long it is."""
    kind = Message()
    kind["content-type"] = answer.headers.get("content-type", "")
    text = _text(answer, kind.get_content_charset() or "utf-8")
    if text is None:
        return {"bytes": len(answer.body)}
    if not answer.truncated and ("json" in kind.get_content_type() or text[:1] in ("{", "[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _text(answer: Answer, charset: str) -> str | None:
    # A cut may go through the middle of a character, whose bytes are at most four.
    ends = range(len(answer.body), len(answer.body) - 4, -1) if answer.truncated else [len(answer.body)]
    for name in dict.fromkeys((charset, "utf-8")):
        for end in ends:
            try:
                text = answer.body[:end].decode(name)
            except (UnicodeError, LookupError, ValueError):
                continue
            return None if "\x00" in text else text
    return None


def start_of(body: Any) -> Any:
    """As much of the body as an error may carry."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return body if len(text) <= 500 else text[:500]
