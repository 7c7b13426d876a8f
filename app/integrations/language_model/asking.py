"""Asking a model by OpenAI's official library.

The library takes a second and 22 MiB to import, so it is imported at the first question of a process, and a worker that
is never asked for a model doesn't have it.
"""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from app.integrations.language_model.replies import (
    NO_QUOTA,
    Messages,
    ModelFailed,
    Reply,
    may_get_better,
    no_answer,
    read_reply,
    said_no,
)
from config import Settings


def ask(
    settings: Settings,
    model: str,
    messages: Messages,
    *,
    max_tokens: int,
    schema: Mapping[str, Any] | None,
    key: str,
    seconds: float,
) -> Reply:
    """One question, made once. Raises `ModelFailed`."""
    import openai  # noqa: PLC0415 - slow to import, and not wanted in every process

    client = openai.OpenAI(
        api_key=settings.openai_api_key or "none",
        base_url=settings.openai_base_url or openai_address(),
        timeout=seconds,
        max_retries=0,
    )
    options: dict[str, Any] = {"max_completion_tokens" if is_openai(settings) else "max_tokens": max_tokens}
    if schema is not None:
        form = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
        options["response_format"] = {"type": "json_schema", "json_schema": form}
    with client:
        try:
            raw = client.chat.completions.with_raw_response.create(
                model=model, messages=cast("Any", list(messages)), extra_headers={"Idempotency-Key": key}, **options
            )
            answer = raw.http_response.json()
        except openai.OpenAIError as error:
            raise _failure(error) from None
        except ValueError:
            raise no_answer() from None
    return read_reply(answer, messages)


def openai_address() -> str:
    return "https://api.openai.com/v1"


def is_openai(settings: Settings) -> bool:
    """Whether the server is OpenAI's. Others often know `max_tokens` alone, which OpenAI's newer models refuse."""
    return urlsplit(settings.openai_base_url or openai_address()).hostname == "api.openai.com"


def is_strict(schema: Any) -> bool:
    """Whether the server may hold the answer to the schema by itself: it does so only where each object lists all of
    its members as required, and allows no others."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        members = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(members):
            return False
    return all(map(is_strict, schema.values()))


def _failure(error: Any) -> ModelFailed:
    import openai  # noqa: PLC0415

    match error:
        case openai.APITimeoutError():
            return ModelFailed("The language model didn’t answer in time.", again=True, billed=True)
        case openai.APIStatusError(status_code=status):
            return _refusal(error, status)
        case openai.APIConnectionError():
            return ModelFailed("The language model’s server can’t be reached.", again=True, billed=False)
    return no_answer()


def _refusal(error: Any, status: int) -> ModelFailed:
    headers = dict(error.response.headers)
    if status in (401, 403):
        # Its message repeats a part of the key.
        message = "The language model’s server doesn’t take the portal’s key (OPENAI_API_KEY)."
        return ModelFailed(message, again=False, billed=False)
    again = may_get_better(status) and error.code != NO_QUOTA
    return ModelFailed(said_no(status, _said(error)), again=again, billed=False, headers=headers)


def _said(error: Any) -> str:
    body = error.body if isinstance(error.body, Mapping) else {}
    return str(body.get("message") or "")
