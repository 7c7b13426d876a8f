"""Making one of two accounts, or companies, that turned out to be the same; and taking that apart again."""

import re
from typing import get_args

import pytest

from app.auth.api_keys.models import ApiKey
from app.auth.people import merge_operations, merge_references
from app.auth.people.errors import CannotMerge
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.clock import now
from app.core.db import MERGING, Base, Entry
from app.core.numbering import next_number
from app.extensions import db
from app.identity.models import Application, Client, Merging, User
from app.notifications.models import Notification
from app.projects.models import Project
from tests.factories import PASSWORD
from tests.factories.projects import make_project


def fresh(record):
    db.session.expire_all()
    return db.session.get(type(record), record.id)


def add(*records):
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add_all(records)
    db.session.commit()


def notice(user, title="Hello"):
    return Notification(user_id=user.id, kind="seen-as", title=title, created_at=now())


def key_of(user):
    key = ApiKey(user_id=user.id, client_id=user.client_id, name="Shop", prefix="dlk_abc", scopes=["products:read"])
    key.secret_hash = user.id.bytes * 2
    return key


def application(client):
    return Application(
        client_id=client.id,
        identifier="ledger",
        secret_hash=b"x" * 32,
        name="Ledger",
        grant_types=["client_credentials"],
    )


@pytest.fixture
def company(make_client_company):
    return make_client_company(name="Nordwind")


@pytest.fixture
def kim(make_user, company):
    return make_user(role="client", client_id=company.id, username="kim", company_role="member")


@pytest.fixture
def kim2(make_user, company):
    return make_user(role="client", client_id=company.id, username="kim2", company_role="owner")


def merge(browser, source, target):
    kind = "users" if isinstance(source, User) else "clients"
    return browser.post(f"/admin/{kind}/{source.id}/merge", data={"into": target.id})


def test_a_preview_counts_what_moves_and_what_ends(as_admin, api, kim, kim2):
    add(notice(kim2), notice(kim2, "Two"), key_of(kim2))
    api(kim2)
    page = as_admin.get(f"/admin/users/{kim2.id}/merge?into={kim.id}")
    assert page.status_code == 200
    text = re.sub(r"\s+", " ", page.text)
    assert "2 notifications" in text
    assert "<li>1 API key</li>" in text
    assert "<li>1 user session</li>" in text
    assert "For 30 days" in text
    assert fresh(kim2).status == "active"


def test_the_one_that_stays_is_found_by_name(as_admin, kim, kim2):
    page = as_admin.get(f"/admin/users/{kim2.id}/merge?q=kim").text
    assert f"into={kim.id}" in page
    assert f"into={kim2.id}" not in page


def test_a_user_becomes_part_of_another(as_admin, client, api, kim, kim2):
    program = api(kim2)
    key, told = key_of(kim2), notice(kim2)
    add(key, told)
    assert merge(as_admin, kim2, kim).status_code == 303
    assert (fresh(kim2).status, kim2.merged_into_id) == ("suspended", kim.id)
    assert fresh(told).user_id == kim.id
    assert fresh(key).revoked_at is not None
    assert fresh(kim).company_role == "owner"
    assert program.get("/api/auth/me").status_code == 401
    page = client.post("/login", data={"username": "kim2", "password": PASSWORD})
    assert page.status_code == 422
    assert "kim”" not in page.text
    for user in (kim, kim2):
        entry = db.select(AuditEntry).where(AuditEntry.record_id == user.id, AuditEntry.action == "merge")
        assert db.session.scalars(entry).all()
        assert "merge" in as_admin.get(f"/admin/users/{user.id}/history").text


def test_a_merge_is_taken_apart(as_admin, api, kim, kim2):
    told, own = notice(kim2), notice(kim, "Own")
    add(told, own)
    merge(as_admin, kim2, kim)
    assert as_admin.post(f"/admin/users/{kim2.id}/take-apart").status_code == 303
    assert (fresh(kim2).status, kim2.merged_into_id) == ("active", None)
    assert fresh(told).user_id == kim2.id
    assert fresh(own).user_id == kim.id
    assert api(kim2).get("/api/auth/me").status_code == 200
    again = as_admin.get(as_admin.post(f"/admin/users/{kim2.id}/take-apart").headers["Location"]).text
    assert "it was taken back already" in again
    assert "30 days" not in again


def test_credentials_are_nobodys_inheritance(as_admin, kim, kim2):
    from_keys = {found.table.name for found in merge_references.references_to("users", "rewrite")}
    assert not from_keys & {
        "two_factors",
        "recovery_codes",
        "passkeys",
        "linked_identities",
        "known_browsers",
        "tickets",
    }
    assert not from_keys & {"api_keys", "user_sessions", "oauth_grants", "audit_entries"}
    hash_before = kim.password_hash
    merge(as_admin, kim2, kim)
    assert fresh(kim).password_hash == hash_before


@pytest.mark.parametrize("table", ["users", "clients"])
def test_every_reference_in_the_schema_is_decided_about(table):
    found = {
        f"{each.name}.{column.name}": merge_references.merging_of(column, table)
        for each in Base.metadata.sorted_tables
        for column in each.columns
        if any(key.column.table.name == table for key in column.foreign_keys)
        or (table == "clients" and column.name == "client_id" and not column.foreign_keys)
    }
    assert [name for name, merging in found.items() if merging not in get_args(Merging)] == []
    assert found[f"{table}.merged_into_id"] == "rewrite"


def test_entries_stay_as_they_were():
    """But for parts, which follow their record: the database moves them along."""
    entries = [mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, Entry)]
    found = [
        (column, merge_references.merging_of(column, table))
        for each in entries
        for column in each.columns
        for table in ("users", "clients")
    ]
    assert [str(column) for column, merging in found if merging not in (None, "keep", "forbid", "follow")] == []


