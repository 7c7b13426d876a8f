"""`{{ … }}` inside the texts of a JSON value."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.automations.expressions.errors import BadExpression, ExpressionError
from app.automations.expressions.evaluation import Scope, evaluate
from app.automations.expressions.registry import require_plain, spend_all, to_text
from app.automations.expressions.syntax import LONGEST, outside_texts, parse

LARGEST_RENDERED = 4 << 20
"""More than a step may keep: what is too long is cut, and only what nobody wants fails."""


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
    """Where the expression that begins there ends: at the first “}}” outside of texts that closes no brace of its."""
    window = text[begin : begin + LONGEST + 100]
    open_braces = 0
    for at, character in outside_texts(window):
        if character == "{":
            open_braces += 1
        elif character == "}" and open_braces:
            open_braces -= 1
        elif character == "}" and window[at + 1 : at + 2] == "}":
            return begin + _read(window[:at], begin)
    if (end := window.find("}}")) >= 0:
        _read(window[:end], begin)
    raise BadExpression("“{{” isn't closed by “}}”.", begin - 2)


def _read(source: str, begin: int) -> int:
    """Its length, if it can be read."""
    try:
        parse(source)
    except BadExpression as error:
        raise _moved(error, begin) from None
    return len(source)


def _moved(error: ExpressionError, by: int) -> ExpressionError:
    return type(error)(error.message, by + (error.at or 0))


def render(template: Any, scope: Scope) -> Any:
    """The same JSON with each expression replaced by its value. A text that is one expression becomes that value, of
    whatever type; in longer texts values are written as texts. Raises `EvaluationFailed` with its place in the text."""
    made = _rendered(template, scope)
    require_plain(made, LARGEST_RENDERED)
    return made


def _rendered(template: Any, scope: Scope) -> Any:
    match template:
        case str():
            return _render_text(template, scope)
        case list():
            return [_rendered(item, scope) for item in template]
        case dict():
            return {key: _rendered(value, scope) for key, value in template.items()}
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
        spend_all(scope, value)
        words.append(to_text(value))
    return "".join(words)


def _value_of(part: Part, scope: Scope) -> Any:
    try:
        return evaluate(part.text, scope)
    except ExpressionError as error:
        raise _moved(error, part.at) from None


def expressions_in(template: Any, pointer: str = "") -> Iterator[tuple[str, Part]]:
    """Each expression of a JSON value, with the JSON Pointer of the text that holds it."""
    for place, text in texts_in(template, pointer):
        yield from ((place, part) for part in parts_of(text) if part.is_expression)


def texts_in(template: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value that holds expressions, with its JSON Pointer."""
    match template:
        case str() if "{{" in template:
            yield pointer, template
        case list():
            for index, item in enumerate(template):
                yield from texts_in(item, f"{pointer}/{index}")
        case dict():
            for key, value in template.items():
                yield from texts_in(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
