"""Every kind whose states are declared (`app/core/steps.py`): the declaration and the database say the same."""

import re

import pytest
from sqlalchemy import text

from app.core.db import Base
from app.core.errors import Conflict
from app.core.steps import WrongStep, declared, history_words
from app.extensions import db

pytestmark = pytest.mark.usefixtures("db_session")


def machines():
    assert len(declared()) >= 8
    return declared()


def test_the_database_takes_the_declared_states_and_no_others():
    checks = dict(
        db.session.execute(
            text("select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'c'")
        ).all()
    )
    for steps in machines():
        found = checks[f"{steps.table}_{steps.column}_check"]
        assert sorted(re.findall(r"'(\w+)'", found)) == sorted(steps.names), steps.table


def test_every_column_of_states_is_declared():
    """A status that has a check of its own, and no declaration, would be a second way."""
    known = {(steps.table, steps.column) for steps in declared()}
    without = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name == "status" and (table.name, column.name) not in known
    }
    assert without == {
        ("automation_steps", "status"),  # only the runner moves them
        ("outgoing_messages", "status"),  # how a call went that has been made
        ("idempotency_keys", "status"),  # that of an answer over HTTP
    }


def test_every_state_can_be_reached_and_left_or_is_final():
    for steps in machines():
        first = Base.metadata.tables[steps.table].columns[steps.column].default.arg
        reached = {first, *(step.to for step in steps.steps)}
        by_others = {("deliverables", "cancelled"), ("match_requests", "filled"), ("skills", "waiting")}
        by_others |= {("automation_runs", name) for name in ("running", "waiting", "succeeded", "failed")}
        lost = {(steps.table, name) for name in steps.names if name not in reached} - by_others
        assert not lost


def test_every_step_has_an_operation_that_takes_what_it_asks():
    for steps in machines():
        steps.require_operations()


def test_a_refusal_is_a_sentence_in_the_records_words():
    class Record:
        id = None

    for steps in machines():
        for step in steps.steps:
            for name in set(steps.names) - set(step.from_):
                record = Record()
                setattr(record, steps.column, name)
                if steps.label:
                    setattr(record, steps.label, "X")
                error = steps._refusal(record, step.past, is_there=name == step.to)
                assert isinstance(error, WrongStep | Conflict)
                assert re.fullmatch(r"[A-Z“].*\.", error.message), error.message


def test_each_action_has_one_wording():
    seen = {}
    for action, did, done in history_words():
        assert seen.setdefault(action, (did, done)) == (did, done), action
