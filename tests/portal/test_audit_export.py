"""The log as a file: exactly what the search finds, every column, streamed; and itself in the log."""

import csv
import io
import json
import tracemalloc
from contextlib import closing
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from app.catalog import operations
from app.core.audit import SYSTEM, AuditEntry, audit_as, using_audit_context
from app.extensions import db
from app.portal.audit_export import COLUMNS

pytestmark = pytest.mark.committed


@pytest.fixture
def entries(committed_db, as_manager, make_product, db_session):
    for number in range(3):
        product = make_product(name=f"=Item {number}", price=Decimal("1499.10"))
        with using_audit_context(via="api", request_id=f"req-{number}"):
            operations.update_product(product, {"price": Decimal("1299.10")}, actor=as_manager.user)
            db_session.commit()


def as_rows(answer):
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def as_objects(answer):
    return [json.loads(line, parse_float=Decimal) for line in answer.text.splitlines()]


def test_the_file_has_exactly_the_entries_that_are_found_and_every_column(as_manager, entries):
    rows = as_rows(as_manager.get("/admin/audit/export.csv?via=api&action=update"))
    assert [row["request_id"] for row in rows] == ["req-0", "req-1", "req-2"]
    assert set(rows[0]) == set(COLUMNS)
    assert {"id", "at", "actor_name", "acting_as_name", "before", "after"} <= set(COLUMNS)
    assert rows[0]["actor_name"] == as_manager.user.username
    assert json.loads(rows[0]["before"], parse_float=Decimal) == {"price": Decimal("1499.10")}
    one = as_rows(as_manager.get("/admin/audit/export.csv?request_id=req-1"))
    assert [row["request_id"] for row in one] == ["req-1"]


def test_json_lines_hold_the_same(as_manager, entries):
    rows = as_rows(as_manager.get("/admin/audit/export.csv?via=api"))
    answer = as_manager.get("/admin/audit/export.jsonl?via=api")
    objects = as_objects(answer)
    assert answer.mimetype == "application/jsonl"
    assert [str(o["id"]) for o in objects] == [row["id"] for row in rows]
    assert objects[0].keys() == set(COLUMNS)
    assert objects[0]["after"]["price"] == Decimal("1299.10")
    assert objects[0]["acting_as_id"] is None


def test_without_a_search_it_is_the_whole_log_and_a_page_of_it_makes_no_difference(as_manager, entries):
    count = db.session.scalar(text("select count(*) from audit_entries"))
    assert len(as_objects(as_manager.get("/admin/audit/export.jsonl?before=2"))) == count


def test_no_cell_is_a_formula(as_manager, entries):
    labels = {row["record_label"] for row in as_rows(as_manager.get("/admin/audit/export.csv?action=update"))}
    assert labels == {"'=Item 0", "'=Item 1", "'=Item 2"}


def test_the_file_has_a_name_and_is_kept_by_no_cache(as_manager, entries):
    answer = as_manager.get("/admin/audit/export.csv?action=nothing")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert as_rows(answer) == []
    assert as_manager.get("/admin/audit/export.jsonl?action=nothing").data == b""


def test_an_export_is_in_the_log_with_what_was_asked_and_not_in_itself(as_manager, entries):
    first = as_objects(as_manager.get("/admin/audit/export.jsonl?via=api"))
    assert "export" not in {o["action"] for o in first}
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "export")).one()
    assert entry.actor_id == as_manager.user.id
    assert entry.after == {"format": "jsonl", "via": "api"}
    page = as_manager.get("/admin/audit?action=export").text
    assert "exported the audit log" in page


@pytest.mark.parametrize("role", ["client", "expert"])
def test_others_than_staff_take_no_file(request, entries, role):
    browser = request.getfixturevalue(f"as_{role}")
    for form in ("csv", "jsonl"):
        assert browser.get(f"/admin/audit/export.{form}").status_code == 403
    assert not db.session.scalar(text("select exists (select from audit_entries where action = 'export')"))


def test_a_stranger_is_led_to_the_sign_in(app, entries):
    assert app.test_client().get("/admin/audit/export.csv").status_code == 303


def test_a_search_that_makes_no_sense_leads_back_to_the_page(as_manager, entries):
    answer = as_manager.get("/admin/audit/export.csv?since=soon&via=api")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/admin/audit?since=soon&via=api"


def test_another_form_does_not_exist(as_manager, entries):
    assert as_manager.get("/admin/audit/export.ods").status_code == 404


def test_a_long_log_takes_no_more_memory_than_a_short_one(as_manager, entries, db_session):
    audit_as(db_session, actor=SYSTEM, action="fill")
    db_session.execute(
        text("""
        insert into clients (id, name, created_at, updated_at)
        select gen_random_uuid(), repeat('x', 100) || number, now(), now() from generate_series(1, 30000) number""")
    )
    db_session.commit()
    for form in ("csv", "jsonl"):
        answer = as_manager.get(f"/admin/audit/export.{form}?action=fill", buffered=False)
        with closing(answer):
            tracemalloc.start()
            size = sum(len(chunk) for chunk in answer.iter_encoded())
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert size > 10_000_000
        assert peak < 5_000_000


def test_a_workbook_has_the_entries_of_the_csv_file(as_manager, entries):
    openpyxl = pytest.importorskip("openpyxl")
    rows = as_rows(as_manager.get("/admin/audit/export.csv?via=api&action=update"))
    answer = as_manager.get("/admin/audit/export.xlsx?via=api&action=update")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    heading, *found = sheet.iter_rows(values_only=True)
    assert [str(dict(zip(heading, row, strict=True))["id"]) for row in found] == [row["id"] for row in rows]
