"""Functions for numbers, lists and objects."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, Overflow
from typing import Any

from app.automations.expressions.errors import EvaluationFailed
from app.automations.expressions.registry import Work, function, spend_all, to_json, whole
from app.automations.expressions.values import (
    ARITHMETIC,
    Value,
    ceil,
    floor,
    is_number,
    name_of,
    to_decimal,
    to_number,
)  # fmt: skip

MOST_DECIMALS = 20


@function(
    "any", "text?", returns="number",
    says="The number that a text spells. The second value is the decimal sign, a point if nothing is said.",
    example=("number('1.234,50', ',')", 1234.5),
)  # fmt: skip
def _number(_work: Work, value: Value, sign: str = ".") -> int | float:
    if is_number(value):
        return to_number(to_decimal(value))
    if sign not in (".", ",") or not isinstance(value, str) or len(value) > 60:
        raise EvaluationFailed("number() reads a text with a number, and “.” or “,” as its decimal sign.")
    plain = (
        value.strip().replace("," if sign == "." else ".", "").replace("'", "").replace("\u00a0", "").replace(" ", "")
    )
    try:
        number = ARITHMETIC.create_decimal(plain.replace(sign, "."))
    except (InvalidOperation, Overflow):
        raise EvaluationFailed("This text isn't a number.") from None
    if not number.is_finite():
        raise EvaluationFailed("This text isn't a number.")
    return to_number(number)


@function(
    "number", "number?", returns="number", says="Rounded to that many decimals, half up (2.5 is 3, -2.5 is -3).",
    example=("round(2.345, 2)", 2.35),
)  # fmt: skip
def _round(_work: Work, value: Value, decimals: Value = 0) -> int | float:
    step = Decimal(1).scaleb(-whole(decimals, "round", most=MOST_DECIMALS))
    try:
        return to_number(to_decimal(value).quantize(step, rounding=ROUND_HALF_UP, context=ARITHMETIC))
    except InvalidOperation:
        raise EvaluationFailed("This number is too large to be rounded.") from None


@function("number", returns="number", says="The next whole number below.", example=("floor(-1.5)", -2))
def _floor(_work: Work, value: Value) -> int | float:
    return floor(value)


@function("number", returns="number", says="The next whole number above.", example=("ceil(1.2)", 2))
def _ceil(_work: Work, value: Value) -> int | float:
    return ceil(value)


@function("number", returns="number", says="Without its sign.", example=("abs(-3)", 3))
def _abs(_work: Work, value: Value) -> int | float:
    return to_number(abs(to_decimal(value)))


@function("list", returns="number", says="The numbers of a list added up.", example=("sum([0.1, 0.2])", 0.3))
def _sum(work: Work, values: list[Value]) -> int | float:
    work.budget.spend(len(values))
    total = Decimal(0)
    for value in values:
        total = ARITHMETIC.add(total, to_decimal(value, "sum()"))
    return to_number(total)


@function(
    "list", returns="number", says="The mean of the numbers; null of an empty list.", example=("average([1, 2])", 1.5)
)
def _average(work: Work, values: list[Value]) -> int | float | None:
    if not values:
        return None
    return to_number(ARITHMETIC.divide(to_decimal(_sum(work, values)), Decimal(len(values))))


@function(
    "list", returns="any", says="The least of the numbers or texts; null of an empty list.", example=("min([3, 1])", 1)
)
def _min(work: Work, values: list[Value]) -> Value:
    in_order = ordered(work, values)
    return in_order[0] if in_order else None


@function(
    "list",
    returns="any",
    says="The greatest of the numbers or texts; null of an empty list.",
    example=("max([3, 1])", 3),
)
def _max(work: Work, values: list[Value]) -> Value:
    in_order = ordered(work, values)
    return in_order[-1] if in_order else None


@function(
    "sized", returns="number", says="How many characters, items or members there are.", example=("length('abc')", 3)
)
def _length(_work: Work, value: Any) -> int:
    return len(value)


@function("list", returns="any", says="The first item, or null.", example=("first([1, 2])", 1))
def _first(_work: Work, values: list[Value]) -> Value:
    return values[0] if values else None


@function("list", returns="any", says="The last item, or null.", example=("last([1, 2])", 2))
def _last(_work: Work, values: list[Value]) -> Value:
    return values[-1] if values else None


@function("list", returns="list", says="Each value once, in their order.", example=("unique([1, 2, 1])", [1, 2]))
def _unique(work: Work, values: list[Value]) -> list[Value]:
    made: dict[str, Value] = {}
    for value in values:
        spend_all(work, value)
        key = to_json(to_number(to_decimal(value))) if is_number(value) else to_json(value, sort_keys=True)
        made.setdefault(f"{name_of(value)} {key}", value)
    return list(made.values())


@function(
    "list", "text?", returns="list", says="In order; objects by the member of that name.",
    example=("sort([{'n': 2}, {'n': 1}], 'n')", [{"n": 1}, {"n": 2}]),
)  # fmt: skip
def _sort(work: Work, values: list[Value], member: str = "") -> list[Value]:
    return ordered(work, values, member)


@function("list", returns="list", says="From the last item to the first.", example=("reverse([1, 2])", [2, 1]))
def _reverse(_work: Work, values: list[Value]) -> list[Value]:
    return values[::-1]


@function("object", returns="list", says="The names of its members.", example=("keys({'a': 1})", ["a"]))
def _keys(work: Work, value: dict[str, Value]) -> list[str]:
    work.budget.spend(len(value), sum(map(len, value)))
    return list(value)


@function("object", returns="list", says="The values of its members.", example=("values({'a': 1})", [1]))
def _values(work: Work, value: dict[str, Value]) -> list[Value]:
    work.budget.spend(len(value))
    return list(value.values())


@function(
    "object", "object", returns="object", says="The members of both; the second's where both have one.",
    example=("merge({'a': 1}, {'a': 2, 'b': 3})", {"a": 2, "b": 3}),
)  # fmt: skip
def _merge(work: Work, first: dict[str, Value], second: dict[str, Value]) -> dict[str, Value]:
    work.budget.spend(len(first) + len(second), sum(map(len, first)) + sum(map(len, second)))
    return first | second


@function(
    "any", "any", returns="any", says="The first value, or the second where the first is null.",
    example=("default(null, 'unknown')", "unknown"),
)  # fmt: skip
def _default(_work: Work, value: Value, instead: Value) -> Value:
    return instead if value is None else value


def ordered(work: Work, values: list[Value], member: str = "") -> list[Value]:
    keys: list[Any] = [value.get(member) if member and isinstance(value, dict) else value for value in values]
    work.budget.spend(len(keys) * max(1, len(keys).bit_length()))
    if all(is_number(key) for key in keys):
        keys = [to_decimal(key) for key in keys]
    elif not all(isinstance(key, str) for key in keys):
        raise EvaluationFailed("Only numbers have an order among them, and texts.")
    return [values[index] for index in sorted(range(len(keys)), key=keys.__getitem__)]
