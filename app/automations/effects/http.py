"""`http`: a request to a service."""

import json
from email.message import Message
from typing import Any

from flask import current_app

from app.automations.definitions.types import HttpWith
from app.automations.effects import Call, StepFailed, effect
from app.integrations.outgoing.client import Answer, NotAllowed, Unreachable, send

KEY = "Idempotency-Key"


@effect("http")
def call_service(form: HttpWith, call: Call) -> dict[str, Any]:
    """What the service answered. A status from 500 on, 408, 425 and 429 fail the try, so that it is made again; other
    statuses are answers, for the workflow to judge."""
    headers = {name: str(value) for name, value in form.headers.items() if name.lower() != KEY.lower()}
    headers[KEY] = str(call.key)
    try:
        answer = send(
            form.method,
            form.url,
            headers=headers,
            query=form.query,
            json=form.json_,
            content=form.text,
            seconds=call.seconds,
            private=current_app.config["SETTINGS"].automation_private_targets,
        )
    except NotAllowed as error:
        raise StepFailed(str(error), again=False) from None
    except Unreachable as error:
        raise StepFailed(str(error)) from None
    output = {"status": answer.status, "headers": dict(answer.headers), "body": _body(answer)}
    if answer.truncated:
        output["truncated"] = True
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise StepFailed(
            f"The service answered with {answer.status}.", status=answer.status, body=_start(output["body"])
        )
    return output


def _body(answer: Answer) -> Any:
    """JSON as what it says, other texts as texts, anything else as how long it is."""
    kind = Message()
    kind["content-type"] = answer.headers.get("content-type", "")
    text = _text(answer.body, kind.get_content_charset() or "utf-8")
    if text is None:
        return {"bytes": len(answer.body)}
    if not answer.truncated and ("json" in kind.get_content_type() or text[:1] in ("{", "[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _text(body: bytes, charset: str) -> str | None:
    try:
        text = body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        try:
            text = body.decode("utf-8", errors="strict")
        except UnicodeDecodeError:
            return None
    return None if "\x00" in text else text


def _start(body: Any) -> Any:
    return body[:500] if isinstance(body, str) else body
