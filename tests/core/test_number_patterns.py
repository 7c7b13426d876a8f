"""Numbers within bounds, as a pattern for texts."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.number_patterns import pattern_between

CENTS = st.integers(-30_000, 30_000)


@given(CENTS, CENTS, st.integers(-31_000, 31_000))
def test_a_number_matches_exactly_if_it_is_within_the_bounds(one, other, asked):
    least, most = (Decimal(number) / 100 for number in sorted((one, other)))
    number = Decimal(asked) / 100
    within = least <= number <= most
    for text in {f"{number:.2f}", f"{number.normalize():f}"}:
        assert bool(re.match(pattern_between(least, most, 2), text)) == within, text


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3100))
def test_a_whole_number_has_no_decimals(one, other, number):
    pattern = pattern_between(min(one, other), max(one, other), 0)
    assert bool(re.match(pattern, str(number))) == (min(one, other) <= number <= max(one, other))
    assert not re.match(pattern, f"{number}.0")


@pytest.mark.parametrize("text", ["", "0", "0.0", "0.00", "1.01", "2", "0.001", ".5", "1.", "01", "-0.5", "5e-1", "½"])
def test_what_is_no_share_does_not_match(text):
    assert not re.match(pattern_between(Decimal("0.01"), 1, 2), text)


@pytest.mark.parametrize("text", ["0.01", "0.1", "0.10", "0.99", "1", "1.0", "1.00"])
def test_a_share_matches(text):
    assert re.match(pattern_between(Decimal("0.01"), 1, 2), text)


def test_large_bounds_of_both_signs_are_told_too():
    pattern = pattern_between(Decimal("-9999999999.99"), Decimal("9999999999.99"), 2)
    assert all(re.match(pattern, text) for text in ("0", "-0.01", "9999999999.99", "-9999999999.99", "4000.5"))
    assert not any(re.match(pattern, text) for text in ("10000000000", "-10000000000", "0.001", "--1"))
