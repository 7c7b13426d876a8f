"""Whatever is done in whatever order, nobody is overbooked: checked day by day, against books of the test's own."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.assistants.calendars.schemas import AvailabilityInput
from app.assistants.engagements import operations as engagements
from app.assistants.models import Assistant, Match, Reservation
from app.assistants.profiles import operations
from app.assistants.profiles.schemas import TimeOffInput
from app.core import records
from app.core.audit import SYSTEM
from app.core.clock import today
from app.core.errors import DomainError
from app.extensions import db
from tests.factories import make_client_company
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request

DAY = timedelta(days=1)
AHEAD = 60
HOURS = st.decimals(1, 40, places=1)
FROM_NOW = st.integers(-5, AHEAD)


class Calendar(RuleBasedStateMachine):
    """One assistant whom companies accept and leave, who takes days off, and whose profile changes. `books` holds what
    each match has taken: hours a week, the first day, and the last one or None."""

    @initialize(weekly=st.integers(5, 60))
    def begin(self, weekly):
        self.company = make_client_company()
        self.assistant = make_assistant(weekly_hours=Decimal(weekly)).id
        self.weekly = Decimal(weekly)
        self.books = {}
        self.proposed = []

    def attempt(self, act):
        """Whether the act went through; one that is refused leaves nothing behind."""
        try:
            with db.session.begin_nested():
                act()
        except (DomainError, DBAPIError):
            db.session.expire_all()
            return False
        db.session.expire_all()
        return True

    def person(self):
        return db.session.get(Assistant, self.assistant)

    def has_room(self, hours, first, last):
        last = last or first + (AHEAD + 400) * DAY
        days = (first + number * DAY for number in range((last - first).days + 1))
        return all(self.taken(day) + hours <= self.weekly for day in days)

    def taken(self, day):
        return sum(
            (hours for hours, first, last in self.books.values() if first <= day and (last is None or day <= last)),
            Decimal(0),
        )

    @rule(hours=HOURS, start=FROM_NOW, length=st.none() | st.integers(0, AHEAD))
    def propose(self, hours, start, length):
        first = today() + start * DAY
        last = None if length is None else first + length * DAY
        request = make_request(client=self.company, hours=hours, start=first, end=last)
        match = make_match(request=request, assistant=self.person(), hourly_rate=Decimal(30), currency="USD")
        self.proposed.append(match.id)

    @precondition(lambda self: self.proposed)
    @rule(data=st.data())
    def accept(self, data):
        match_id = data.draw(st.sampled_from(self.proposed))
        match = db.session.get(Match, match_id)
        first, last, hours = max(match.starts_on, today()), match.ends_on, match.hours_per_week
        is_over = last is not None and last < today()
        expected = not is_over and not self.person().is_archived and self.has_room(hours, first, last)
        done = self.attempt(lambda: engagements.accept_match(match, actor=SYSTEM))
        assert done == expected
        if done:
            self.proposed.remove(match_id)
            self.books[match_id] = (hours, first, last)

    @precondition(lambda self: self.books)
    @rule(data=st.data(), early=st.booleans(), away=st.integers(-10, AHEAD))
    def finish(self, data, early, away):
        match_id = data.draw(st.sampled_from(sorted(self.books)))
        match = db.session.get(Match, match_id)
        on = today() + away * DAY
        act = engagements.end_match if early else engagements.complete_match
        if self.attempt(lambda: act(match, on, actor=SYSTEM)):
            hours, first, last = self.books[match_id]
            kept = on - DAY if last is None else min(last, on - DAY)
            if kept < first:
                del self.books[match_id]
            else:
                self.books[match_id] = (hours, first, kept)

    @rule(start=FROM_NOW, length=st.integers(0, 20))
    def take_time_off(self, start, length):
        first = today() + start * DAY
        values = TimeOffInput(starts_on=first, ends_on=first + length * DAY)
        self.attempt(lambda: operations.add_time_off(self.person(), values, actor=SYSTEM))

    @rule(weekly=st.integers(0, 80))
    def edit_the_profile(self, weekly):
        changes = {"availability": AvailabilityInput(weekly_hours=Decimal(weekly))}
        peak = max(self.taken(today() + number * DAY) for number in range(AHEAD * 3))
        done = self.attempt(lambda: operations.update_assistant(self.person(), changes, actor=SYSTEM))
        if done:
            assert peak <= weekly
            self.weekly = Decimal(weekly)

    @rule()
    def leave_or_come_back(self):
        if self.person().is_archived:
            assert self.attempt(lambda: records.restore(self.person(), actor=SYSTEM))
        else:
            assert self.attempt(lambda: operations.archive_assistant(self.person(), actor=SYSTEM))
            self.proposed.clear()

    @invariant()
    def no_day_is_overbooked(self):
        if not hasattr(self, "books"):
            return
        assert self.person().weekly_hours == self.weekly
        rows = db.session.execute(
            select(Reservation.hours_per_week, Reservation.starts_on, Reservation.ends_on).where(
                Reservation.assistant_id == self.assistant
            )
        ).all()
        sums = defaultdict(Decimal)
        for hours, first, last in rows:
            for number in range(-10, AHEAD * 3):
                day = today() + number * DAY
                if first <= day and (last is None or day <= last):
                    sums[day] += hours
        for number in range(-10, AHEAD * 3):
            day = today() + number * DAY
            assert sums[day] == self.taken(day)
            assert number < 0 or sums[day] <= self.weekly


def test_no_sequence_of_acts_overbooks_anybody(db_session):
    run_state_machine_as_test(
        Calendar,
        settings=settings(
            max_examples=12,
            stateful_step_count=18,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
