"""Imports, bulk changes and undos through the pages, as staff use them."""

import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from app.catalog import operations
from app.catalog.models import Product
from app.changes import jobs as tasks
from app.changes import running
from app.core.changes import staging
from app.core.changes.models import ChangePart, ChangeRow, ChangeSet, State
from app.core.clock import shifted
from app.core.ids import new_id
from app.jobs.models import jobs
from tests.factories.assistants import make_assistant, make_skill
from tests.jobs import run_jobs

GOOD = "Name;Category;Price (EUR)\r\nÄpfel;Büro;1.499,00\r\nBirnen;Büro;2,50\r\n"
WRONG = GOOD + "Falsch;Büro;abc\r\n"


def upload(browser, content, name="preise.csv"):
    content = content.encode("cp1252") if isinstance(content, str) else content
    data = {"file": (io.BytesIO(content), name)}
    return browser.post("/admin/products/import", data=data, content_type="multipart/form-data")


@pytest.fixture
def newest(db_session):
    return lambda: db_session.scalars(
        select(ChangeSet).order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc())
    ).first()


def names(session):
    return sorted(session.scalars(select(Product.name)))


def test_the_import_form_explains_itself_and_offers_an_empty_table(as_manager):
    page = as_manager.get("/admin/products/import").text
    assert 'enctype="multipart/form-data"' in page
    assert "<code>category</code>" in page
    template = as_manager.get("/admin/products/import/template.csv")
    assert template.data.decode("utf-8-sig").strip().split(",")[:2] == ["name", "slug"]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"PK\x03\x04x", "Excel workbook"), (b"%PDF-1.7", "PDF")],
)
def test_a_file_that_cannot_be_read_comes_back_to_the_form(as_manager, newest, content, says):
    answer = upload(as_manager, content)
    assert answer.status_code == 422
    assert says in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert newest() is None


def test_no_file_is_told(as_manager):
    assert as_manager.post("/admin/products/import", data={}).status_code == 422


def test_an_import_is_previewed_applied_and_undone(as_manager, db_session, newest):
    answer = upload(as_manager, GOOD)
    assert answer.status_code == 303
    here = answer.location
    page = as_manager.get(here).text
    assert "2 new" in page
    assert "Windows-1252" in page
    assert names(db_session) == []
    assert as_manager.post(f"{here}/apply").location == here
    assert names(db_session) == ["Birnen", "Äpfel"]
    assert db_session.scalar(select(Product.price).where(Product.name == "Äpfel")) == Decimal("1499.00")
    assert "2 rows saved" in as_manager.get(here).text
    undo = as_manager.post(f"{here}/undo").location
    assert "2 records removed." in as_manager.get(undo).text
    assert "undid <a" in as_manager.get("/admin/").text
    assert "“Import of preise.csv”" in as_manager.get("/admin/").text
    assert names(db_session) == []
    assert "Undone by" in as_manager.get(here).text
    as_manager.post(f"{undo}/undo")
    assert names(db_session) == ["Birnen", "Äpfel"]
    assert newest().title == "Redo: Import of preise.csv"


def test_wrong_rows_are_shown_corrected_or_left_out_on_purpose(as_manager, db_session, newest):
    here = upload(as_manager, WRONG).location
    page = as_manager.get(here).text
    assert "Row 4" in page
    assert "This is no amount" in page
    as_manager.post(f"{here}/apply")
    assert newest().state == State.PREVIEWED
    again = as_manager.post(f"{here}/rows/4", data={"price": "-1"})
    assert again.status_code == 422
    assert 'value="-1"' in again.text
    assert as_manager.post(f"{here}/rows/4", data={"price": "3,50"}).status_code == 303
    as_manager.post(f"{here}/apply")
    assert names(db_session) == ["Birnen", "Falsch", "Äpfel"]


def test_the_rest_is_applied_when_that_is_said(as_manager, db_session, newest):
    here = upload(as_manager, WRONG).location
    as_manager.post(f"{here}/apply", data={"leave_out": "1"})
    assert names(db_session) == ["Birnen", "Äpfel"]
    assert newest().rows_done == 2


