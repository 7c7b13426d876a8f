"""What a call of a model costs, by the table in OPENAI_PRICES: dollars for a million tokens in, and out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

MILLION = Decimal(1_000_000)
CENT_MILLIONTH = Decimal("0.000001")
_RELEASE = re.compile(r"-20\d\d-\d\d-\d\d$")
OVERHEAD = 200
"""Tokens that a request has beside its texts: roles, separators, the answer's form."""


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens."""

    into: Decimal
    out: Decimal

    def of(self, tokens_in: int, tokens_out: int) -> Decimal:
        cost = (self.into * tokens_in + self.out * tokens_out) / MILLION
        return cost.quantize(CENT_MILLIONTH, rounding=ROUND_UP)


def price_of(model: str, table: Sequence[str]) -> Price:
    """The price of the model, or of that whose release of a day it is (`gpt-5-2026-03-01`); else the one of `*`."""
    prices = _read(table)
    return prices.get(model) or prices.get(_RELEASE.sub("", model)) or prices.get("*", Price(Decimal(0), Decimal(0)))


def most_tokens_in(*texts: str) -> int:
    """No tokeniser makes more tokens of a text than it has bytes."""
    return OVERHEAD + sum(len(text.encode("utf-8", "replace")) for text in texts)


def _read(table: Sequence[str]) -> Mapping[str, Price]:
    found = {}
    for entry in table:
        name, _, amounts = entry.rpartition("=")
        into, _, out = amounts.partition("/")
        found[name] = Price(Decimal(into), Decimal(out))
    return found
