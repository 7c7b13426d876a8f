"""Schedules that are due, in the database."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from app.automations.models import Automation, Run, Work
from app.automations.operations import archive_automation, change_workflow, restore_automation, take_step
from app.automations.steps import AUTOMATION
from app.automations.triggers import ticks
from app.automations.triggers.jobs import fire_schedules
from app.core.audit import SYSTEM
from app.core.clock import frozen
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain
from tests.factories.automations import make_automation

MONDAY = datetime(2026, 12, 7, 5, 0, tzinfo=UTC)
HOURLY = {"type": "schedule", "cron": "0 * * * *"}


@pytest.fixture(autouse=True)
def _as_the_scheduler(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the scheduler"):
        yield


def scheduled(due: datetime = MONDAY, cron: str = "0 * * * *", **trigger: Any) -> Automation:
    steps = ({"id": "a", "type": "transform", "with": {"at": "{{ trigger.local_time }}"}},)
    automation = make_automation(steps, trigger={"type": "schedule", "cron": cron, **trigger}, next_run_at=due)
    db.session.commit()
    return automation


def fire(at: datetime) -> int:
    with frozen(at):
        done = ticks.fire_due()
        db.session.commit()
    db.session.expire_all()
    return done


def ticked(automation: Automation) -> list[str]:
    query = select(Run.delivery).where(Run.automation_id == automation.id).order_by(Run.delivery)
    return [str(delivery)[-9:-1] for delivery in db.session.scalars(query)]


def test_a_tick_begins_a_run_that_knows_its_time() -> None:
    automation = scheduled(cron="0 6 * * 1", timezone="Europe/Berlin")
    version = automation.version

    assert fire(MONDAY - timedelta(seconds=1)) == 0
    assert fire(MONDAY + timedelta(seconds=2)) == 1
    assert fire(MONDAY + timedelta(seconds=3)) == 0

    run = db.session.scalars(select(Run)).one()
    assert (run.trigger, run.status, run.actor_name, run.version_number) == ("schedule", "queued", "schedule", 1)
    assert run.input == {
        "scheduled_for": "2026-12-07T05:00:00Z", "local_time": "2026-12-07T06:00:00+01:00",
        "timezone": "Europe/Berlin", "missed_since": None,
    }  # fmt: skip
    assert automation.next_run_at == MONDAY + timedelta(days=7)
    assert automation.version == version
    drain()
    db.session.refresh(run)
    assert run.output == {"a": {"at": "2026-12-07T06:00:00+01:00"}}


@pytest.mark.parametrize(
    ("missed", "expected"),
    [("one", ["08:00:00"]), ("all", ["05:00:00", "06:00:00", "07:00:00", "08:00:00"]), ("none", [])],
)
def test_after_a_standstill(missed: str, expected: list[str]) -> None:
    automation = scheduled(missed=missed)
    assert fire(MONDAY + timedelta(hours=3, minutes=20)) == 1
    assert ticked(automation) == expected
    assert automation.next_run_at == MONDAY + timedelta(hours=4)
    if missed == "one":
        run = db.session.scalars(select(Run)).one()
        assert run.input is not None
        assert run.input["missed_since"] == "2026-12-07T05:00:00Z"


def test_a_clock_that_is_set_back_fires_nothing_again() -> None:
    automation = scheduled()
    fire(MONDAY + timedelta(seconds=1))
    fire(MONDAY + timedelta(hours=1, seconds=1))
    assert fire(MONDAY + timedelta(seconds=1)) == 0
    automation.next_run_at = MONDAY  # As somebody would have it who resumes the schedule now.
    db.session.commit()
    fire(MONDAY + timedelta(seconds=1))
    assert ticked(automation) == ["05:00:00", "06:00:00"]
    assert db.session.scalar(select(func.count()).select_from(Work)) == 2
    assert automation.next_run_at == MONDAY + timedelta(hours=1)


def test_a_time_that_comes_twice_fires_once() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    automation = scheduled(first, cron="30 2 * * *", timezone="Europe/Berlin")
    for minutes in range(0, 180, 10):
        fire(first + timedelta(minutes=minutes))
    assert ticked(automation) == ["00:30:00"]


def test_paused_and_archived_ones_dont_fire_and_dont_make_up() -> None:
    paused, archived = scheduled(), scheduled()
    with frozen(MONDAY - timedelta(minutes=5)):
        take_step(paused, step=AUTOMATION["pause"], actor=SYSTEM)
        archive_automation(archived, actor=SYSTEM)
        db.session.commit()
    assert fire(MONDAY + timedelta(minutes=1)) == 0
    with frozen(MONDAY + timedelta(minutes=30)):
        take_step(paused, step=AUTOMATION["resume"], actor=SYSTEM)
        restore_automation(archived, actor=SYSTEM)
        db.session.commit()
    assert fire(MONDAY + timedelta(minutes=31)) == 0
    assert fire(MONDAY + timedelta(hours=1)) == 2
    assert ticked(paused) == ticked(archived) == ["06:00:00"]


def test_a_state_alone_is_enough_to_keep_it_from_firing() -> None:
    for values in ({"status": "paused"}, {"trigger_type": "manual"}, {"archived_at": MONDAY}):
        automation = scheduled()
        for name, value in values.items():
            setattr(automation, name, value)
        db.session.commit()
    assert fire(MONDAY) == 0


def test_a_suspended_company_has_no_ticks() -> None:
    automation = scheduled()
    automation.client.status = "suspended"
    db.session.commit()
    assert fire(MONDAY) == 1
    assert ticked(automation) == []
    assert automation.next_run_at == MONDAY + timedelta(hours=1)


def test_the_new_version_alone_fires() -> None:
    automation = scheduled()
    with frozen(MONDAY - timedelta(minutes=1)):
        trigger = {"type": "schedule", "cron": "0,30 * * * *"}
        change_workflow(automation, {"trigger": trigger, "steps": [{"id": "b", "type": "transform"}]}, actor=SYSTEM)
        db.session.commit()
    for minutes in (0, 1, 30):
        fire(MONDAY + timedelta(minutes=minutes))
    assert list(db.session.scalars(select(Run.version_number))) == [2, 2]
    with frozen(MONDAY + timedelta(minutes=40)):
        manual = {"trigger": {"type": "manual"}, "steps": [{"id": "b", "type": "transform"}]}
        change_workflow(automation, manual, actor=SYSTEM)
        db.session.commit()
    assert fire(MONDAY + timedelta(hours=1)) == 0


def test_a_schedule_that_cant_be_read_keeps_no_other_waiting() -> None:
    broken, good = scheduled(timezone="Mars/Olympus"), scheduled()
    assert fire(MONDAY) == 2
    assert (ticked(broken), ticked(good)) == ([], ["05:00:00"])
    assert broken.next_run_at is None


def test_many_times_are_begun_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "MOST_RUNS", 5)
    for _ in range(3):
        scheduled(missed="all")
    at = MONDAY + timedelta(hours=3, seconds=1)
    assert [fire(at), fire(at), fire(at)] == [2, 1, 0]
    assert db.session.scalar(select(func.count()).select_from(Run)) == 12


@pytest.mark.committed
def test_two_schedulers_make_one_tick_of_each(app: Flask, committed_db: str) -> None:
    automations = [scheduled() for _ in range(30)]
    begin = threading.Barrier(4)

    def fire_all(_number: int) -> None:
        with app.app_context(), as_system("a test of the scheduler"):
            begin.wait()
            fire_schedules()
            db.session.commit()

    with frozen(MONDAY), pytest.MonkeyPatch.context() as patch:
        patch.setattr(ticks.fire_due, "__defaults__", (7,))
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(fire_all, range(4)))
    db.session.expire_all()
    assert [ticked(automation) for automation in automations] == [["05:00:00"]] * 30
    assert db.session.scalar(select(func.count()).select_from(Work)) == 30


@pytest.mark.committed
def test_a_workflow_that_somebody_holds_waits_for_the_next_look(app: Flask, committed_db: str) -> None:
    held, other = scheduled(), scheduled()
    held_id, other_id = held.id, other.id
    db.session.rollback()
    held = db.session.scalars(select(Automation).where(Automation.id == held_id).with_for_update()).one()

    def fire_all() -> int:
        with app.app_context(), as_system("a test of the scheduler"), frozen(MONDAY):
            done = ticks.fire_due()
            db.session.commit()
            return done

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(fire_all).result(timeout=20) == 1
    db.session.rollback()
    assert fire(MONDAY) == 1
    assert set(db.session.scalars(select(Run.automation_id))) == {held_id, other_id}
