"""Claiming work: fair among companies, within limits, and at a cost that doesn't grow with what is waiting."""

from collections import Counter
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session, scoped_session

from app.automations.models import Automation, Work
from app.automations.runs import work
from app.core.tenancy import as_system
from app.extensions import db
from tests.factories.automations import make_automation

_FILL = text("""
    with made as (
        insert into automation_runs (id, client_id, automation_id, version_number, status, trigger, dry_run, depth,
                                     actor_name, created_at)
        select gen_random_uuid(), :client, :automation, 1, 'queued', 'manual', false, 0, 'system', now()
          from generate_series(1, :many)
        returning id)
    insert into automation_work (run_id, position, item, client_id, automation_id, state, due_at, fence)
    select id, :position, -1, :client, :automation, :state, :due, 0 from made
""")


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


def fill(automation: Automation, many: int, *, position: int = -1, state: str = "ready", due: Any = None) -> None:
    """Work of that many runs, as rows."""
    values = {"client": automation.client_id, "automation": automation.id, "many": many, "position": position}
    db.session.execute(_FILL, {**values, "state": state, "due": due})


def pages_read(do: Any, table: str = "automation_work") -> int:
    """How many pages the statements of a function look at, as PostgreSQL counts them."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if table in statement and not statement.startswith("explain"):
            seen.append((statement, parameters))

    connection = db.session.connection()
    with db.session.begin_nested() as undone:
        event.listen(connection, "before_cursor_execute", note)
        do()
        event.remove(connection, "before_cursor_execute", note)
        undone.rollback()
    pages = 0
    for statement, parameters in seen:
        with db.session.begin_nested() as undone:
            plan = connection.exec_driver_sql(f"explain (analyze, buffers, format json) {statement}", parameters)
            top = plan.scalar_one()[0]["Plan"]
            pages += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
            undone.rollback()
    return pages


def counted(claims: list[work.Claim]) -> Counter[UUID]:
    return Counter(claim.client_id for claim in claims)


def test_ten_thousand_runs_of_one_company_leave_their_turn_to_another() -> None:
    large, small = make_automation(), make_automation()
    fill(large, 10_000)
    fill(small, 3)

    claims = counted(work.claim_looks(32))

    assert claims == {large.client_id: 4, small.client_id: 3}


def test_a_company_has_no_more_steps_at_a_time_than_its_share() -> None:
    large, small = make_automation(), make_automation()
    fill(large, 100, position=0)
    fill(small, 1, position=0)

    claims: list[work.Claim] = []
    while more := work.claim_steps(32, share=3):
        claims += more

    assert counted(claims) == {large.client_id: work.MOST_OF_ONE, small.client_id: 1}


@pytest.mark.committed
def test_two_workers_at_once_claim_no_more_steps_of_a_company_than_its_share(app: Any, committed_db: str) -> None:
    fill(make_automation(), 40, position=0)
    db.session.commit()
    claimed, both, goes = [], Event(), Event()

    def other() -> None:
        with app.app_context(), as_system("another worker"):
            goes.set()
            claimed.extend(work.claim_steps(32, share=32))
            db.session.commit()
            both.set()

    claimed.extend(work.claim_steps(32, share=32))
    thread = Thread(target=other)
    thread.start()
    goes.wait(10)
    both.wait(0.5)
    db.session.commit()
    thread.join(20)

    assert len(claimed) == work.MOST_OF_ONE


@pytest.mark.parametrize("position", [-1, 0])
def test_claiming_costs_the_same_however_much_is_waiting(position: int) -> None:
    automations = [make_automation() for _ in range(20)]
    claim = work.claim_steps if position == 0 else work.claim_looks
    for one in automations:
        fill(one, 20, position=position)
    db.session.execute(text("analyze automation_work"))
    few = pages_read(lambda: claim(32))

    fill(automations[0], 40_000, position=position)
    fill(automations[1], 5_000, position=position, state="later", due=None)
    db.session.execute(text("analyze automation_work"))
    many = pages_read(lambda: claim(32))

    assert many < 2 * few + 50, (few, many)


def test_looking_for_what_is_due_costs_the_same_however_much_waits() -> None:
    automation = make_automation()
    fill(automation, 100)
    few = pages_read(work.wake)
    fill(automation, 30_000)
    fill(automation, 10_000, state="later", due="2100-01-01T00:00:00Z")
    db.session.execute(update(Work).where(Work.id.in_(select(Work.id).limit(5))).values(state="leased"))
    db.session.execute(text("update automation_work set lease_until = clock_timestamp() where state = 'leased'"))
    db.session.execute(text("analyze automation_work"))

    many = pages_read(work.wake)

    assert many < 2 * few + 150, (few, many)


def test_renewing_a_lease_touches_its_row_and_no_index() -> None:
    fill(make_automation(), 5)
    claims = work.claim_looks(5, share=5)
    query = text("select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relname = 'automation_work'")
    before = db.session.execute(query).one()

    work.renew(claims)

    after = db.session.execute(query).one()
    assert (after[0] - before[0], after[1] - before[1]) == (5, 5)
