"""Numbers in the schemas: how many decimals each takes, and what the JSON schema says of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Annotated, Any, ClassVar

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.core.amounts import Ambiguous, read_amount, typed_decimals
from app.core.number_patterns import pattern_between

MONEY_EXAMPLE = "1499.00"
_EXAMPLES = ("7.5", "4.5", "0.5")
"""Of numbers that are no money; the first that is within the bounds shows how to write one."""
_DECIMAL = re.compile(r"^[+-]?[0-9]+(\.[0-9]+)?$", re.ASCII)


def rounded(value: Decimal, decimals: int = 2, rounding: str = ROUND_HALF_UP) -> Decimal:
    """With exactly so many decimals; half of the last one away from zero, as PostgreSQL rounds."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding)


def as_written(value: Any, decimals: int, example: str = MONEY_EXAMPLE) -> Any:
    """A number by its decimal form as it was written, never by its binary value. Refuses what only looks like one, and
    what has more than `decimals` decimals, zeros too: whoever writes 1.500 may mean 1500."""
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.match(value.strip())):
        _ask_which(value, decimals)
        raise PydanticCustomError("amount" if decimals else "int_parsing", "Give a number.", {"example": example})
    if isinstance(value, list | dict) and decimals:
        raise PydanticCustomError("decimal_type", "Give a number.", {"example": example})
    if isinstance(value, str | float) and typed_decimals(value) > decimals:
        _ask_which(value, decimals)
        if not decimals:
            raise PydanticCustomError("int_parsing", "Give a whole number.")
        raise PydanticCustomError("decimals", "Use {decimals} decimals at most.", {"decimals": decimals})
    return Decimal(repr(value)) if isinstance(value, float) and isfinite(value) else value


def _ask_which(value: Any, decimals: int) -> None:
    read = read_amount(value) if isinstance(value, str) else None
    if isinstance(read, Ambiguous) and not decimals:
        raise PydanticCustomError(
            "ambiguous", "If this is {whole}, write it without a point or comma.", {"whole": read.whole}
        )
    if isinstance(read, Ambiguous):
        raise PydanticCustomError(
            "ambiguous",
            "This may be {whole} or {decimal}. Write one or the other.",
            {"whole": read.whole, "decimal": read.decimal},
        )


def _whole(value: Any) -> Any:
    if isinstance(value, str) and "." in value:
        _ask_which(value, 0)
        raise PydanticCustomError("int_parsing", "Give a whole number.")
    return as_written(value, 0) if isinstance(value, str | float | bool) else value


Whole = BeforeValidator(_whole)
"""For a whole number that is no `Number`: a text with a point in it is none, for 1.000 may be meant as 1000."""


def _without_zeros(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


JsonInteger = BeforeValidator(_without_zeros)
"""Beside `strict`: 3.0 is an integer in JSON Schema, for JSON has one kind of number; “3” and true are none."""


@dataclass(frozen=True)
class Number(GroupedMetadata):
    """A number within bounds that is no money, such as hours: `Annotated[Decimal, Number(0, 168, decimals=2)]`, or a
    whole one: `Annotated[int, Number(1, 5)]`. Taken as a JSON number or a decimal string."""

    least: Decimal | int
    most: Decimal | int
    decimals: int = 0
    help: str = ""
    unit: str = ""
    widget: ClassVar[str] = "number"

    def __iter__(self) -> Iterator[object]:
        yield BeforeValidator(self._exact)
        yield AfterValidator(self._within_bounds)
        step = float(Decimal(1).scaleb(-self.decimals)) if self.decimals else 1
        bounds = {"minimum": float(self.least), "maximum": float(self.most), "multipleOf": step}
        pattern = pattern_between(self.least, self.most, self.decimals)
        yield WithJsonSchema({"anyOf": [{"type": "number", **bounds}, {"type": "string", "pattern": pattern}]})

    @property
    def example(self) -> str:
        fitting = (text for text in _EXAMPLES if self.least <= Decimal(text) <= self.most)
        return next(fitting, str(self.least))

    def _exact(self, value: Any) -> Any:
        found = as_written(value, self.decimals, self.example)
        return Decimal(found) if isinstance(found, int) else found

    def _within_bounds(self, value: Any) -> Any:
        if value is None:
            return value
        if not self.least <= value <= self.most:
            bounds = {"least": f"{self.least:,}", "most": f"{self.most:,}"}
            raise PydanticCustomError("bounds", "Give a number from {least} to {most}.", bounds)
        if isinstance(value, Decimal) and value != round(value, self.decimals):
            few = {"decimals": self.decimals}
            raise PydanticCustomError("decimals", "Use {decimals} decimals at most.", few)
        return value


NumberOut = Annotated[
    Decimal, PlainSerializer(float, return_type=float, when_used="json"), WithJsonSchema({"type": "number"})
]
"""A number that is no money, answered as a JSON number."""
