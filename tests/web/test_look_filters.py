"""Money, numbers and times, as people read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.core.clock import frozen
from app.web import filters

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        (Decimal("1499.00"), "USD", "$1,499.00"),
        (Decimal("0.90"), "EUR", "€0.90"),
        (Decimal("9999999999.99"), "GBP", "£9,999,999,999.99"),
        (Decimal("12.5"), "CHF", "CHF\xa012.50"),
        (Decimal("-3.10"), "USD", "-$3.10"),
        (Decimal(1500), "JPY", "¥1,500"),
        (None, "USD", ""),
    ],
)
def test_money_bears_its_currency(value, currency, written):
    assert filters.money(value, currency) == written


def test_numbers_are_grouped_and_rounded_half_up():
    assert filters.number(1234567) == "1,234,567"
    assert filters.number(Decimal("2.345"), 2) == "2.35"


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=40), "40 seconds ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=8), "14 Nov 2026"),
        (-timedelta(hours=2), "in 2 hours"),
    ],
)
def test_a_moment_is_told_by_its_distance(before, written):
    with frozen(NOON):
        assert filters.ago(NOON - before) == written


def test_times_are_in_the_browsers_zone_once_it_is_known(app):
    with app.test_request_context("/", headers={"Cookie": "tz=Europe/Berlin"}):
        assert filters.at(NOON) == "22 Nov 2026, 13:00"
    with app.test_request_context("/"):
        assert filters.at(NOON) == "22 Nov 2026, 12:00 UTC"


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "a" * 500, "Europe", "\x00"])
def test_a_zone_that_is_none_is_utc(app, zone):
    assert filters.zone_of(zone) is None


def test_a_day_begins_where_the_reader_is(app):
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with app.test_request_context("/", headers={"Cookie": "tz=Europe/Berlin"}):
        assert filters.day(late) == "23 Nov 2026"
        assert filters.day(date(2026, 11, 22)) == "22 Nov 2026"


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.42, "0.4 s"), (12, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations_are_told_as_people_say_them(seconds, written):
    assert filters.duration(timedelta(seconds=seconds)) == written
