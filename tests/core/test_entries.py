"""Tables of entries: rows are added and counted, and nobody changes or takes them away."""

from types import SimpleNamespace
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped

from app.core import rules
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.changes.rules import UndoRules, declare
from app.core.database_errors import explain
from app.core.db import Entry
from app.core.errors import Conflict
from app.core.kinds import Filing
from migrations.helpers import ENTRY

ATTEMPTS = [
    "update postings set amount = 2",
    "update postings set amount = 2 where false",
    "delete from postings",
    "truncate postings",
    "truncate clients cascade",
    "insert into postings select * from postings on conflict (id) do update set amount = 2",
    "merge into postings p using postings q on p.id = q.id when matched then delete",
]


class OtherBase(DeclarativeBase):
    """A metadata of its own: no table of the portal."""


class Posting(Entry, OtherBase):
    __tablename__ = "postings"

    client_id: Mapped[UUID]
    amount: Mapped[int]


@pytest.fixture
def company(committed_db, client, make_client_company):
    """A company with a posting. Staff and the company's people have every right on the table."""
    found = make_client_company()
    with psycopg.connect(committed_db) as owner:
        owner.execute(f"""
            create table postings (id uuid primary key, {ENTRY},
                client_id uuid not null references clients (id) on delete cascade, amount bigint not null)""")
        owner.execute("call final_table('postings')")
        owner.execute("call enable_rls('postings', 'company')")
    return found


def add(session, company, *amounts):
    audit_as(session, actor=SYSTEM, action="post")
    session.add_all([Posting(client_id=company.id, amount=amount) for amount in amounts])
    session.commit()


def test_entries_are_added_and_counted_without_a_copy_in_the_audit(db_session, company):
    add(db_session, company, 1, 2)
    add(db_session, company, 3)
    add(db_session, company)
    counted = "select sum(version) > 1, sum(total), sum(live) from data_versions where table_name = 'postings'"
    assert db_session.execute(text(counted)).one() == (True, 3, 3)
    assert db_session.query(AuditEntry).filter_by(table_name="postings").count() == 0
    assert db_session.query(Posting).filter(Posting.created_at.is_(None)).count() == 0


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_nobody_changes_an_entry_not_even_the_owner(db_session, committed_db, company, statement):
    add(db_session, company, 1)
    with psycopg.connect(committed_db) as owner, pytest.raises(psycopg.Error, match="written once"):
        owner.execute(statement)


@pytest.mark.parametrize("statement", [each for each in ATTEMPTS if "truncate" not in each])
def test_the_application_hears_a_conflict(db_session, company, statement):
    add(db_session, company, 1)
    with pytest.raises(DBAPIError) as caught:
        db_session.execute(text(statement))
    db_session.rollback()
    error = explain(caught.value)
    assert isinstance(error, Conflict)
    assert error.message == "What is in postings is written once, and never changed or deleted."


def test_a_company_with_entries_stays(db_session, company):
    add(db_session, company, 1)
    with pytest.raises(DBAPIError, match="written once"):
        db_session.execute(text("delete from clients where id = :id"), {"id": company.id})
    db_session.rollback()


def test_a_domain_has_an_error_of_its_own_for_it(db_session, company, monkeypatch):
    class IsPosted(Conflict):
        code = "posted"

    monkeypatch.setattr(rules, "_NAMED", {})
    rules.enforces("postings_are_final", says="A posting is reversed, never changed.")(IsPosted)
    add(db_session, company, 1)
    with pytest.raises(DBAPIError) as caught:
        db_session.execute(text("delete from postings"))
    db_session.rollback()
    error = explain(caught.value)
    assert (type(error), error.message) == (IsPosted, "A posting is reversed, never changed.")


def test_an_entry_has_no_version_and_no_later_date():
    assert set(Posting.__table__.c.keys()) == {"id", "created_at", "client_id", "amount"}


def test_nothing_that_changes_rows_takes_entries(monkeypatch):
    editing = SimpleNamespace(kind=SimpleNamespace(model=Posting))
    with pytest.raises(TypeError, match="Posting is an entry"):
        Filing(editing)
    monkeypatch.setattr("app.core.changes.rules.Base", OtherBase)
    with pytest.raises(TypeError, match="Posting is an entry"):
        declare("postings", UndoRules(permission="postings:write"))
