"""Asking a model by OpenAI's official library.

The library takes a second and 22 MiB to import, so it is imported at the first question of a process, and a worker that
is never asked for a model doesn't have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from config import Settings

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

Messages = Sequence[Mapping[str, str]]


class ModelFailed(Exception):
    """No answer came. `again` says whether another try may get one, `billed` whether the call may have cost anything,
    `wait` how long the other side wants it to wait."""

    def __init__(self, message: str, *, again: bool, billed: bool, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.again = again
        self.billed = billed
        self.headers = headers or {}


@dataclass(frozen=True)
class Reply:
    """What the model answered. `finish` is why it ended: `stop`, or `length` where it was cut."""

    text: str
    finish: str
    refusal: str
    tokens_in: int
    tokens_out: int


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
            made = client.chat.completions.create(
                model=model, messages=cast("Any", list(messages)), extra_headers={"Idempotency-Key": key}, **options
            )
        except openai.OpenAIError as error:
            raise _failure(error) from None
        except ValueError:
            raise ModelFailed("What came back isn’t an answer of a model.", again=True, billed=True) from None
    return _reply(made, messages)


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


def _reply(made: "ChatCompletion", messages: Messages) -> Reply:
    choices = getattr(made, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise ModelFailed("What came back isn’t an answer of a model.", again=True, billed=True)
    choice: Any = choices[0]
    text = choice.message.content or ""
    usage = made.usage
    guessed_in = sum(len(one["content"]) for one in messages) // 4 + 1
    return Reply(
        text=text,
        finish=choice.finish_reason or "stop",
        refusal=getattr(choice.message, "refusal", None) or "",
        tokens_in=usage.prompt_tokens if usage else guessed_in,
        tokens_out=usage.completion_tokens if usage else len(text) // 4 + 1,
    )


def _failure(error: Any) -> ModelFailed:
    import openai  # noqa: PLC0415

    match error:
        case openai.APITimeoutError():
            return ModelFailed("The language model didn’t answer in time.", again=True, billed=True)
        case openai.APIStatusError(status_code=status):
            return _refusal(error, status)
        case openai.APIConnectionError():
            return ModelFailed("The language model’s server can’t be reached.", again=True, billed=False)
    return ModelFailed("What came back isn’t an answer of a model.", again=True, billed=True)


def _refusal(error: Any, status: int) -> ModelFailed:
    headers = dict(error.response.headers)
    if status in (401, 403):
        # Its message repeats a part of the key.
        message = "The language model’s server doesn’t take the portal’s key (OPENAI_API_KEY)."
        return ModelFailed(message, again=False, billed=False)
    said = f"The language model’s server answered with {status}: {_said(error)}".rstrip(": ")
    again = (status >= 500 or status in (408, 409, 425, 429)) and error.code != "insufficient_quota"
    return ModelFailed(said, again=again, billed=False, headers=headers)


def _said(error: Any) -> str:
    body = error.body if isinstance(error.body, Mapping) else {}
    return str(body.get("message") or "")[:300]
