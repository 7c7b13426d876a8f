"""Hours by week: worked out by hand here."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from app.assistants.calendars.jobs import free_what_is_over
from app.assistants.calendars.queries import Week, monday_of, weeks_of
from app.assistants.calendars.working_week import shares_of, slots_of
from app.assistants.models import Assistant, Reservation
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, shifted, today
from app.core.tenancy import TenantContext, tenant_context
from app.extensions import db
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match

MONDAY = date(2026, 11, 30)
SUNDAY = MONDAY + timedelta(days=6)


@pytest.fixture(autouse=True)
def _rolled_back(db_session: Any) -> None:
    """Each test's rows are gone after it."""


def day(number: int) -> date:
    """The day of the first week: 0 is its Monday."""
    return MONDAY + timedelta(days=number)


def reserve(assistant: Assistant, hours: str, first: date, last: date | None = None) -> None:
    match = make_match(assistant=assistant, status="proposed", hours_per_week=Decimal(hours))
    audit_as(db.session, actor=SYSTEM, action="accept")
    db.session.add(
        Reservation(
            assistant_id=assistant.id,
            client_id=match.client_id,
            match_id=match.id,
            hours_per_week=Decimal(hours),
            starts_on=first,
            ends_on=last,
        )
    )
    db.session.commit()


def week_of(assistant: Assistant, number: int = 0) -> tuple[str, ...]:
    """Capacity, reserved, away, free of the week of that number."""
    week = weeks_of([assistant.id], MONDAY, number + 1)[assistant.id][number]
    return tuple(f"{hours.normalize():f}" for hours in (week.capacity, week.reserved, week.away, week.free))


def test_a_week_without_anything_is_all_free() -> None:
    ana = make_assistant(weekly_hours=30)

    weeks = weeks_of([ana.id], MONDAY, 2)[ana.id]

    assert weeks[0] == Week(MONDAY, Decimal(30), Decimal(0), Decimal(0), Decimal(30))
    assert weeks[1].monday == MONDAY + timedelta(days=7)


def test_reserved_hours_are_taken_from_the_day_on_which_they_begin() -> None:
    ana = make_assistant(weekly_hours=40)
    reserve(ana, "20", day(3))

    assert week_of(ana) == ("40", "8", "0", "32")
    assert week_of(ana, 1) == ("40", "20", "0", "20")


def test_the_last_day_of_a_reservation_counts() -> None:
    ana = make_assistant(weekly_hours=40)
    reserve(ana, "20", MONDAY, day(0))

    assert week_of(ana) == ("40", "4", "0", "36")
    assert week_of(ana, 1) == ("40", "0", "0", "40")


def test_time_off_takes_the_hours_that_would_be_worked_on_it() -> None:
    weekly = {"mon": [["09:00", "19:00"]], "tue": [["09:00", "14:00"]], "wed": [["22:00", "03:00"]]}
    ana = make_assistant(weekly_hours=20, weekly=weekly, time_off=[(day(1), day(6))])

    assert week_of(ana) == ("20", "0", "10", "10")


def test_what_is_reserved_on_days_off_is_not_taken_twice() -> None:
    ana = make_assistant(weekly_hours=40, time_off=[(day(0), day(1))])
    reserve(ana, "20", MONDAY)

    assert week_of(ana) == ("40", "12", "16", "12")


def test_days_before_the_first_one_have_no_hours() -> None:
    ana = make_assistant(weekly_hours=40, available_from=day(4))

    assert week_of(ana) == ("8", "0", "0", "8")


def test_hours_of_somebody_without_a_stated_week_fall_on_workdays() -> None:
    ana = make_assistant(weekly_hours=40, time_off=[(day(5), day(6))])

    assert week_of(ana) == ("40", "0", "0", "40")


def test_somebody_archived_has_nothing_free() -> None:
    ana = make_assistant(weekly_hours=40)
    reserve(ana, "20", MONDAY)
    ana.archived_at = now()
    audit_as(db.session, actor=SYSTEM, action="archive")
    db.session.commit()

    assert week_of(ana) == ("20", "20", "0", "0")


def test_a_week_begins_on_monday() -> None:
    with pytest.raises(ValueError, match="no Monday"):
        weeks_of([make_assistant().id], day(1), 1)
    assert monday_of(SUNDAY) == MONDAY


def test_hours_are_free_again_the_day_after_they_ended() -> None:
    ana = make_assistant(weekly_hours=40)
    reserve(ana, "20", today(), today() + timedelta(days=1))

    with shifted(timedelta(days=1)):
        free_what_is_over()
        db.session.refresh(ana)
        assert ana.available_hours == 20
    with shifted(timedelta(days=2)):
        free_what_is_over()
    db.session.refresh(ana)
    assert (ana.reserved_hours, ana.available_hours) == (0, 40)


def test_whoever_asks_hears_hours_of_every_company() -> None:
    ana = make_assistant(weekly_hours=40)
    reserve(ana, "20", MONDAY)

    with tenant_context(TenantContext()):
        assert week_of(ana) == ("40", "20", "0", "20")


def test_many_calendars_take_two_queries() -> None:
    ids = [make_assistant().id for _ in range(12)]

    with counted_queries() as queries:
        weeks = weeks_of(ids, MONDAY, 26)

    assert len(weeks) == 12
    assert len(queries) == 2


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().lower().startswith(("select", "with")) and "set_config" not in statement:
            heard.append(statement)

    event.listen(db.session.get_bind(), "before_cursor_execute", hear)
    yield heard
    event.remove(db.session.get_bind(), "before_cursor_execute", hear)


times = st.tuples(st.integers(0, 23), st.sampled_from((0, 15, 30, 45))).map(lambda t: f"{t[0]:02}:{t[1]:02}")


@given(st.dictionaries(st.sampled_from(("mon", "wed", "sat", "sun")), st.lists(st.tuples(times, times), max_size=3)))
def test_the_parts_of_a_week_are_its_whole(weekly: dict[str, Any]) -> None:
    shares = shares_of(weekly)
    parts = [shares.part(1 << weekday, Decimal(40)) for weekday in range(7)]

    assert abs(sum(parts) - 40) < Decimal("1e-20")
    assert all(0 < slot.ends - slot.begins <= 1440 for slot in slots_of(weekly))