def test_what_belongs_to_one_alone_forbids_a_merge(make_user, make_client_company, company, monkeypatch):
    make_project(client=company)
    (key,) = Project.__table__.c.client_id.foreign_keys
    monkeypatch.setitem(key.info, MERGING, "forbid")
    target, admin = make_client_company(), make_user(role="admin")
    with pytest.raises(CannotMerge, match="has 1 project, which"):
        merge_operations.merge_companies(company.id, target.id, actor=admin)


def test_what_cannot_be_one_is_refused(as_admin, make_user, kim, kim2):
    stranger = make_user(role="client", username="stranger")
    expert = make_user(role="expert", username="ada")
    for other, reason in (
        (stranger, "different companies"),
        (expert, "different roles"),
        (kim2, "another account than"),
    ):
        page = as_admin.get(f"/admin/users/{kim2.id}/merge?into={other.id}")
        assert (page.status_code, reason in page.text) == (409, True)
        assert merge(as_admin, kim2, other).status_code == 409
    suspended = make_user(role="client", client_id=kim.client_id, status="suspended", username="old")
    assert merge(as_admin, kim2, suspended).status_code == 409
    assert merge(as_admin, suspended, kim).status_code == 303
    assert merge(as_admin, suspended, kim2).status_code == 409
    assert fresh(kim2).status == "active"


def test_an_administrator_does_not_merge_the_own_account_away(as_admin, make_user):
    other = make_user(role="admin")
    assert merge(as_admin, as_admin.user, other).status_code == 409
    assert merge(as_admin, other, as_admin.user).status_code == 303


def test_a_company_becomes_part_of_another(as_admin, api, make_user, make_client_company, company, kim, kim2):
    other = make_client_company(name="Nordwind GmbH")
    boss = make_user(role="client", client_id=other.id, username="boss")
    ledger, key = application(company), key_of(kim)
    add(ledger, key)
    program = api(kim)
    preview = re.sub(r"\s+", " ", as_admin.get(f"/admin/clients/{company.id}/merge?into={other.id}").text)
    assert "2 users" in preview
    assert "<li>1 application</li>" in preview
    assert merge(as_admin, company, other).status_code == 303
    assert (fresh(company).status, company.merged_into_id) == ("suspended", other.id)
    assert {fresh(user).client_id for user in (kim, kim2, boss)} == {other.id}
    assert [fresh(user).company_role for user in (kim, kim2, boss)] == ["member", "member", "owner"]
    assert fresh(ledger).client_id == other.id
    assert fresh(key).revoked_at is not None
    assert program.get("/api/auth/me").status_code == 401
    assert api(kim).get("/api/auth/me").json["client_id"] == str(other.id)
    assert api(as_admin.user).patch(f"/api/clients/{company.id}", json={"status": "active"}).status_code == 409


def test_a_merge_of_companies_is_taken_apart(as_admin, make_user, make_client_company, company, kim, kim2):
    other = make_client_company(name="Nordwind GmbH")
    boss = make_user(role="client", client_id=other.id, username="boss")
    merge(as_admin, company, other)
    assert as_admin.post(f"/admin/clients/{company.id}/take-apart").status_code == 303
    assert (fresh(company).status, company.merged_into_id) == ("active", None)
    assert (fresh(kim).client_id, fresh(kim2).client_id) == (company.id, company.id)
    assert (fresh(kim2).company_role, fresh(kim).company_role) == ("owner", "member")
    assert fresh(boss).client_id == other.id


def test_series_of_both_companies_go_on_without_a_number_given_twice(as_admin, make_client_company, company):
    other = make_client_company(name="Nordwind GmbH")
    for client, kind, number in ((company, "order", 3), (other, "order", 2), (company, "bill", 4)):
        for _ in range(number):
            next_number(client.id, kind, "2026")
    db.session.commit()
    assert merge(as_admin, company, other).status_code == 303
    assert [next_number(other.id, kind, "2026") for kind in ("order", "bill")] == [4, 5]
    db.session.commit()
    assert as_admin.post(f"/admin/clients/{company.id}/take-apart").status_code == 303
    assert [next_number(company.id, kind, "2026") for kind in ("order", "bill")] == [4, 6]


def test_what_moved_too_much_to_be_written_down_cannot_be_taken_back(as_admin, kim, kim2, monkeypatch):
    monkeypatch.setattr(merge_operations, "MOST_WRITTEN_DOWN", 1)
    add(notice(kim2), notice(kim2, "Two"))
    assert "can’t be taken back" in as_admin.get(f"/admin/users/{kim2.id}/merge?into={kim.id}").text
    merge(as_admin, kim2, kim)
    assert "can’t be taken back any more" in as_admin.get(f"/admin/users/{kim2.id}").text
    as_admin.post(f"/admin/users/{kim2.id}/take-apart")
    assert fresh(kim2).merged_into_id == kim.id


def test_a_merged_account_is_not_reactivated(as_admin, kim, kim2):
    merge(as_admin, kim2, kim)
    as_admin.post(f"/admin/users/{kim2.id}/reactivate")
    assert fresh(kim2).status == "suspended"


def test_a_merged_company_is_named_on_its_page(as_manager, as_admin, make_client_company, company):
    other = make_client_company(name="Nordwind GmbH")
    merge(as_admin, company, other)
    page = as_manager.get(f"/admin/clients/{company.id}").text
    assert "Merged into another company" in page
    assert f"/admin/clients/{other.id}" in page
    assert db.session.get(Client, company.id) is not None
