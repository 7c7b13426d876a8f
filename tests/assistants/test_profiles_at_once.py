"""Profiles and calendars changed by several at the same moment, on committed data."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.assistants.engagements import operations as engagements
from app.assistants.models import Assistant, Match, TimeOff
from app.assistants.profiles import operations
from app.assistants.profiles.kinds import assistants
from app.assistants.profiles.schemas import AssistantInput, TimeOffInput
from app.core.audit import SYSTEM
from app.core.clock import today
from app.core.database_errors import explain
from app.core.errors import Conflict, DomainError
from app.core.records import get_record
from app.core.schemas import changes_of, partial
from app.core.tenancy import as_system
from app.extensions import db
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match

ROUNDS = 5
pytestmark = pytest.mark.usefixtures("committed_db", "db_session")


def at_once(app: Flask, *acts: Callable[[], Any]) -> list[DomainError | None]:
    """Each act in a thread of its own, all begun together; what each was refused with."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> DomainError | None:
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                act()
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                told = error if isinstance(error, DomainError) else explain(error)
                if told is None:
                    raise
                return told
            finally:
                db.session.remove()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def change(assistant_id: UUID, **changes: Any) -> Callable[[], Any]:
    patch = changes_of(partial(AssistantInput).model_validate(changes))
    return lambda: operations.update_assistant(
        get_record(assistants, assistant_id, for_update=True), patch, actor=SYSTEM
    )


def take_off(assistant_id: UUID, first: date) -> Callable[[], Any]:
    values = TimeOffInput(starts_on=first, ends_on=first)
    return lambda: operations.add_time_off(get_record(assistants, assistant_id, for_update=True), values, actor=SYSTEM)


def test_hours_are_lowered_or_reserved_and_never_both(app: Flask) -> None:
    for _ in range(ROUNDS):
        ana = make_assistant(skills=("Excel",), weekly_hours=40)
        match_id = make_match(assistant=ana, hours_per_week=30).id

        refused = at_once(
            app,
            change(ana.id, availability={"weekly_hours": 20}),
            lambda key=match_id: engagements.accept_match(db.session.get(Match, key), actor=SYSTEM),  # type: ignore[misc]
        )

        db.session.refresh(ana)
        assert sum(isinstance(error, Conflict) for error in refused) == 1
        assert ana.reserved_hours <= ana.weekly_hours


def test_the_same_days_off_are_added_once(app: Flask) -> None:
    for _ in range(ROUNDS):
        ana = make_assistant()

        refused = at_once(app, *[take_off(ana.id, today()) for _ in range(6)])

        count = db.session.scalar(select(func.count()).where(TimeOff.assistant_id == ana.id))
        assert count == 1
        assert sum(isinstance(error, Conflict) for error in refused) == 5


def test_two_change_different_fields_and_both_count(app: Flask) -> None:
    for _ in range(ROUNDS):
        ana = make_assistant(headline="Before", weekly_hours=10)

        refused = at_once(
            app,
            change(ana.id, headline="After"),
            change(ana.id, availability={"weekly_hours": 20}),
            change(ana.id, skills=["Excel", "A skill that is new"]),
            change(ana.id, skills=["A skill that is new"]),
        )

        found = db.session.get_one(Assistant, ana.id, populate_existing=True)
        assert refused == [None] * 4
        assert (found.headline, found.weekly_hours) == ("After", 20)
        assert found.skills[-1] == "A skill that is new"
