"""Reading a model's answer. OpenAI's library passes on whatever a server sent, without looking whether it has the form
that its types promise: a page in HTML comes as a text, an error with status 200 as a completion without choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Messages = Sequence[Mapping[str, str]]
NO_QUOTA = "insufficient_quota"
_AGAIN = (408, 409, 425, 429)


class ModelFailed(Exception):
    """No answer came. `again` says whether another try may get one, `billed` whether the call may have cost anything,
    `headers` are those of the answer, which may say how long the other side wants one to wait."""

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


def read_reply(answer: Any, messages: Messages) -> Reply:
    """The reply in the JSON of a successful answer. Tokens that the server doesn't count are estimated."""
    body = _mapping(answer)
    choices = body.get("choices")
    choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    for error in (body.get("error"), choice.get("error")):
        if error:
            raise _error_within(error)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise no_answer()
    text = _text(message.get("content"))
    usage = _mapping(body.get("usage"))
    return Reply(
        text=text,
        finish=_said(choice.get("finish_reason")) or "stop",
        refusal=_said(message.get("refusal")),
        tokens_in=_count(usage.get("prompt_tokens"), sum(len(one["content"]) for one in messages)),
        tokens_out=_count(usage.get("completion_tokens"), len(text)),
    )


def no_answer() -> ModelFailed:
    return ModelFailed("What came back isn’t an answer of a model.", again=True, billed=True)


def may_get_better(status: int) -> bool:
    """Whether the same question may get an answer later."""
    return status >= 500 or status in _AGAIN


def said_no(status: int | None, message: str) -> str:
    return f"The language model’s server answered with {status or 'an error'}: {message[:300]}".rstrip(": ")


def _error_within(error: Any) -> ModelFailed:
    """Some servers, and most that stand before several, tell of a failure with status 200."""
    told = error if isinstance(error, Mapping) else {"message": error}
    code = str(told.get("code"))
    status = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else None
    again = may_get_better(status) if status else code != NO_QUOTA
    return ModelFailed(said_no(status, _said(told.get("message"))), again=again, billed=True)


def _text(content: Any) -> str:
    """A text, or its parts without those that tell what the model thought."""
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(_said(part.get("text")) for part in map(_mapping, content) if part.get("type") == "text")
    if not isinstance(content, str):
        raise no_answer()
    return content


def _count(tokens: Any, characters: int) -> int:
    if isinstance(tokens, str) and tokens.isascii() and tokens.isdigit() and len(tokens) < 10:
        return int(tokens)
    if isinstance(tokens, int | float) and not isinstance(tokens, bool) and 0 <= tokens < 1e9:
        return int(tokens)
    return characters // 4 + 1


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""
