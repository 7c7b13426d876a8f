"""Time zones are those of the pinned package, whatever files the machine has."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from app.assistants.matching.facts import WEEKDAYS
from app.assistants.matching.hours import Times, steady_offset, weeks_together
from app.core import zones
from app.web.filters import zone_of
from tests.factories.matching import a_week

MONDAY = datetime(2027, 1, 11).date()


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("America/Vancouver", -7), ("America/Edmonton", -6), ("America/Winnipeg", -5), ("Africa/Casablanca", 0)],
)
def test_rules_of_2026_hold_in_the_winter_after(app: object, zone: str, hours: int) -> None:
    place = zone_of(zone)
    assert place is not None
    assert datetime(2027, 1, 15, 12, tzinfo=UTC).astimezone(place).utcoffset() == timedelta(hours=hours)
    assert steady_offset(zone, MONDAY) == hours * 60


def test_vancouver_works_with_phoenix_all_day_in_january(app: object) -> None:
    phoenix = Times("America/Phoenix", (9 * 60, 17 * 60), WEEKDAYS[:5])
    (found,) = weeks_together("America/Vancouver", a_week(9, 17), phoenix, MONDAY, 1) or ()
    assert (found.common, found.wanted) == (40 * 60, 40 * 60)


def test_no_file_of_the_machine_is_asked(app: object) -> None:
    assert zoneinfo.TZPATH == ()


def test_what_was_read_from_the_machine_before_is_forgotten() -> None:
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo("America/Vancouver")
    zones.use_package()
    assert datetime(2027, 1, 15, tzinfo=zoneinfo.ZoneInfo("America/Vancouver")).utcoffset() == timedelta(hours=-7)
