"""Functions for texts and JSON."""

import base64
import json
from urllib.parse import quote

from app.automations.expressions.errors import EvaluationFailed
from app.automations.expressions.registry import Work, function, require_plain, spend_all, to_json, to_text, whole
from app.automations.expressions.values import Value


@function("any", returns="text", says="The value as a text.", example=("text(12.5)", "12.5"))
def _text(work: Work, value: Value) -> str:
    spend_all(work, value)
    return to_text(value)


@function("text", returns="text", says="In capital letters.", example=("upper('acme')", "ACME"))
def _upper(_work: Work, text: str) -> str:
    return text.upper()


@function("text", returns="text", says="In small letters.", example=("lower('ACME')", "acme"))
def _lower(_work: Work, text: str) -> str:
    return text.lower()


@function("text", returns="text", says="Without white space at both ends.", example=("trim('  acme ')", "acme"))
def _trim(_work: Work, text: str) -> str:
    return text.strip()


@function(
    "text", "text", "text", returns="text", says="With each occurrence of the second text replaced by the third.",
    example=("replace('1.200', '.', '')", "1200"),
)  # fmt: skip
def _replace(work: Work, text: str, old: str, new: str) -> str:
    if not old:
        raise EvaluationFailed("replace() needs to know what to replace.")
    found = text.count(old)
    work.budget.spend(1 + len(text) // 64, len(text) + found * max(0, len(new) - len(old)))
    return text.replace(old, new)


@function(
    "text", "text", returns="list", says="The parts between the separators.",
    example=("split('a, b', ', ')", ["a", "b"]),
)  # fmt: skip
def _split(work: Work, text: str, separator: str) -> list[str]:
    if not separator:
        raise EvaluationFailed("split() needs a separator.")
    work.budget.spend(text.count(separator), len(text))
    return text.split(separator)


@function(
    "list", "text", returns="text", says="One text of the values, with the separator between them.",
    example=("join([1, 'b'], ', ')", "1, b"),
)  # fmt: skip
def _join(work: Work, values: list[Value], separator: str) -> str:
    spend_all(work, values)
    work.budget.spend(size=len(values) * len(separator))
    return separator.join(map(to_text, values))


@function("text", returns="list", says="The lines of a text.", example=("lines('a\\nb')", ["a", "b"]))
def _lines(work: Work, text: str) -> list[str]:
    made = text.splitlines()
    work.budget.spend(len(made), len(text))
    return made


@function(
    "text", "text", returns="boolean", says="Whether the text begins with the other.",
    example=("starts_with('RE-17', 'RE-')", True),
)  # fmt: skip
def _starts_with(_work: Work, text: str, other: str) -> bool:
    return text.startswith(other)


@function(
    "text", "text", returns="boolean", says="Whether the text ends with the other.",
    example=("ends_with('bill.pdf', '.pdf')", True),
)  # fmt: skip
def _ends_with(_work: Work, text: str, other: str) -> bool:
    return text.endswith(other)


@function(
    "text", "number", "text?", returns="text", says="Filled up at the left to that many characters.",
    example=("pad_left('7', 4, '0')", "0007"),
)  # fmt: skip
def _pad_left(work: Work, text: str, width: Value, fill: str = " ") -> str:
    wanted = whole(width, "pad_left", most=1_000)
    if len(fill) != 1:
        raise EvaluationFailed("pad_left() fills with one character.")
    return text.rjust(wanted, fill)


@function(
    "text", returns="text", says="Safe as a part of a URL.", example=("url_encode('a b&c')", "a%20b%26c"),
)  # fmt: skip
def _url_encode(work: Work, text: str) -> str:
    work.budget.spend(len(text) // 16, 3 * len(text))
    return quote(text, safe="")


@function("text", returns="text", says="In Base64.", example=("base64('ab')", "YWI="))
def _base64(_work: Work, text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@function(
    "text", "text", returns="text", says="The value of an Authorization header, from a name and a password.",
    example=("basic_auth('ann', 'pass')", "Basic YW5uOnBhc3M="),
)  # fmt: skip
def _basic_auth(_work: Work, name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@function("any", returns="text", says="The value as JSON.", example=("json({'a': [1]})", '{"a": [1]}'))
def _json(work: Work, value: Value) -> str:
    spend_all(work, value)
    return to_json(value)


@function(
    "text", returns="any", says="The value that a JSON text holds.", example=("parse_json('[1, null]')", [1, None])
)
def _parse_json(work: Work, text: str) -> Value:
    work.budget.spend(len(text) // 16, len(text))
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise EvaluationFailed("This text isn't JSON.") from None
    require_plain(value)
    spend_all(work, value)
    return value


def _refuse(_word: str) -> Value:
    raise ValueError
