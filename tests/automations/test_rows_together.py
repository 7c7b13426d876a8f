"""Rows that many runs add in one statement: each is its own run's, and one that can't be added fails its run alone."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.automations.models import Automation, Run, RunStep
from app.automations.records import rows as record_rows
from app.automations.records import together
from app.automations.runs import work
from app.automations.runs.runner import advance
from app.automations.tables import operations
from app.automations.tables.models import DataRow, DataTable
from app.core.audit import AuditEntry
from app.core.chain.verifying import verify
from app.extensions import db
from app.identity.models import User
from tests.automations.running import states, steps_of
from tests.factories.accounts import make_client_company, make_user
from tests.factories.automations import make_automation, make_run
from tests.factories.data_tables import make_data_table

COLUMNS = {"supplier": "text!", "more": "json"}
pytestmark = pytest.mark.usefixtures("as_the_runner")


@pytest.fixture
def adding(anna: User) -> Automation:
    return adds_rows(anna)


def adds_rows(owner: User, client: Any = None) -> Automation:
    """A workflow that adds a row, reads it, and adds another one."""
    client = client or owner.client
    make_data_table(client, COLUMNS, name="invoices")
    row = {"kind": "row", "action": "create", "table": "invoices", "key": "{{ trigger.key }}"}
    steps = [
        {"id": "first", "type": "record", "with": {**row, "values": "{{ trigger.values }}"}, "on_error": "continue"},
        {"id": "seen", "type": "record", "needs": ["first"], "with": {**row, "action": "find"}},
        {"id": "second", "type": "record", "needs": ["seen"],
         "with": {**row, "key": "{{ trigger.key }} again", "values": {"supplier": "again"}}},
    ]  # fmt: skip
    return make_automation(steps, client=client, owner_id=owner.id)


def at_once(*given: tuple[Automation, str, Any]) -> list[Run]:
    """The runs with these keys and values, looked at in one transaction."""
    runs = [make_run(one, input={"key": key, "values": values}) for one, key, values in given]
    claims = work.claim_looks(100, share=100)
    assert len(claims) == len(runs)
    db.session.commit()
    advance(claims)
    db.session.commit()
    for run in runs:
        db.session.refresh(run)
    return runs


def entries(**of: Any) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).filter_by(table_name="data_rows", **of).order_by(AuditEntry.id)))


def test_many_runs_add_their_rows_by_one_statement_for_each_step(
    adding: Automation, monkeypatch: pytest.MonkeyPatch
) -> None:
    inserted: list[int] = []
    insert = operations._insert

    def counted(rows: Any) -> Any:
        inserted.append(len(rows))
        return insert(rows)

    monkeypatch.setattr(operations, "_insert", counted)

    runs = at_once(*((adding, f"R-{number}", {"supplier": f"S {number}"}) for number in range(20)))

    assert {run.status for run in runs} == {"succeeded"}
    assert inserted == [20, 20]
    assert [run.output["second"]["key"] for run in runs] == [f"R-{number} again" for number in range(20)]
    seen = {step.run_id: step.output for step in db.session.scalars(select(RunStep).filter_by(step_id="seen"))}
    assert [seen[run.id]["values"] for run in runs] == [{"supplier": f"S {number}"} for number in range(20)]


def test_each_row_is_its_own_runs_change_in_the_audit(adding: Automation, anna: User) -> None:
    runs = at_once(*((adding, f"R-{number}", {"supplier": "S"}) for number in range(5)))

    rows = {row.key: row.id for row in db.session.scalars(select(DataRow))}
    changes = set()
    for number, run in enumerate(runs):
        of_run = entries(request_id=str(run.id))
        assert [entry.record_label for entry in of_run] == [f"R-{number}", f"R-{number} again"]
        assert [entry.record_id for entry in of_run] == [rows[f"R-{number}"], rows[f"R-{number} again"]]
        assert {(entry.actor_id, entry.via, entry.action) for entry in of_run} == {(anna.id, "automation", "create")}
        changes |= {entry.change_id for entry in of_run}
    assert len(changes) == len(entries()) == 10
    assert verify(db.session.connection(), []).first == {}


def test_a_row_that_cannot_be_added_fails_its_own_run_alone(adding: Automation) -> None:
    """The key is taken, by another row or by another run of the same statement; the values don't fit; the database
    itself refuses them, as it does a number of a hundred thousand digits."""
    at_once((adding, "taken", {"supplier": "S"}))

    runs = at_once(
        (adding, "good", {"supplier": "S"}),
        (adding, "taken", {"supplier": "S"}),
        (adding, "twice", {"supplier": "the first"}),
        (adding, "twice", {"supplier": "the second"}),
        (adding, "lacking", {}),
        (adding, "k" * 201, {"supplier": "S"}),
        (adding, "good as well", {"supplier": "S"}),
    )

    outputs = [states(run)["first"] for run in runs]
    assert outputs == ["succeeded", "failed", "succeeded", "failed", "failed", "failed", "succeeded"]
    codes = [steps_of(run)["first"].error and steps_of(run)["first"].error["code"] for run in runs]  # type: ignore[index]
    assert codes == [None, "row-exists", None, "row-exists", "bad-row", "invalid", None]
    kept = db.session.scalar(select(DataRow.values).where(DataRow.key == "twice"))
    assert kept == {"supplier": "the first"}


def test_what_the_database_refuses_as_a_whole_is_done_singly(adding: Automation) -> None:
    wrong = {"supplier": "S", "more": [1e300] * 300}  # 2,000 characters of ours, 90,000 of PostgreSQL’s

    runs = at_once((adding, "one", {"supplier": "S"}), (adding, "wrong", wrong), (adding, "two", {"supplier": "S"}))

    assert [states(run)["first"] for run in runs] == ["succeeded", "failed", "succeeded"]
    for run in (runs[0], runs[2]):
        assert [entry.action for entry in entries(request_id=str(run.id))] == ["create", "create"]
    assert verify(db.session.connection(), []).first == {}


def test_each_company_writes_its_own_table_alone(adding: Automation) -> None:
    other = adds_rows(make_user("client"))
    staff, company = make_user("manager"), make_client_company()
    by_staff = adds_rows(staff, company)

    runs = at_once(*((one, "R", {"supplier": "S"}) for one in (adding, other, by_staff)))

    assert {run.status for run in runs} == {"succeeded"}
    found = db.session.execute(select(DataRow.client_id, DataRow.id).where(DataRow.key == "R")).all()
    assert {client_id for client_id, _ in found} == {run.client_id for run in runs}
    for client_id, row_id in found:
        [entry] = entries(record_id=row_id)
        assert entry.client_id == client_id
        assert entry.request_id == str(next(run.id for run in runs if run.client_id == client_id))


def test_policies_hold_beneath(adding: Automation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for another company's table, smuggled in by a mistake of ours, is refused by the database."""
    other = adds_rows(make_user("client"))
    table = db.session.scalars(select(DataTable).where(DataTable.client_id == other.client_id)).one()
    for module in (together, record_rows):
        monkeypatch.setattr(module, "table_of", lambda _run, _form: table)
    run = make_run(adding, input={"key": "R", "values": {"supplier": "S"}})

    with pytest.raises(DBAPIError, match="row-level security"):
        advance(work.claim_looks(1))

    db.session.rollback()
    assert db.session.get_one(Run, run.id).status == "queued"
    assert db.session.scalars(select(DataRow)).all() == []


def test_rights_are_those_of_each_runs_owner(adding: Automation, anna: User) -> None:
    reader = make_user("client", client_id=anna.client_id, limits=["automations:read"])
    given = {"kind": "row", "action": "create", "table": "invoices", "key": "bad", "values": {"supplier": "S"}}
    step = {"id": "first", "type": "record", "with": given}
    less = make_automation([step], client=anna.client, owner_id=reader.id)

    good, bad = at_once((adding, "good", {"supplier": "S"}), (less, "bad", {"supplier": "S"}))

    assert (good.status, bad.status) == ("succeeded", "failed")
    assert bad.error["code"] == "owner-lacks-rights"
    assert db.session.scalars(select(DataRow.key).where(DataRow.key == "bad")).all() == []
