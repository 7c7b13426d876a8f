"""Money: what a currency allows, rounding by one rule, and sharing out without losing anything."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

import pytest
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.core.db import Base
from app.core.money import (
    CURRENCIES,
    MOST_MONEY,
    Amount,
    Money,
    OtherCurrency,
    SignedAmount,
    SignedMoneyOut,
    UnitPrice,
    UnitPriceOut,
    allocate,
    decimals_of,
)

currencies = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "USD"])
amounts = st.decimals(-MOST_MONEY, MOST_MONEY, places=2)
weights = st.lists(st.decimals(0, 10_000, places=4), min_size=1, max_size=12).filter(any)


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(Decimal(amount), currency)


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2)])
def test_decimals_are_those_of_iso_4217(currency, decimals):
    assert decimals_of(currency) == decimals


def test_no_currency_has_fewer_decimals_than_people_use_of_it():
    """CLDR's table says how many are in use, which is never more than there are."""
    assert [code for code in list_currencies() if decimals_of(code) < get_currency_precision(code)] == []


@pytest.mark.parametrize(
    ("amount", "currency", "found"),
    [("0.125", "EUR", "0.13"), ("-0.125", "EUR", "-0.13"), ("2.5", "JPY", "3"), ("1.0005", "KWD", "1.001")],
)
def test_half_a_unit_is_rounded_away_from_zero_as_the_database_does(amount, currency, found, db_session):
    assert str(Money.of(Decimal(amount), currency).amount) == found
    assert str(db_session.scalar(select(func.round(Decimal(amount), decimals_of(currency))))) == found


def test_another_rule_is_named_where_it_applies():
    assert Money.of(Decimal("0.125"), "EUR", ROUND_HALF_EVEN) == money("0.12")


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.001", "EUR"), ("0.5", "JPY"), ("NaN", "EUR"), ("Infinity", "EUR")]
)
def test_what_is_finer_than_the_currency_is_no_amount_of_it(amount, currency):
    with pytest.raises(ValueError, match="no amount"):
        money(amount, currency)


def test_only_one_currency_adds_up_and_compares():
    assert money("1.50") + money("0.5") - money("3") == money("-1.00")
    assert money("1") < money("2") <= money("2.00")
    assert not money("0")
    for wrong in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a <= b):
        with pytest.raises(OtherCurrency):
            wrong(money("1"), money("1", "USD"))
    assert money("1") != money("1", "USD")


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        ("10.00", [1, 1, 1], ["3.34", "3.33", "3.33"]),
        ("-10.00", [1, 1, 1], ["-3.34", "-3.33", "-3.33"]),
        ("0.01", [0, 1, 1], ["0.00", "0.01", "0.00"]),
        ("100.00", ["0.5", "0.25", "0.25"], ["50.00", "25.00", "25.00"]),
        ("0.02", [1, 1, 1, 3], ["0.01", "0.00", "0.00", "0.01"]),
        ("0.00", [1, 2], ["0.00", "0.00"]),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(amount, weights, parts):
    assert [str(part) for part in allocate(Decimal(amount), [Decimal(weight) for weight in weights])] == parts


@given(amounts, weights)
def test_parts_add_up_and_are_within_a_cent_of_their_share(amount, weights):
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) < Decimal("0.0100001")
        assert weight or not part
    heavier = sorted(zip(weights, map(abs, parts), strict=True), key=lambda pair: pair[0])
    assert [part for _, part in heavier if part] == sorted(part for _, part in heavier if part) or len(
        set(weights)
    ) < len(weights)


@given(st.integers(-(10**9), 10**9), currencies, weights)
def test_any_currency_is_shared_out_without_loss(units, currency, weights):
    whole = Money(Decimal(units).scaleb(-decimals_of(currency)), currency)
    parts = whole.allocate(weights)
    assert sum(parts[1:], parts[0]) == whole
    assert whole.allocate([1]) == [whole]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1, 1]])
def test_nothing_is_shared_out_by_weights_that_say_nothing(weights):
    with pytest.raises(ValueError, match="share nothing out"):
        allocate(Decimal(1), weights)


def test_amounts_are_taken_and_answered_with_their_decimals():
    price = TypeAdapter(Annotated[Decimal, UnitPrice()])
    assert price.validate_python("0.0125") == Decimal("0.0125")
    for wrong in ("0.01255", "-1", -0.5):
        with pytest.raises(ValidationError):
            price.validate_python(wrong)
    written = TypeAdapter(UnitPriceOut)
    assert [written.dump_python(Decimal(value), mode="json") for value in ("0.0125", "12.5", "1499", "1.0000")] == [
        "0.0125", "12.50", "1499.00", "1.00",
    ]  # fmt: skip
    signed = TypeAdapter(Annotated[Decimal, SignedAmount()])
    assert signed.validate_python("-9999999999.99") == -MOST_MONEY
    with pytest.raises(ValidationError):
        signed.validate_python("-10000000000")
    assert TypeAdapter(SignedMoneyOut).dump_python(Decimal("-0.5"), mode="json") == "-0.50"
    assert str(TypeAdapter(Annotated[Decimal, Amount()]).validate_python("7")) == "7.00"


def test_the_database_knows_the_same_currencies(db_session):
    codes = (*CURRENCIES, *list_currencies(), "eur", "")
    assert {code for code in codes if db_session.scalar(select(func.is_currency(code)))} == set(CURRENCIES)


def test_every_currency_in_the_database_is_one_that_is_taken(db_session):
    tables = [table.name for table in Base.metadata.sorted_tables if "currency" in table.c]
    held = db_session.scalars(
        text("select conrelid::regclass::text from pg_constraint where conname like '%\\_currency\\_known\\_check'")
    )
    assert sorted(held) == sorted(tables)


def test_the_database_refuses_what_the_schema_refuses(db_session, make_product):
    product = make_product()
    with pytest.raises(IntegrityError), db_session.begin_nested():
        db_session.execute(text("update products set currency = 'JPY' where id = :id"), {"id": product.id})
