"""Money: exact amounts and their currency.

A currency has the decimals that ISO 4217 gives it. An amount with more is rounded once, where it is calculated: halves
away from zero, as PostgreSQL's `round` does. The parts of an allocation add up to the whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from sqlalchemy import CheckConstraint, Numeric
from sqlalchemy.orm import mapped_column

from app.core.numbers import MONEY_EXAMPLE, Number, as_written, rounded

Currency = Literal["USD", "EUR", "GBP", "CHF"]
CURRENCIES: tuple[str, ...] = get_args(Currency)
"""What the portal takes amounts in. The database refuses others: a new one needs a migration of `is_currency`."""

_OTHER_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: decimals for decimals, codes in _OTHER_DECIMALS.items() for code in codes.split()}

MOST_DIGITS = 10
"""Digits before the point of the largest amounts."""
MOST_MONEY = Decimal("9999999999.99")


def decimals_of(currency: str) -> int:
    """How many decimals amounts of the currency have: EUR 2, JPY 0, KWD 3."""
    return _DECIMALS.get(currency, 2)


def allocate(amount: Decimal, weights: Sequence[Decimal | int], decimals: int = 2) -> list[Decimal]:
    """The amount in parts that are in proportion to the weights, none negative and not all zero. The parts add up to
    the amount: units left over go to the largest remainders, and among equal ones to the first."""
    # In whole numbers: a quotient of decimals is cut somewhere, and its remainder with it.
    finest = max((-int(Decimal(weight).as_tuple().exponent) for weight in weights), default=0)
    shares = [int(Decimal(weight).scaleb(max(finest, 0))) for weight in weights]
    total, units = sum(shares), int(abs(amount).scaleb(decimals))
    if total <= 0 or min(shares) < 0:
        raise ValueError("weights that share nothing out")
    if units != abs(amount).scaleb(decimals):
        raise ValueError("an amount finer than its parts would be")
    parts = [units * share // total for share in shares]
    remainders = sorted(range(len(shares)), key=lambda at: -(units * shares[at] % total))
    for at in remainders[: units - sum(parts)]:
        parts[at] += 1
    return [Decimal(part if amount >= 0 else -part).scaleb(-decimals) for part in parts]


class OtherCurrency(ArithmeticError):
    """Amounts in different currencies don't add up: one has to be converted first, at a rate that somebody states."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with no more decimals than its currency has. Adds to, and compares with, its own currency alone."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount != rounded(self.amount, decimals_of(self.currency)):
            raise ValueError(f"no amount of {self.currency}: {self.amount}")
        object.__setattr__(self, "amount", rounded(self.amount, decimals_of(self.currency)))

    @classmethod
    def of(cls, amount: Decimal | int, currency: str, rounding: str = ROUND_HALF_UP) -> Self:
        """The amount rounded to the currency's decimals."""
        return cls(rounded(Decimal(amount), decimals_of(currency), rounding), currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other).amount

    def times(self, factor: Decimal | int, rounding: str = ROUND_HALF_UP) -> "Money":
        """The amount times the factor, rounded."""
        return Money.of(self.amount * factor, self.currency, rounding)

    def allocate(self, weights: Sequence[Decimal | int]) -> list["Money"]:
        parts = allocate(self.amount, weights, decimals_of(self.currency))
        return [Money(part, self.currency) for part in parts]

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise OtherCurrency(f"{self.currency} and {other.currency}")
        return other


@dataclass(frozen=True)
class Amount(GroupedMetadata):
    """An amount of money that is not negative: `Annotated[Decimal, Amount()]`. Taken as a decimal string or a JSON
    number, with `decimals` decimals at most and less than 10 to the power of `digits`."""

    help: str = ""
    decimals: int = 2
    digits: int = MOST_DIGITS
    widget: ClassVar[str] = "amount"

    def __iter__(self) -> Iterator[object]:
        yield BeforeValidator(lambda value: as_written(value, self.decimals))
        yield Field(ge=0, max_digits=MOST_DIGITS + self.decimals, decimal_places=self.decimals)
        if self.digits < MOST_DIGITS:
            yield Field(le=10**self.digits - Decimal(1).scaleb(-self.decimals))
        # All its decimals, and no sign before nothing.
        yield AfterValidator(lambda value: rounded(value, self.decimals) + 0)
        yield WithJsonSchema(self._in_json())

    def _in_json(self) -> dict[str, Any]:
        step = Decimal(1).scaleb(-self.decimals)
        bounds = {"minimum": 0, "maximum": float(10**self.digits - step), "multipleOf": float(step)}
        pattern = rf"^[0-9]{{1,{self.digits}}}(\.[0-9]{{1,{self.decimals}}})?$"
        return {"anyOf": [{"type": "number", **bounds}, {"type": "string", "pattern": pattern}]}


@dataclass(frozen=True)
class UnitPrice(Amount):
    """The price of one unit, in up to four decimals."""

    decimals: int = 4


@dataclass(frozen=True)
class SignedAmount(Number):
    """An amount of money that may be negative."""

    least: Decimal | int = -MOST_MONEY
    most: Decimal | int = MOST_MONEY
    decimals: int = 2
    money: bool = True

    @property
    def example(self) -> str:
        return MONEY_EXAMPLE


@dataclass(frozen=True)
class _Written(GroupedMetadata):
    """An amount as a text with at least two decimals and no more than `decimals`."""

    examples: tuple[str, ...]
    sign: str = ""
    decimals: int = 2

    def __iter__(self) -> Iterator[object]:
        yield PlainSerializer(self._write, return_type=str, when_used="json")
        places = "{2}" if self.decimals == 2 else f"{{2,{self.decimals}}}"
        pattern = rf"^{self.sign}\d{{1,10}}\.\d{places}$"
        yield WithJsonSchema({"type": "string", "pattern": pattern, "examples": [*self.examples]})

    def _write(self, value: Decimal) -> str:
        whole, _, rest = f"{value:.{self.decimals}f}".partition(".")
        return f"{whole}.{rest.rstrip('0'):0<2}"


MoneyOut = Annotated[Decimal, _Written((MONEY_EXAMPLE,))]
SignedMoneyOut = Annotated[Decimal, _Written(("2500.00", "-800.00"), sign="-?")]
UnitPriceOut = Annotated[Decimal, _Written(("0.0125", "1499.00"), decimals=4)]

AmountColumn = Annotated[Decimal, mapped_column(Numeric(MOST_DIGITS + 2, 2))]
RateColumn = Annotated[Decimal, mapped_column(Numeric(8, 2))]
"""The price of an hour."""
UnitPriceColumn = Annotated[Decimal, mapped_column(Numeric(MOST_DIGITS + 4, 4))]
CurrencyColumn = Annotated[str, mapped_column(default="USD", server_default="USD")]


def currency_is_known() -> CheckConstraint:
    """For a table with a `currency`, which must be one that the portal takes amounts in."""
    return CheckConstraint("is_currency(currency)", name="currency_known")
