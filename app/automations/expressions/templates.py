"""`{{ … }}` inside the texts of a JSON value."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.automations.expressions.errors import BadExpression, ExpressionError
from app.automations.expressions.evaluation import Scope, evaluate
from app.automations.expressions.registry import to_text
from app.automations.expressions.syntax import parse

LARGEST = 1 << 20


@dataclass(frozen=True)
class Part:
    """A piece of a text: words as they are, or an expression; `at` is where it begins in the text."""

    text: str
    is_expression: bool
    at: int


@lru_cache(maxsize=4_096)
def parts_of(text: str) -> tuple[Part, ...]:
    """The pieces of a text. Raises `BadExpression` where braces aren't closed or an expression can't be read."""
    parts: list[Part] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0:
        if begin > at:
            parts.append(Part(text[at:begin], False, at))
        end = _end_of(text, begin + 2)
        parts.append(Part(text[begin + 2 : end], True, begin + 2))
        at = end + 2
    if at < len(text):
        parts.append(Part(text[at:], False, at))
    return tuple(parts)


def _end_of(text: str, begin: int) -> int:
    """Where the expression that begins there ends: at the first “}}” before which it can be read."""
    end, first = text.find("}}", begin), None
    while 0 <= end <= begin + 4_100:
        try:
            parse(text[begin:end])
        except BadExpression as error:
            first = first or _moved(error, begin)
            end = text.find("}}", end + 1)
        else:
            return end
    raise first or BadExpression("“{{” isn't closed by “}}”.", begin - 2)


def _moved(error: ExpressionError, by: int) -> ExpressionError:
    return type(error)(error.message, by + (error.at or 0))


def render(template: Any, scope: Scope) -> Any:
    """The same JSON with each expression replaced by its value. A text that is one expression becomes that value, of
    whatever type; in longer texts values are written as texts. Raises `EvaluationFailed` with its place in the text."""
    match template:
        case str():
            return _render_text(template, scope)
        case list():
            return [render(item, scope) for item in template]
        case dict():
            return {key: render(value, scope) for key, value in template.items()}
    return template


def _render_text(text: str, scope: Scope) -> Any:
    if "{{" not in text:
        return text
    parts = parts_of(text)
    values = [_value_of(part, scope) if part.is_expression else part.text for part in parts]
    if len(parts) == 1:
        return values[0]
    words = []
    for value in values:
        words.append(to_text(value))
        scope.budget.spend(1, len(words[-1]))
    return "".join(words)


def _value_of(part: Part, scope: Scope) -> Any:
    try:
        return evaluate(part.text, scope)
    except ExpressionError as error:
        raise _moved(error, part.at) from None


def expressions_in(template: Any, pointer: str = "") -> Iterator[tuple[str, Part]]:
    """Each expression of a JSON value, with the JSON Pointer of the text that holds it."""
    match template:
        case str() if "{{" in template:
            yield from ((pointer, part) for part in parts_of(template) if part.is_expression)
        case list():
            for index, item in enumerate(template):
                yield from expressions_in(item, f"{pointer}/{index}")
        case dict():
            for key, value in template.items():
                yield from expressions_in(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