def test_wrong_rows_can_be_downloaded_with_what_is_wrong(as_manager):
    here = upload(as_manager, WRONG + "=cmd();Büro;x\r\n").location
    lines = as_manager.get(f"{here}/wrong.csv").data.decode("utf-8-sig").splitlines()
    assert lines[0] == "name;category;price;currency;problem"
    assert lines[1].startswith("Falsch;Büro;abc;EUR;price: ")
    assert lines[2].startswith("'=cmd();")


def test_a_discarded_import_is_gone(as_manager, db_session, newest):
    here = upload(as_manager, GOOD).location
    assert as_manager.post(f"{here}/discard").status_code == 303
    again = as_manager.post(f"{here}/discard").location
    assert "It was discarded already." in as_manager.get(again).text
    assert newest().state == State.DISCARDED
    as_manager.post(f"{here}/apply")
    assert names(db_session) == []


def test_applying_twice_is_told(as_manager, db_session):
    here = upload(as_manager, GOOD).location
    as_manager.post(f"{here}/apply")
    as_manager.post(f"{here}/apply")
    assert "has been applied already" in as_manager.get(here).text
    assert len(names(db_session)) == 2


def test_many_rows_are_applied_by_a_job_with_progress_shown(as_manager, db_session, newest):
    rows = "".join(f"P {n};c;{n}\r\n" for n in range(1, 602))
    here = upload(as_manager, "Name;Category;Price (EUR)\r\n" + rows).location
    as_manager.post(f"{here}/apply")
    waiting = newest()
    assert waiting.state == State.QUEUED
    assert db_session.scalar(select(jobs.c.task_name).where(jobs.c.id == waiting.job_id)) == "changes.apply"
    page = as_manager.get(here).text
    assert 'hx-trigger="every 1s"' in page
    assert '<meta http-equiv="refresh"' in page
    fragment = as_manager.get(here, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "<progress" in fragment
    run_jobs(db_session, running.APPLY)
    db_session.commit()
    assert len(names(db_session)) == 601
    assert "hx-trigger" not in as_manager.get(here, headers={"HX-Request": "true"}).text
    author = db_session.scalar(text("select actor_id from audit_entries order by id desc limit 1"))
    assert author == as_manager.user.id


def test_a_job_that_was_stopped_can_be_begun_again(as_manager, db_session, newest):
    rows = "".join(f"P {n};c;{n}\r\n" for n in range(1, 602))
    here = upload(as_manager, "Name;Category;Price (EUR)\r\n" + rows).location
    as_manager.post(f"{here}/apply")
    first = newest().job_id
    db_session.execute(jobs.update().where(jobs.c.id == first).values(status="cancelled"))
    db_session.commit()
    assert "Start again" in as_manager.get(here).text
    as_manager.post(f"{here}/apply")
    assert newest().job_id != first


def test_a_preview_that_was_stopped_can_be_begun_again(as_manager, db_session, newest, monkeypatch):
    monkeypatch.setattr(running, "READ_AT_ONCE", 1)
    here = upload(as_manager, "Name;Category;Price (EUR)\r\nShelf;c;1\r\n").location
    first = newest().job_id
    as_manager.post(f"{here}/again")
    assert newest().job_id == first, "it is on its way"
    db_session.execute(jobs.update().where(jobs.c.id == first).values(status="failed"))
    db_session.commit()
    assert f'action="{here}/again"' in as_manager.get(here).text
    as_manager.post(f"{here}/again")
    assert newest().job_id != first
    tasks.preview_change_set(str(newest().id))
    db_session.commit()
    assert "1 new" in as_manager.get(here).text
    as_manager.post(f"{here}/again")
    assert newest().state == State.PREVIEWED


@pytest.mark.parametrize("left", ["queued", "running"])
def test_an_undo_whose_worker_died_goes_on_with_the_same_job(as_manager, db_session, newest, monkeypatch, left):
    here = upload(as_manager, GOOD).location
    as_manager.post(f"{here}/apply")
    monkeypatch.setattr(staging, "LARGE", 1)
    as_manager.post(f"{here}/undo")
    undo_set = newest()
    assert undo_set.state == State.PREPARING
    monkeypatch.setattr(tasks, "apply_change_set", lambda *_: None)
    tasks.preview_change_set(str(undo_set.id))
    monkeypatch.undo()
    undo_set.state = left
    db_session.commit()
    tasks.preview_change_set(str(undo_set.id))
    db_session.commit()
    assert newest().state == State.APPLIED
    assert names(db_session) == []


def test_after_30_days_the_rows_go_and_the_summary_stays(as_manager, db_session, newest):
    here = upload(as_manager, WRONG).location
    as_manager.post(f"{here}/apply", data={"leave_out": "1"})
    with shifted(timedelta(days=29, hours=23)):
        tasks.clear_change_sets()
    assert db_session.query(ChangeRow).count() == 3
    assert "Äpfel" in as_manager.get(f"{here}?rows=new").text
    with shifted(timedelta(days=30, minutes=1)):
        tasks.clear_change_sets()
    assert db_session.query(ChangeRow).count() == 0
    assert names(db_session) == ["Birnen", "Äpfel"]
    newest().applied_at -= timedelta(days=31)
    db_session.commit()
    page = as_manager.get(here).text
    assert "2 rows saved; 1 with errors skipped." in page
    assert "was removed after 30 days" in page
    assert "wrong.csv" not in page
    assert "Rows: " not in page
    assert as_manager.get(f"{here}/wrong.csv").status_code == 404


def test_what_nobody_carries_on_is_discarded_after_30_days(as_manager, db_session, newest, monkeypatch):
    upload(as_manager, GOOD)
    previewed = newest()
    monkeypatch.setattr(running, "READ_AT_ONCE", 1)
    upload(as_manager, GOOD)
    waiting = newest()
    with shifted(timedelta(days=30, minutes=1)):
        tasks.clear_change_sets()
        assert (previewed.state, waiting.state) == (State.DISCARDED, State.PREPARING)
        assert set(db_session.scalars(select(ChangePart.change_set_id))) == {waiting.id}
        assert db_session.query(ChangeRow).count() == 0
        db_session.execute(jobs.update().values(status="failed"))
        tasks.clear_change_sets()
        assert waiting.state == State.DISCARDED
        assert db_session.query(ChangePart).count() == 0


def test_prices_of_ticked_records_are_moved(as_manager, db_session, make_product):
    one, two = make_product(price=Decimal("10.00")), make_product(price=Decimal("0.05"))
    data = {"ids": [str(one.id), str(two.id)], "action": "move:price", "percent": "10"}
    here = as_manager.post("/admin/products/bulk", data=data).location
    assert "2 changed" in as_manager.get(here).text
    as_manager.post(f"{here}/apply")
    assert (one.price, two.price) == (Decimal("11.00"), Decimal("0.06"))
    as_manager.post(f"{here}/undo")
    assert (one.price, two.price) == (Decimal("10.00"), Decimal("0.05"))


def test_all_that_the_list_shows_are_archived_and_restored(as_manager, make_product):
    mine, other = make_product(category="A"), make_product(category="B")
    for action, query in (("archive", "category=A"), ("restore", "category=A&archived=archived")):
        here = as_manager.post("/admin/products/bulk", data={"all": "1", "query": query, "action": action}).location
        as_manager.post(f"{here}/apply")
        assert mine.is_archived == (action == "archive")
        assert not other.is_archived


def test_a_bulk_change_of_what_was_searched_takes_no_more_than_the_list_shows(as_manager):
    """Names of people are searched for as they are written; a stem would take Mansour for Manning."""
    one, other = make_assistant(name="Manning"), make_assistant(name="Mansour")
    shown = as_manager.get("/admin/assistants?q=Manning").text
    data = {"all": "1", "query": "q=Manning", "action": "archive"}
    here = as_manager.post("/admin/assistants/bulk", data=data).location
    as_manager.post(f"{here}/apply")
    assert "Mansour" not in shown
    assert (one.is_archived, other.is_archived) == (True, False)


@pytest.mark.parametrize(
    "data",
    [
        {"action": "archive", "ids": ""},
        {"action": "drop table"},
        {"action": "set:slug", "value": "x"},
        {"action": "set:price", "value": "-3"},
        {"action": "move:price", "percent": "abc"},
        {"action": "move:price", "percent": "NaN"},
        {"action": "move:price"},
        {"action": "move:category", "percent": "5"},
        {"action": "archive", "all": "1", "query": "min_price=x"},
    ],
)
def test_a_bulk_change_that_makes_no_sense_changes_nothing(as_manager, newest, make_product, data):
    answer = as_manager.post("/admin/products/bulk", data={"ids": str(make_product().id)} | data)
    assert answer.status_code == 303
    assert answer.location.startswith("/admin/products")
    assert newest() is None


def test_the_list_shows_change_sets_newest_first(as_manager):
    upload(as_manager, GOOD, "one.csv")
    upload(as_manager, GOOD, "two.csv")
    page = as_manager.get("/admin/changes").text
    assert re.findall(r"Import of (\w+)\.csv", page) == ["two", "one"]
    assert "Import of" not in as_manager.get("/admin/changes?kind=bulk").text


@pytest.mark.parametrize("path", ["/admin/changes", "/admin/products/import"])
def test_clients_and_strangers_stay_out(client, as_client, path):
    assert client.get(path).status_code == 303
    assert as_client.get(path).status_code == 403


def test_what_is_not_there_is_not_found(as_manager):
    assert as_manager.get(f"/admin/changes/{new_id()}").status_code == 404
    assert as_manager.post(f"/admin/changes/{new_id()}/apply").status_code == 404
    assert as_manager.get("/admin/nothing/import").status_code == 404


def test_a_preview_of_many_rows_is_a_job(as_manager, db_session, newest, monkeypatch):
    monkeypatch.setattr(staging, "LARGE", 1)
    here = upload(as_manager, GOOD).location
    assert newest().state == State.PREPARING
    assert "Checking the rows" in as_manager.get(here).text
    tasks.preview_change_set(str(newest().id))
    db_session.commit()
    assert "2 new" in as_manager.get(here).text


def test_many_skills_changed_at_once_promise_no_undo_that_there_is_not(as_admin, db_session):
    one, two = make_skill(category="Old"), make_skill(category="Old")
    data = {"ids": [str(one.id), str(two.id)], "action": "set:category", "value": "New"}
    here = as_admin.post("/admin/skills/bulk", data=data).location
    before = as_admin.get(here).text
    as_admin.post(f"{here}/apply")
    db_session.expire_all()
    assert (one.category, two.category) == ("New", "New")
    after = as_admin.get(here).text
    for page in (before, after):
        assert "Changes of skills can’t be undone" in page
        assert "You can undo this" not in page
    assert f'action="{here}/undo"' not in after


def test_an_undo_tells_what_became_of_each_record(as_manager, db_session, newest, make_product):
    make_product(name="Birnen", price=Decimal("2.00"), currency="EUR")
    here = upload(as_manager, GOOD).location
    as_manager.post(f"{here}/apply")
    undo = as_manager.post(f"{here}/undo").location
    assert "1 record removed, 1 restored." in as_manager.get(undo).text
    redo = as_manager.post(f"{undo}/undo").location
    assert "1 record restored, 1 added back." in as_manager.get(redo).text
    home = as_manager.get("/admin/").text
    assert re.search("redid <a[^>]*>“Import of preise.csv”", home)


def test_an_undo_that_meets_later_changes_says_first_what_it_would_do(as_manager, db_session, newest):
    here = upload(as_manager, GOOD).location
    as_manager.post(f"{here}/apply")
    changed = db_session.scalar(select(Product).where(Product.name == "Birnen"))
    operations.update_product(changed, {"price": Decimal("9.00")}, actor=as_manager.user)
    db_session.commit()
    undo = as_manager.post(f"{here}/undo").location
    assert "This removes 1 record; 1 change would stay" in as_manager.get(undo).text
    as_manager.post(f"{undo}/apply")
    assert "1 record removed; 1 left unchanged" in as_manager.get(undo).text
