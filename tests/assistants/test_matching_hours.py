"""Working hours against wanted hours, by the clocks of real places."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistants.matching.facts import WEEKDAYS, Slot
from app.assistants.matching.hours import DAY, Times, Together, is_zone, weeks_together, window_length
from tests.factories.matching import a_week

WORKDAYS = WEEKDAYS[:5]
OFFICE = (9 * 60, 17 * 60)


def hours_by_week(
    zone: str, week: tuple[Slot, ...], times: Times, monday: date, count: int
) -> list[tuple[float, float]]:
    """Of each week: the hours that are common, and the hours that are wanted."""
    weeks = weeks_together(zone, week, times, monday, count)
    assert weeks is not None
    return [(each.common / 60, each.wanted / 60) for each in weeks]


def common_hours(zone: str, week: tuple[Slot, ...], times: Times, monday: date, count: int = 1) -> list[float]:
    return [common for common, _ in hours_by_week(zone, week, times, monday, count)]


def test_the_same_hours_in_the_same_place_are_common() -> None:
    assert hours_by_week("UTC", a_week(9, 17), Times("UTC", OFFICE, WORKDAYS), date(2026, 12, 7), 2) == [(40, 40)] * 2


def test_auckland_and_new_york_drift_apart_as_their_clocks_change() -> None:
    """New York goes ahead by an hour on 14 March 2027, Auckland back by one on 4 April: 18, 17 and then 16 hours."""
    auckland = Times("Pacific/Auckland", OFFICE, WORKDAYS)
    found = common_hours("America/New_York", a_week(9, 17), auckland, date(2027, 3, 8), 6)
    assert found == [8, 4, 4, 4, 0, 0]


def test_in_the_week_of_its_change_each_day_counts_by_its_own_clocks() -> None:
    """Auckland's clocks go back on Sunday morning: until Saturday New York is 17 hours behind, on Sunday 16."""
    every_day = Times("Pacific/Auckland", OFFICE, WEEKDAYS)
    all_week = a_week(9, 17, range(7))
    assert common_hours("America/New_York", all_week, every_day, date(2027, 3, 29)) == [6]
    assert common_hours("America/New_York", all_week, every_day, date(2027, 3, 22)) == [7]
    assert common_hours("America/New_York", all_week, every_day, date(2027, 4, 5)) == [0]


def test_new_york_and_auckland_the_other_way_round() -> None:
    new_york = Times("America/New_York", OFFICE, WORKDAYS)
    found = common_hours("Pacific/Auckland", a_week(9, 17), new_york, date(2027, 3, 8), 5)
    assert found == [8, 4, 4, 4, 0]


def test_kathmandu_is_off_by_three_quarters_of_an_hour() -> None:
    """UTC+5:45 all year: 4:45 ahead of Berlin in winter, 3:45 in summer, from 28 March 2027 on."""
    berlin = Times("Europe/Berlin", OFFICE, WORKDAYS)
    found = common_hours("Asia/Kathmandu", a_week(9, 17), berlin, date(2027, 3, 22), 2)
    assert found == [5 * 3.25, 5 * 4.25]


def test_a_shift_over_midnight_covers_the_office_on_the_other_side() -> None:
    """22:00 to 06:00 in Manila is 09:00 to 17:00 in New York's winter, and 10:00 to 18:00 in its summer."""
    nights = a_week(22, 30)
    found = common_hours("Asia/Manila", nights, Times("America/New_York", OFFICE, WORKDAYS), date(2027, 3, 8), 2)
    assert found == [40, 35]


def test_wanted_times_may_go_over_midnight_too() -> None:
    nights = Times("UTC", (22 * 60, 2 * 60), WORKDAYS)
    assert hours_by_week("UTC", a_week(0, 24, range(7)), nights, date(2026, 12, 7), 1) == [(20, 20)]
    assert common_hours("UTC", a_week(23, 25), nights, date(2026, 12, 7)) == [10]
    assert common_hours("UTC", a_week(0, 1, [5]), nights, date(2026, 12, 7)) == [1]
    assert common_hours("UTC", a_week(0, 1, [0]), nights, date(2026, 12, 7)) == [0]


def test_a_night_in_which_clocks_change_is_as_long_as_it_is() -> None:
    nights = a_week(0, 6, [6])
    times = Times("America/New_York", (0, 6 * 60), ("sun",))
    assert hours_by_week("America/New_York", nights, times, date(2027, 3, 8), 2) == [(5, 5), (6, 6)]
    assert hours_by_week("America/New_York", nights, times, date(2027, 11, 1), 2) == [(7, 7), (6, 6)]


def test_an_hour_that_clocks_leave_out_is_nobodys() -> None:
    left_out = Times("Europe/Berlin", (2 * 60, 3 * 60), ("sun",))
    found = weeks_together("Europe/Berlin", a_week(0, 24, range(7)), left_out, date(2027, 3, 22), 1)
    assert found == (Together(0, 0),)
    assert found[0].share(Decimal(1)) == 1


