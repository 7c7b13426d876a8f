"""The values of the language: those of JSON, with the arithmetic that people do with a pencil."""

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from app.automations.expressions.errors import EvaluationFailed

Value = Any
"""None, bool, int, float, str, list or dict."""

ARITHMETIC = Context(prec=28, Emax=300, Emin=-300, traps=[DivisionByZero, InvalidOperation, Overflow])
_WHOLE_UNTIL = Decimal(10) ** 18
_MOST_BITS = 128
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")

NAMES = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


def is_plain(value: Value) -> bool:
    """Whether a number or text is one that JSON and the database know: finite, of a sane size, without NUL and halves
    of surrogate pairs."""
    match value:
        case bool():
            return True
        case int():
            return value.bit_length() <= _MOST_BITS
        case float():
            return math.isfinite(value)
        case str():
            return (value.isascii() and "\x00" not in value) or _NO_CHARACTER.search(value) is None
    return True


def name_of(value: Value) -> str:
    """What people call it: “a text”."""
    return "nothing (null)" if value is None else NAMES[type(value)]


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_decimal(value: Value, what: str = "This") -> Decimal:
    """The number as it is written: 0.1 is a tenth. Raises `EvaluationFailed` for what isn't one."""
    if not is_number(value):
        raise EvaluationFailed(f"{what} needs a number, and this is {name_of(value)}.")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise EvaluationFailed("This number is too large.")
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if not number.is_finite():
        raise EvaluationFailed("This number isn't finite.")
    return number


def to_number(number: Decimal) -> int | float:
    """The number for JSON: whole ones without a point."""
    if abs(number) < _WHOLE_UNTIL and number == number.to_integral_value():
        return int(number)
    return float(number)


def calculate(operator: str, left: Value, right: Value) -> int | float:
    """`+ - * / // %` in decimal digits, so that 0.1 + 0.2 is 0.3."""
    a, b = to_decimal(left, f"“{operator}”"), to_decimal(right, f"“{operator}”")
    try:
        match operator:
            case "+":
                return to_number(ARITHMETIC.add(a, b))
            case "-":
                return to_number(ARITHMETIC.subtract(a, b))
            case "*":
                return to_number(ARITHMETIC.multiply(a, b))
            case "/":
                return to_number(ARITHMETIC.divide(a, b))
        return to_number(_divided_down(a, b)[operator == "%"])
    except (DivisionByZero, InvalidOperation):
        if b == 0:
            raise EvaluationFailed("A division by zero.") from None
        raise EvaluationFailed("This number is too large.") from None
    except Overflow:
        raise EvaluationFailed("This number is too large.") from None


def _divided_down(a: Decimal, b: Decimal) -> tuple[Decimal, Decimal]:
    """The quotient and the remainder, which has the sign of the divisor. Both are exact, or too large."""
    whole, rest = ARITHMETIC.divmod(a, b)
    if rest and (rest < 0) is not (b < 0):
        return ARITHMETIC.subtract(whole, Decimal(1)), ARITHMETIC.add(rest, b)
    return whole, rest


def floor(value: Value) -> int | float:
    return to_number(to_decimal(value, "floor").to_integral_value(rounding=ROUND_FLOOR))


def ceil(value: Value) -> int | float:
    return to_number(to_decimal(value, "ceil").to_integral_value(rounding=ROUND_CEILING))
