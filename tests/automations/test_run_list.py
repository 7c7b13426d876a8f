"""The list of runs: found page by page whatever is asked for, and no page looks at more rows than its bound."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.automations.models import Automation, Run
from app.automations.monitoring.run_list import RUNS
from app.core.clock import now
from app.core.ids import first_id_of
from app.core.lists import exact_count, fetch, logs, query_schema
from app.extensions import db
from tests.factories.automations import make_automation

pytestmark = pytest.mark.usefixtures("db_session")
Query = query_schema(RUNS)
STATES = ("succeeded", "succeeded", "failed", "succeeded", "cancelled", "waiting")


def add_runs(automation: Automation, count: int, *, ends: datetime | None = None, **values: Any) -> list[Run]:
    """Runs a minute apart, the last of them at `ends`."""
    last = ends or now()
    rows = []
    for number in range(count):
        at = last - timedelta(minutes=count - 1 - number)
        status = STATES[number % len(STATES)]
        rows.append(
            {
                "id": type(automation.id)(int=first_id_of(at).int + number + 1), "client_id": automation.client_id,
                "automation_id": automation.id, "version_number": 1, "status": status, "trigger": "manual",
                "dry_run": False, "depth": 0, "input": {}, "actor_name": "somebody", "created_at": at, "started_at": at,
                "finished_at": None if status == "waiting" else at + timedelta(seconds=2),
                "fingerprint": "0123456789abcdef" if status == "failed" else None,
                "error": {"step": "a", "message": "No."} if status == "failed" else None,
            }
            | values
        )  # fmt: skip
    db.session.execute(insert(Run), rows)
    db.session.commit()
    return list(db.session.scalars(select(Run).where(Run.automation_id == automation.id).order_by(Run.id.desc())))


def all_pages(**asked: Any) -> list[list[Any]]:
    """The ids of each page, followed to the end."""
    pages, cursor = [], None
    while True:
        page = fetch(db.session, RUNS, Query(limit=4, cursor=cursor, **asked), staff=True)
        pages.append([row.id for row in page.rows])
        cursor = page.next_cursor
        if cursor is None:
            return pages


def test_pages_hold_every_run_once_newest_first() -> None:
    runs = add_runs(make_automation(), 10)
    pages = all_pages(automation=runs[0].automation_id)
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [one for page in pages for one in page] == [run.id for run in runs]


def test_a_search_that_finds_little_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LONGEST", 7)
    runs = add_runs(make_automation(), 30)
    first = fetch(db.session, RUNS, Query(limit=4, status="cancelled"), staff=True)
    assert first.searched_to == runs[6].id
    assert [row.id for row in first.rows] == [run.id for run in runs[:7] if run.status == "cancelled"]
    assert first.total_is_exact is False
    found = [one for page in all_pages(status="cancelled") for one in page]
    assert found == [run.id for run in runs if run.status == "cancelled"]


def test_the_way_back_leads_through_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LONGEST", 7)
    runs = add_runs(make_automation(), 30)
    page = fetch(db.session, RUNS, Query(limit=2, status="failed"), staff=True)
    while page.next_cursor:
        page = fetch(db.session, RUNS, Query(limit=2, status="failed", cursor=page.next_cursor), staff=True)
    back = []
    while page.prev_cursor:
        page = fetch(db.session, RUNS, Query(limit=2, status="failed", cursor=page.prev_cursor), staff=True)
        back = [row.id for row in page.rows] + back
    failed = [run.id for run in runs if run.status == "failed"]
    assert back == failed[: len(back)]
    assert len(back) >= len(failed) - 2


def test_runs_that_are_not_over_are_found_at_once_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LONGEST", 7)
    automation = make_automation()
    (old,) = add_runs(automation, 1, ends=now() - timedelta(days=3), status="waiting", finished_at=None)
    add_runs(automation, 30, status="succeeded", finished_at=now())
    page = fetch(db.session, RUNS, Query(status="waiting"), staff=True)
    assert [row.id for row in page.rows] == [old.id]


def test_a_month_has_the_real_runs_that_ended_in_it() -> None:
    automation = make_automation()
    ends = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    add_runs(automation, 6, ends=ends, status="succeeded", finished_at=ends)
    add_runs(automation, 6, ends=ends - timedelta(hours=1), status="succeeded", finished_at=ends + timedelta(seconds=1))
    add_runs(automation, 6, ends=ends - timedelta(hours=2), status="succeeded", finished_at=ends, dry_run=True)
    asked = Query(automation=automation.id, month="2026-10")
    page = fetch(db.session, RUNS, asked, staff=True)
    assert (len(page.rows), page.total_is_exact) == (6, True)
    assert exact_count(db.session, RUNS, asked) == 6
    assert exact_count(db.session, RUNS, Query(month="2026-11")) == 6


def test_days_are_those_of_whoever_asks() -> None:
    automation = make_automation()
    add_runs(automation, 2, ends=datetime(2026, 11, 2, 0, 0, 30, tzinfo=UTC))
    assert exact_count(db.session, RUNS, Query(**{"from": "2026-11-02"})) == 1
    assert exact_count(db.session, RUNS, Query(to="2026-11-01")) == 1
