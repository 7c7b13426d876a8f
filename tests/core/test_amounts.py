"""Amounts as people write them in cells and forms."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.amounts import Ambiguous, decimal_mark, read_amount
from app.core.numbers import Number


@pytest.mark.parametrize(
    ("cell", "mark", "amount"),
    [
        ("1.499,00", None, "1499.00"),
        ("1,499.00", None, "1499.00"),
        ("1 499,00 €", None, "1499.00"),
        ("1\u00a0499,00", None, "1499.00"),
        ("1’499.50", None, "1499.50"),
        ("EUR 3,-", None, "3"),
        ("$1,234,567.5", None, "1234567.5"),
        ("1.234.567", None, "1234567"),
        ("0,123", None, "0.123"),
        ("12,5", None, "12.5"),
        ("-5", None, "-5"),
        ("0.500", None, "0.500"),
        ("0,500", ",", "0.50"),
        ("2.000", ".", "2.00"),
        ("2.125", ".", "2.125"),
        (".5", None, "0.5"),
        ("CHF 1'499.–", None, "1499"),
        ("USD49", None, "49"),
        ("1,499", ".", "1499"),
        ("1,499", ",", "1.499"),
        ("1.499", ",", "1499"),
        ("1.499", ".", "1.499"),
        ("abc", ",", "abc"),
        ("1,2,3", None, "1,2,3"),
        ("NaN", None, "NaN"),
        ("1e5", None, "1e5"),
    ],
)
def test_amounts_are_read_as_they_were_meant(cell, mark, amount):
    assert read_amount(cell, mark) == amount


def test_an_amount_that_could_be_either_is_said_to_be():
    assert read_amount("1,499", None) == Ambiguous("1499", "1.499")
    assert read_amount("1.499 €", None) == Ambiguous("1499", "1.499")
    assert read_amount("1.500") == Ambiguous("1500", "1.50")


@pytest.mark.parametrize(
    ("cells", "mark"),
    [(["1,499", "12,50"], ","), (["1.499", "3.5"], "."), (["1,499", "7"], None), (["1,5", "2.5"], None), ([], None)],
)
def test_the_column_gives_its_decimal_mark_away(cells, mark):
    assert decimal_mark(cells) == mark


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from([",.", ".,", "\u00a0,", "',"]))
def test_written_amounts_are_read_back(value, style):
    thousands, mark = style
    written = f"{value:,.2f}".replace(",", "T").replace(".", mark).replace("T", thousands)
    assert read_amount(written, None) == f"{value:.2f}"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("1.500", "If this is 1500, write it without a point or comma."),
        ("1,500", "If this is 1500, write it without a point or comma."),
        ("1.5", "Give a whole number."),
        ("many", "Give a number."),
    ],
)
def test_a_whole_number_with_a_separator_is_asked_about(written, told):
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[int, Number(1, 5000)]).validate_python(written)
    assert refused.value.errors()[0]["msg"] == told