def test_a_sunday_evening_is_somebody_elses_monday() -> None:
    mondays = Times("Pacific/Auckland", OFFICE, ("mon",))
    sundays = a_week(15, 23, [6])
    assert common_hours("America/New_York", sundays, mondays, date(2026, 12, 7)) == [8]


def test_places_on_both_sides_of_the_date_line_meet() -> None:
    """Kiritimati (UTC+14) and Pago Pago (UTC-11) have the same time of day but for an hour, a day apart."""
    kiritimati = Times("Pacific/Kiritimati", OFFICE, WORKDAYS)
    assert common_hours("Pacific/Pago_Pago", a_week(9, 17), kiritimati, date(2026, 12, 7)) == [4 * 7]


def test_hours_that_overlap_count_once() -> None:
    twice = (*a_week(9, 17), *a_week(12, 20))
    assert common_hours("UTC", twice, Times("UTC", (0, DAY), WEEKDAYS), date(2026, 12, 7)) == [55]


@pytest.mark.parametrize(
    ("window", "minutes"), [((540, 1020), 480), ((1320, 360), 480), ((0, DAY), DAY), ((0, 0), DAY), ((600, 600), DAY)]
)
def test_a_window_ends_on_the_same_day_or_the_next(window: tuple[int, int], minutes: int) -> None:
    assert window_length(window) == minutes


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe/berlin\0", "x" * 999]
)
def test_what_is_no_zone_is_known_as_none(name: str) -> None:
    assert not is_zone(name)
    assert weeks_together(name, a_week(9, 17), Times("UTC", OFFICE, WORKDAYS), date(2026, 12, 7), 1) is None


PLACES = (
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo",
    "Asia/Kathmandu", "Asia/Kolkata", "Asia/Manila", "Australia/Adelaide", "Pacific/Auckland",
    "Pacific/Kiritimati", "Pacific/Pago_Pago",
)  # fmt: skip
CHANGING = (
    date(2026, 3, 2),
    date(2026, 3, 23),
    date(2026, 3, 30),
    date(2026, 9, 21),
    date(2026, 10, 19),
    date(2026, 10, 26),
)
"""Weeks on whose Sundays clocks change in America, Europe or the South Pacific."""
whole_hours = st.integers(0, 23)


@st.composite
def weeks(draw: st.DrawFn) -> tuple[Slot, ...]:
    slots = draw(st.lists(st.tuples(st.integers(0, 6), whole_hours, st.integers(1, 24)), min_size=1, max_size=6))
    return tuple(Slot(day, begins * 60, (begins + length) * 60) for day, begins, length in slots)


@settings(max_examples=150)
@given(
    zone=st.sampled_from(PLACES),
    week=weeks(),
    place=st.sampled_from(PLACES),
    begins=whole_hours,
    ends=st.integers(1, 24),
    days=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    monday=st.sampled_from(CHANGING) | st.integers(0, 120).map(lambda n: date(2026, 1, 5) + timedelta(days=7 * n)),
)
def test_it_is_what_looking_at_both_clocks_each_quarter_of_an_hour_finds(
    zone: str, week: tuple[Slot, ...], place: str, begins: int, ends: int, days: set[str], monday: date
) -> None:
    """In all these places clocks change by an hour, on the hour by their own time, so a quarter is never cut."""
    times = Times(place, (begins * 60, ends * 60), tuple(sorted(days)))
    works = _covers(week)
    here, there = ZoneInfo(zone), ZoneInfo(place)
    common = wanted = 0
    moment = datetime.combine(monday, datetime.min.time(), UTC) - timedelta(days=2)
    for _ in range(12 * 96):
        if _is_wanted(moment.astimezone(there), monday, times):
            wanted += 15
            common += 15 * works(moment.astimezone(here))
        moment += timedelta(minutes=15)
    assert weeks_together(zone, week, times, monday, 1) == (Together(common, wanted),)


def _covers(week: tuple[Slot, ...]) -> Callable[[datetime], bool]:
    """Tells of a local time whether it is within one of the slots."""
    worked = {
        (slot.weekday * DAY + minute) % (7 * DAY) for slot in week for minute in range(slot.begins, slot.ends, 15)
    }
    return lambda local: local.weekday() * DAY + local.hour * 60 + local.minute in worked


def _is_wanted(local: datetime, monday: date, times: Times) -> bool:
    """Whether a local time is in the window of a wanted day of that very week."""
    for begun in (local.date(), local.date() - timedelta(days=1)):
        passed = (local.date() - begun).days * DAY + local.hour * 60 + local.minute
        in_week = 0 <= (begun - monday).days < 7 and WEEKDAYS[begun.weekday()] in times.weekdays
        if in_week and times.window[0] <= passed < times.window[0] + window_length(times.window):
            return True
    return False
