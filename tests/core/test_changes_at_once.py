"""Two people, or two clicks, at the same moment: each record is written once, and one of them is told."""

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.catalog.kinds import products
from app.changes.running import apply_soon
from app.core.audit import SYSTEM
from app.core.changes import staging, undo
from app.core.changes.models import State
from app.core.changes.staging import NotOpen
from app.core.changes.undo import UndoneAlready
from app.core.tenancy import as_system
from app.extensions import db

pytestmark = pytest.mark.committed
FILE = b"name,category,price,currency\nShelf,Shelves,1.00,EUR\nDesk,Desks,2.00,EUR\n"


@pytest.fixture
def at_once(app: Flask, committed_db: str) -> Callable[..., list[str]]:
    """Run calls at the same moment, each in a session of its own; what became of each, sorted."""

    def run(*calls: Callable[[], Any]) -> list[str]:
        barrier, outcomes = Barrier(len(calls)), []

        def attempt(call: Callable[[], Any]) -> None:
            with app.app_context(), as_system("a test"):
                barrier.wait()
                try:
                    outcomes.append(call())
                    db.session.commit()
                except (NotOpen, UndoneAlready):
                    db.session.rollback()
                    outcomes.append("told")

        threads = [Thread(target=attempt, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return sorted(outcomes)

    return run


def previewed(content: bytes = FILE) -> Any:
    change_set = staging.stage_import(db.session, products, content, filename="", actor=SYSTEM)
    staging.preview_import(db.session, change_set)
    db.session.commit()
    return change_set.id


def apply(key: Any) -> str:
    change_set = staging.get_change_set(db.session, key, for_update=True)
    apply_soon(change_set, actor=SYSTEM)
    return f"{change_set.rows_done} written"


def undo_all(key: Any) -> str:
    undo_set = undo.stage_undo(db.session, actor=SYSTEM, change_set=staging.get_change_set(db.session, key))
    undo.preview_undo(db.session, undo_set)
    undo.carry_out(db.session, undo_set, actor=SYSTEM)
    return f"{undo_set.rows_done} put back"


def names(session: Any) -> Sequence[str]:
    session.rollback()
    return session.scalars(text("select name from products order by name")).all()


def test_one_import_applied_twice_at_once_is_applied_once(db_session: Any, at_once: Any) -> None:
    key = previewed()
    assert at_once(lambda: apply(key), lambda: apply(key), lambda: apply(key)) == ["2 written", "told", "told"]
    assert names(db_session) == ["Desk", "Shelf"]


def test_of_two_imports_of_one_file_at_once_one_makes_the_records(db_session: Any, at_once: Any) -> None:
    one, two = previewed(), previewed()
    assert at_once(lambda: apply(one), lambda: apply(two)) == ["0 written", "2 written"]
    assert names(db_session) == ["Desk", "Shelf"]
    conflicts = db_session.scalars(
        text("select problems->0->>'message' from change_rows where kind = 'conflict'")
    ).all()
    assert len(conflicts) == 2
    assert all(conflicts)


def test_two_imports_that_change_the_same_records_at_once(db_session: Any, at_once: Any) -> None:
    apply(previewed())
    db_session.commit()
    one = previewed(FILE.replace(b"1.00", b"3.00").replace(b"2.00", b"4.00"))
    two = previewed(FILE.replace(b"1.00", b"5.00").replace(b"2.00", b"6.00"))
    assert at_once(lambda: apply(one), lambda: apply(two)) == ["0 written", "2 written"]
    db_session.rollback()
    prices = db_session.scalars(text("select price::text from products order by name")).all()
    assert prices in (["4.00", "3.00"], ["6.00", "5.00"])


def test_an_undo_while_the_same_records_are_imported_leaves_each_whole(db_session: Any, at_once: Any) -> None:
    key = previewed()
    apply(key)
    db_session.commit()
    again = previewed(FILE.replace(b"1.00", b"3.00").replace(b"2.00", b"4.00"))
    outcomes = at_once(lambda: undo_all(key), lambda: apply(again))
    assert outcomes in (["0 put back", "2 written"], ["0 written", "2 put back"])
    assert names(db_session) == (["Desk", "Shelf"] if "2 written" in outcomes else [])
    states = [staging.get_change_set(db_session, key).state for key in (key, again)]
    assert states == [State.APPLIED if "2 written" in outcomes else State.UNDONE, State.APPLIED]


def test_one_import_undone_twice_at_once_is_undone_once(db_session: Any, at_once: Any) -> None:
    key = previewed()
    apply(key)
    db_session.commit()
    assert at_once(lambda: undo_all(key), lambda: undo_all(key)) == ["2 put back", "told"]
    assert names(db_session) == []


def test_a_set_that_is_applied_and_discarded_at_once_is_one_of_both(db_session: Any, at_once: Any) -> None:
    key = previewed()

    def discard() -> str:
        staging.discard(db.session, staging.get_change_set(db.session, key, for_update=True))
        return "discarded"

    outcomes = at_once(lambda: apply(key), discard)
    assert outcomes in (["2 written", "told"], ["discarded", "told"])
    assert len(names(db_session)) == (2 if "2 written" in outcomes else 0)
