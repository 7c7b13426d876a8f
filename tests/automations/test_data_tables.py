"""Data tables: in workflows, the API, pages and files."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from app.automations.models import Run
from app.automations.tables.models import DataRow, DataTable
from app.core.audit import AuditEntry
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from tests.automations.running import drain
from tests.factories.accounts import make_client_company, make_user
from tests.factories.automations import make_automation, make_run
from tests.factories.data_tables import make_data_row, make_data_table

PATH = "/api/ai-automation/tables"
INVOICES = {"supplier": "text!", "amount": "number", "due": "date", "paid": "boolean", "seen": "time", "more": "json"}
pytestmark = pytest.mark.usefixtures("as_the_runner")


@pytest.fixture
def invoices(anna: User) -> DataTable:
    return make_data_table(anna.client, INVOICES, name="invoices")


def row(action: str, key: str = "", **given: Any) -> dict[str, Any]:
    given = {"kind": "row", "action": action, "table": "invoices", **({"key": key} if key else {}), **given}
    return {"id": "a", "type": "record", "with": given}


def ran(step: dict[str, Any], owner: User, **values: Any) -> Run:
    run = make_run(make_automation([step], client=owner.client, owner_id=owner.id), **values)
    drain()
    db.session.refresh(run)
    return run


def answer(step: dict[str, Any], owner: User, **values: Any) -> Any:
    run = ran(step, owner, **values)
    assert run.status == "succeeded", run.error
    return run.output["a"]


def kept(*columns: str) -> list[Any]:
    return list(db.session.execute(select(DataRow.key, DataRow.values).order_by(DataRow.key)).all())


def test_a_workflow_writes_and_reads_rows(anna: User, invoices: DataTable) -> None:
    values = {"supplier": "Acme", "amount": "119.50", "due": "2026-12-01", "paid": False, "more": {"lines": [1]}}
    made = answer(row("create", "A-1", values=values), anna)
    found = answer(row("get", "A-1"), anna)
    changed = answer(row("update", "A-1", values={"paid": True}), anna)
    listed = answer(row("list", where={"supplier": "Acme"}), anna)
    none = answer(row("find", where={"supplier": "Nobody"}), anna)
    gone = answer(row("delete", "A-1"), anna)

    assert made["values"] == {**values, "amount": 119.5}
    assert found == made
    assert changed["values"] == {**values, "amount": 119.5, "paid": True}
    assert listed == {"items": [changed], "more": False}
    assert none is None
    assert gone == changed
    assert kept() == []
    actions = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.table_name == "data_rows").order_by(AuditEntry.id)
    )
    assert list(actions) == ["create", "update", "delete"]


def test_an_upsert_makes_a_row_once_and_then_changes_it(anna: User, invoices: DataTable) -> None:
    first = answer(row("upsert", "A-1", values={"supplier": "Acme", "amount": 1}), anna)
    second = answer(row("upsert", "A-1", values={"amount": 2}), anna)
    third = answer(row("upsert", "A-1", values={"amount": 2}), anna)

    assert (first["is_new"], second["is_new"], third["is_new"]) == (True, False, False)
    assert kept() == [("A-1", {"supplier": "Acme", "amount": 2})]
    assert db.session.scalar(select(DataRow.version)) == 2  # The third changed nothing.


def test_a_row_without_a_key_is_known_by_its_id(anna: User, invoices: DataTable) -> None:
    made = answer(row("create", values={"supplier": "Acme"}), anna)

    assert made["key"] == made["id"]


@pytest.mark.parametrize(
    ("step", "code", "message"),
    [
        (row("create", "A", values={"amount": 1}), "bad-row", "supplier is required."),
        (row("create", "A", values={"supplier": "x", "amont": 1}), "bad-row", "no column amont. Did you mean amount?"),
        (row("create", "A", values={"supplier": 5}), "bad-row", "supplier must be text."),
        (row("create", "A", values={"supplier": "x", "amount": "1.500,00"}), "bad-row", "amount must be a number"),
        (row("create", "A", values={"supplier": "x", "due": "1.12.2026"}), "bad-row", "due must be a date"),
        (
            row("create", "A", values={"supplier": "x", "seen": "2026-12-01T10:00"}),
            "bad-row",
            "seen must be a date and time",
        ),
        (row("create", "A", values={"supplier": "x", "paid": 1}), "bad-row", "paid must be true or false"),
        (row("create", "A", values={"supplier": "x" * 70_000}), "bad-row", "at most 64 KiB"),
        (row("create", "there", values={"supplier": "x"}), "row-exists", "A row with this key already exists."),
        (row("create", "x" * 201, values={"supplier": "x"}), "invalid", "1 to 200 characters"),
        (row("update", "gone", values={"amount": 1}), "no-such-row", "The table has no row with this key."),
        (row("update", "there", values={"supplier": None}), "bad-row", "supplier is required."),
        (row("get", "gone"), "no-such-row", "The table has no row with this key."),
        (row("delete", "gone"), "no-such-row", "The table has no row with this key."),
        (row("get", "there", table="others"), "no-such-table", "The company has no table others."),
    ],
)
def test_what_does_not_fit_fails_the_step(
    anna: User, invoices: DataTable, step: dict[str, Any], code: str, message: str
) -> None:
    make_data_row(invoices, "there", supplier="There")

    run = ran(step, anna)

    assert run.status == "failed"
    assert run.error["code"] == code
    assert message in run.error["message"]
    assert kept() == [("there", {"supplier": "There"})]


def test_a_table_without_columns_takes_whatever_comes(anna: User) -> None:
    make_data_table(anna.client, name="invoices")

    made = answer(row("upsert", "A", values="{{ trigger.body }}"), anna, input={"body": {"a": [1, {"b": None}]}})

    assert made["values"] == {"a": [1, {"b": None}]}


def test_tables_of_others_are_not_there(anna: User, invoices: DataTable) -> None:
    other = make_user("client")
    make_data_table(other.client, name="others")

    assert ran(row("get", "A", table="others"), anna).error["code"] == "no-such-table"
    assert ran(row("list"), other).error["code"] == "no-such-table"


def test_a_step_for_rows_is_checked_when_it_is_deployed(anna: User, invoices: DataTable) -> None:
    from app.automations.definitions.checking import problems_of  # noqa: PLC0415
    from app.automations.definitions.schemas import WorkflowInput  # noqa: PLC0415
    from app.automations.operations import surroundings_of  # noqa: PLC0415

    def problems(step: dict[str, Any]) -> list[tuple[str, str]]:
        workflow = WorkflowInput.model_validate({"trigger": {"type": "manual"}, "steps": [step]})
        return [(one.pointer, one.code) for one in problems_of(workflow, surroundings_of(invoices.client_id))]

    at = "/workflow/steps/0/with"
    assert problems(row("upsert", "{{ trigger.id }}", values={"amount": "{{ trigger.amount }}"})) == []
    assert problems(row("upsert", "A", values="{{ trigger.body }}")) == []
    assert problems(row("upsert", values={})) == [(f"{at}/key", "missing")]
    assert problems(row("upsert", "A", table="invoice")) == [(f"{at}/table", "unknown-table")]
    assert problems(row("upsert", "A", values={"amont": 1})) == [(f"{at}/values/amont", "unknown-column")]
    assert problems(row("upsert", "A", values={"amount": "much"})) == [(f"{at}/values/amount", "wrong-type")]
    assert problems(row("burn", "A")) == [(f"{at}/action", "unknown-action")]


def test_a_company_keeps_its_tables_by_the_api(api: Callable[[User], Any], anna: User) -> None:
    program, stranger = api(anna), api(make_user("client"))
    columns = [{"name": "supplier", "type": "text", "required": True}]

    made = program.post(PATH, json={"name": "invoices", "columns": columns})
    assert made.status_code == 201
    here = f"{PATH}/{made.json['id']}"
    assert made.json["columns"] == columns
    assert program.post(PATH, json={"name": "invoices"}).json["errors"][0]["pointer"] == "/name"
    assert program.post(PATH, json={"name": "Rechnungen!"}).status_code == 422
    assert program.get(PATH).json == [made.json]
    assert stranger.get(PATH).json == []
    assert stranger.get(here).status_code == 404

    added = program.post(f"{here}/rows", json={"key": "A-1", "values": {"supplier": "Acme & Söhne"}})
    assert added.status_code == 201, added.json
    one = f"{here}/rows/{added.json['id']}"
    assert program.post(f"{here}/rows", json={"key": "A-1", "values": {"supplier": "x"}}).status_code == 409
    wrong = program.post(f"{here}/rows", json={"values": {"suplier": "x"}})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (409, "/values/suplier")
    changed = program.patch(one, json={"values": {"supplier": "Globex"}})
    assert changed.json["values"] == {"supplier": "Globex"}
    program.post(f"{here}/rows", json={"key": "B-1", "values": {"supplier": "Initech"}})
    assert [each["key"] for each in program.get(f"{here}/rows?key=A").json] == ["A-1"]
    assert [each["key"] for each in program.get(f"{here}/rows?text=init").json] == ["B-1"]
    assert len(program.get(f"{here}/rows?limit=1").json) == 1
    assert stranger.get(f"{here}/rows").status_code == stranger.get(one).status_code == 404
    assert program.delete(one).status_code == 204
    assert program.delete(here).status_code == 204
    assert program.get(PATH).json == []


def test_staff_say_for_which_company(api: Callable[[User], Any]) -> None:
    program, company = api(make_user("manager")), make_client_company()

    assert program.post(PATH, json={"name": "invoices"}).status_code == 422
    made = program.post(PATH, json={"name": "invoices", "client_id": str(company.id)})
    assert made.json["client_id"] == str(company.id)
    assert api(make_user("expert")).get(PATH).status_code == 403


def test_rows_of_any_number_are_listed_page_by_page(api: Callable[[User], Any], anna: User) -> None:
    table = make_data_table(anna.client, name="many")
    db.session.execute(
        DataRow.__table__.insert(),
        [
            {"table_id": table.id, "client_id": table.client_id, "key": f"k{n:03}", "values": {"n": n}}
            for n in range(250)
        ],
    )
    db.session.commit()
    program, seen, address = api(anna), [], f"{PATH}/{table.id}/rows?limit=100"

    while address:
        page = program.get(address)
        seen += [each["key"] for each in page.json]
        links = dict(reversed(part.split("; ")) for part in page.headers.get("Link", "").split(", ") if part)
        address = links.get('rel="next"', "").strip("<>").partition("localhost")[2]

    assert sorted(seen) == [f"k{n:03}" for n in range(250)]
    assert db.session.scalar(select(func.count()).select_from(DataRow)) == 250


@pytest.mark.parametrize("at", ["/dashboard", "/admin"])
def test_the_page_of_a_table_shows_its_rows(app: Any, sign_in: Any, anna: User, invoices: DataTable, at: str) -> None:
    browser = sign_in(app.test_client(), anna if at == "/dashboard" else make_user("manager"))
    answer(row("create", "A-1", values={"supplier": "Acme & Söhne", "amount": 12.5, "paid": True}), anna)
    answer(row("create", "B-1", values={"supplier": "Globex", "more": {"x": [1]}}), anna)
    here = f"{at}/automations/tables/{invoices.id}"
    row_id = db.session.scalar(select(DataRow.id).where(DataRow.key == "A-1"))

    assert "invoices" in browser.get(f"{at}/automations/tables").text
    page = browser.get(here).text
    assert "Acme &amp; Söhne" in page
    assert "12.5" in page
    assert "Globex" in page
    assert "Globex" not in browser.get(f"{here}?key=A").text
    assert "Acme" not in browser.get(f"{here}?text=glob").text
    assert "No rows found" in browser.get(f"{here}?text=nothing").text
    one = browser.get(f"{here}/rows/{row_id}").text
    assert "Acme &amp; Söhne" in one
    assert "deleted" not in one
    assert f"{at}/automations/runs/" in browser.get(f"{at}/automations/tables/{invoices.id}/rows/{row_id}").text
    assert browser.get(f"{at}/automations/tables/new").status_code == 200
    assert browser.get(f"{here}/edit").status_code == 200


def test_rows_are_exported_with_the_columns_of_their_table(committed_db: str, app: Any, sign_in: Any) -> None:
    with as_system("a test"):
        anna = make_user("client")
        table = make_data_table(anna.client, {"supplier": "text", "key": "text"}, name="invoices")
        make_data_row(table, "A-1", supplier='=cmd|"x"', key="own")
        make_data_row(table, "B-1", supplier="Globex")
        browser = sign_in(app.test_client(), anna)
        here = f"/dashboard/automations/tables/{table.id}/export.csv"
        lines = browser.get(here).text.lstrip("\ufeff").splitlines()
        few = browser.get(f"{here}?key=B").text.splitlines()

    assert lines[0] == "id,key,supplier,values.key,created_at,updated_at"
    assert sorted(line.split(",")[1] for line in lines[1:]) == ["A-1", "B-1"]
    assert "=cmd" not in {cell for line in lines for cell in line.split(",")}
    assert len(few) == 2


def test_strangers_and_others_do_not_see_a_table(app: Any, sign_in: Any, invoices: DataTable) -> None:
    here = f"/dashboard/automations/tables/{invoices.id}"
    other = sign_in(app.test_client(), make_user("client"))
    expert = sign_in(app.test_client(), make_user("expert"))

    for path in (here, f"{here}/export.csv", f"{here}/rows/{invoices.id}", f"{here}/edit"):
        assert other.get(path).status_code == 404, path
        assert expert.get(path).status_code == 403, path


@pytest.fixture
def priced(anna: User) -> DataTable:
    return make_data_table(
        anna.client,
        {"supplier": "text", "amount": "number", "paid": "boolean", "due": "date", "lines": "json"},
        name="priced",
    )


def rows_at(table: DataTable, at: str = "/dashboard") -> str:
    return f"{at}/automations/tables/{table.id}/rows"


def the_row(table: DataTable) -> DataRow:
    db.session.expire_all()
    return db.session.scalars(select(DataRow).where(DataRow.table_id == table.id)).one()


@pytest.mark.parametrize("at", ["/dashboard", "/admin"])
def test_a_row_is_added_edited_and_deleted_by_form(
    app: Any, sign_in: Any, anna: User, priced: DataTable, at: str
) -> None:
    browser = sign_in(app.test_client(), anna if at == "/dashboard" else make_user("manager"))
    there = rows_at(priced, at)
    form = browser.get(f"{there}/new").text
    for name in ("key", "value_supplier", "value_amount", "value_paid", "value_due", "value_lines"):
        assert f'name="{name}"' in form
    typed = {"key": "A-1", "value_supplier": "Acme", "value_amount": "1.499,50", "value_paid": "yes"}
    answer = browser.post(f"{there}/new", data={**typed, "value_due": "2026-12-01", "value_lines": '[{"n": 1}]'})
    assert answer.status_code == 303, answer.text
    made, made_id = the_row(priced), the_row(priced).id
    kept = {"supplier": "Acme", "amount": 1499.5, "paid": True, "due": "2026-12-01", "lines": [{"n": 1}]}
    assert (made.key, made.values) == ("A-1", kept)
    here = f"{there}/{made.id}"
    assert answer.headers["Location"] == here

    form = browser.get(f"{here}/edit").text
    assert 'value="1499.5"' in form
    answer = browser.post(
        f"{here}/edit", data={"key": "A-1", "value_supplier": "Globex", "value_paid": "", "version": "1"}
    )
    assert answer.status_code == 303, answer.text
    assert the_row(priced).values == {**kept, "supplier": "Globex", "paid": None}
    assert "Acme" in browser.get(f"{here}/history").text
    assert browser.post(f"{here}/delete").status_code == 303
    db.session.expire_all()
    assert db.session.get(DataRow, made_id) is None


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"value_amount": "much"}, "amount must be a number, such as 12.5."),
        ({"value_amount": "1.500"}, "This may be 1500 or 1.50. Write one or the other."),
        ({"value_due": "soon"}, "due must be a date, such as 2026-12-01."),
        ({"value_lines": "{"}, "This isn’t valid JSON"),
        ({"value_paid": "perhaps"}, "paid must be true or false."),
        ({"key": "x" * 201}, "Use 200 characters at most"),
    ],
)
def test_what_does_not_fit_a_column_is_told_at_its_field(
    app: Any, sign_in: Any, anna: User, priced: DataTable, typed: dict[str, str], says: str
) -> None:
    browser = sign_in(app.test_client(), anna)
    answer = browser.post(f"{rows_at(priced)}/new", data={"value_supplier": "Acme", **typed})
    assert answer.status_code == 422
    assert says in answer.text
    name, text = next(iter(typed.items()))
    assert f'id="{name}-error"' in answer.text
    assert text in answer.text


@pytest.mark.parametrize("typed", ['"\\ud800"', '{"\\ud800": 1}', '"\\u0000"', "1e999"])
def test_json_that_cannot_be_kept_is_told_at_its_field(
    app: Any, sign_in: Any, anna: User, priced: DataTable, typed: str
) -> None:
    answer = sign_in(app.test_client(), anna).post(f"{rows_at(priced)}/new", data={"value_lines": typed})
    assert answer.status_code == 422
    assert 'id="value_lines-error"' in answer.text


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_all_years_is_no_moment(api: Any, anna: User, invoices: DataTable, moment: str) -> None:
    values = {"supplier": "Acme", "seen": moment}
    answer = api(anna).post(f"{PATH}/{invoices.id}/rows", json={"values": values})
    assert answer.status_code in (409, 422)
    assert [(one["pointer"], one["code"]) for one in answer.json["errors"]] == [("/values/seen", "wrong-type")]


def test_a_required_column_and_a_key_that_is_taken_are_told(app: Any, sign_in: Any, anna: User) -> None:
    table = make_data_table(anna.client, {"supplier": "text!"}, name="strict")
    make_data_row(table, "A-1", supplier="Acme")
    browser = sign_in(app.test_client(), anna)
    assert "supplier is required." in browser.post(f"{rows_at(table)}/new", data={"key": "B"}).text
    answer = browser.post(f"{rows_at(table)}/new", data={"key": "A-1", "value_supplier": "Globex"})
    assert answer.status_code == 422
    assert "A row with this key already exists." in answer.text


@pytest.mark.parametrize("key", ["a\0b", "x" * 201])
def test_a_key_that_is_none_is_told_where_a_row_is_edited(
    app: Any, sign_in: Any, anna: User, priced: DataTable, key: str
) -> None:
    row = make_data_row(priced, "A-1", supplier="Acme")
    answer = sign_in(app.test_client(), anna).post(
        f"{rows_at(priced)}/{row.id}/edit", data={"version": "1", "key": key}
    )
    assert answer.status_code == 422
    assert 'id="key-error"' in answer.text
    assert the_row(priced).key == "A-1"


def test_two_people_change_different_values_of_a_row_and_both_count(
    app: Any, sign_in: Any, anna: User, priced: DataTable
) -> None:
    row = make_data_row(priced, "A-1", supplier="Acme", amount=1)
    browser, here = sign_in(app.test_client(), anna), f"{rows_at(priced)}/{row.id}/edit"
    assert browser.post(here, data={"version": "1", "value_amount": "2"}).status_code == 303
    answer = browser.post(here, data={"version": "1", "value_supplier": "Globex", "value_amount": "1"})
    assert answer.status_code == 303, answer.text
    assert the_row(priced).values == {"supplier": "Globex", "amount": 2}

    answer = browser.post(here, data={"version": "1", "value_amount": "3"})
    assert answer.status_code == 409
    assert 'name="take-value_amount"' in answer.text
    version = the_row(priced).version
    answer = browser.post(here, data={"version": str(version), "value_amount": "3", "take-value_amount": "theirs"})
    assert answer.status_code == 303
    assert the_row(priced).values["amount"] == 2


def test_staff_take_back_a_change_of_a_row_and_its_deletion(app: Any, sign_in: Any, priced: DataTable) -> None:
    row = make_data_row(priced, "A-1", supplier="Acme")
    browser, here = sign_in(app.test_client(), make_user("manager")), f"{rows_at(priced, '/admin')}/{row.id}"
    browser.post(f"{here}/edit", data={"version": "1", "value_supplier": "Globex"})
    page = browser.get(here).text
    change = re.search(r'name="change" value="([^"]+)"', page)
    assert change
    assert browser.post(f"{here}/undo", data={"change": change[1]}).status_code == 303
    assert the_row(priced).values == {"supplier": "Acme"}
    browser.get(here)
    page = browser.post(f"{here}/delete", follow_redirects=True).text
    change = re.search(r'name="change" value="([^"]+)"', page)
    assert change
    answer = browser.post(f"{here}/undo", data={"change": change[1]})
    assert answer.headers["Location"] == here
    assert the_row(priced).key == "A-1"


def test_a_table_without_columns_takes_an_object(app: Any, sign_in: Any, anna: User) -> None:
    table = make_data_table(anna.client, {}, name="free")
    browser = sign_in(app.test_client(), anna)
    assert browser.post(f"{rows_at(table)}/new", data={"values": "[1]"}).status_code == 422
    assert browser.post(f"{rows_at(table)}/new", data={"values": '{"a": [1]}'}).status_code == 303
    row = the_row(table)
    assert row.values == {"a": [1]}
    assert browser.post(f"{rows_at(table)}/{row.id}/edit", data={"values": '{"b": 2}'}).status_code == 303
    assert the_row(table).values == {"a": None, "b": 2}


def test_two_people_change_one_value_of_a_row_without_columns_and_the_others_stay(
    app: Any, sign_in: Any, anna: User
) -> None:
    table = make_data_table(anna.client, {}, name="free")
    row = make_data_row(table, "A-1", a=1)
    browser, here = sign_in(app.test_client(), anna), f"{rows_at(table)}/{row.id}/edit"
    assert browser.post(here, data={"version": "1", "values": '{"a": 2, "b": 5}'}).status_code == 303

    asked = browser.post(here, data={"version": "1", "values": '{"a": 3, "c": 7}'})

    assert asked.status_code == 409
    assert 'href="#values"' in asked.text
    shown = re.search(r'<textarea[^>]*name="values"[^>]*>(.*?)</textarea>', asked.text, re.DOTALL)
    assert shown
    typed = {"version": str(the_row(table).version), "values": unescape(shown[1])}
    assert browser.post(here, data=typed).status_code == 303
    assert the_row(table).values == {"a": 3, "b": 5, "c": 7}


@pytest.mark.parametrize("kept", ["first\r\nsecond", "first\rsecond", " first "])
def test_a_text_that_nobody_edited_stays_as_it_is(app: Any, sign_in: Any, anna: User, kept: str) -> None:
    """Forms send the ends of lines in a way of their own."""
    table = make_data_table(anna.client, {"note": "text"}, name="notes")
    row = make_data_row(table, "A-1", note=kept)
    browser, here = sign_in(app.test_client(), anna), f"{rows_at(table)}/{row.id}/edit"
    assert ("<textarea" in browser.get(here).text) == ("\r" in kept)

    typed = kept.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    assert browser.post(here, data={"version": "1", "value_note": typed}).status_code == 303

    assert (the_row(table).values, the_row(table).version) == ({"note": kept}, 1)


def test_rows_of_others_and_of_other_tables_are_not_there(
    app: Any, sign_in: Any, anna: User, priced: DataTable
) -> None:
    row = make_data_row(priced, "A-1", supplier="Acme")
    other = make_data_table(anna.client, {"supplier": "text"}, name="other")
    mine, theirs = sign_in(app.test_client(), anna), sign_in(app.test_client(), make_user("client"))
    for path in ("", "/edit", "/history"):
        assert theirs.get(f"{rows_at(priced)}/{row.id}{path}").status_code == 404
        assert mine.get(f"{rows_at(other)}/{row.id}{path}").status_code == 404
    for path in ("/edit", "/delete"):
        assert theirs.post(f"{rows_at(priced)}/{row.id}{path}").status_code == 404
    assert theirs.post(f"{rows_at(priced)}/new").status_code == 404
    assert the_row(priced).key == "A-1"


@pytest.mark.parametrize("at", ["/dashboard", "/admin"])
def test_tables_and_secrets_lead_back_to_the_automations(app: Any, sign_in: Any, priced: DataTable, at: str) -> None:
    browser = sign_in(
        app.test_client(), make_user("client", client=priced.client) if at == "/dashboard" else make_user("manager")
    )
    row = make_data_row(priced, "A-1", supplier="Acme")
    here, base = f"{at}/automations/tables/{priced.id}", f"{at}/automations"
    for path in (f"{base}/tables", f"{base}/tables/new", here, f"{here}/edit", f"{here}/history", f"{base}/secrets"):
        crumbs = browser.get(path).text.partition('<ol class="crumbs">')[2].partition("</ol>")[0]
        assert f'<a href="{base}">Automations</a>' in crumbs, path
    for path in (
        f"{here}/rows/new",
        f"{here}/rows/{row.id}",
        f"{here}/rows/{row.id}/edit",
        f"{here}/rows/{row.id}/history",
    ):
        crumbs = browser.get(path).text.partition('<ol class="crumbs">')[2].partition("</ol>")[0]
        assert f'<a href="{base}">Automations</a>' in crumbs, path
    for name in ("tables", "secrets"):
        assert f'href="{base}/{name}" aria-current="page"' in browser.get(f"{base}/{name}").text
