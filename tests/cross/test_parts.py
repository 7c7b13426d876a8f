"""Parts of a company's record say themselves whose they are: the database takes it from the record and keeps it so."""

from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, text
from sqlalchemy.exc import IntegrityError

from app.auth.people.merge_operations import merge_companies, take_apart
from app.core.audit import AuditEntry
from app.core.db import Base
from app.core.tenancy import TenantContext, tenant_context
from app.extensions import db
from app.identity.models import Client
from app.projects.models import Deliverable
from tests.factories import make_client_company, make_user
from tests.factories.engagements import make_match
from tests.factories.projects import make_project

LOOKS_ELSEWHERE = {
    ("api_key_uses", "tenant"), ("oauth_applications", "granted"), ("oauth_grants", "tenant"),
    ("refresh_tokens", "tenant"), ("tickets", "tenant"), ("user_sessions", "tenant"),
}  # fmt: skip
"""Policies that may look into other tables: these rows are few, and each belongs to a person."""


def is_of_a_company(table: Table) -> bool:
    return "client_id" in table.c and not table.c.client_id.nullable


def below_a_record() -> list[Table]:
    """The tables that refer to records of companies."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if any(is_of_a_company(key.referred_table) for key in table.foreign_key_constraints)
    ]


def test_whatever_is_below_a_companys_record_is_bound_to_the_same_company(app):
    def is_bound(key: ForeignKeyConstraint) -> bool:
        pairs = {(one.parent.name, one.column.name) for one in key.elements}
        return ("client_id", "client_id") in pairs and key.onupdate == "CASCADE"

    unbound = {one.name for one in below_a_record() if not any(is_bound(key) for key in one.foreign_key_constraints)}
    assert unbound == set()
    assert {"deliverables", "milestones", "matches", "time_entries"} <= {one.name for one in below_a_record()}


def test_policies_look_into_no_other_table(db_session):
    """What a policy asks of another table is asked for every row."""
    query = """
        select distinct p.polrelid::regclass::text, p.polname from pg_policy p
          join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
         where d.refclassid = 'pg_class'::regclass and d.refobjid <> p.polrelid"""
    assert {tuple(row) for row in db_session.execute(text(query))} == LOOKS_ELSEWHERE


def delivered(title: str) -> Deliverable:
    return make_project(deliverables=[title]).deliverables[0]


def company_of(table: str, record_id: Any) -> Any:
    return db.session.scalar(text(f"select client_id from {table} where id = :id"), {"id": record_id})


def test_plain_sql_can_neither_forget_nor_lie(db_session):
    project, other = make_project(), make_client_company()
    insert = "insert into milestones (id, project_id, position, title, created_at, updated_at{}) values "
    row = "(gen_random_uuid(), :project, 0, 'Half', now(), now(){}) returning id"
    made = db_session.scalar(text(insert.format("") + row.format("")), {"project": project.id})
    assert company_of("milestones", made) == project.client_id
    for statement in (
        insert.format(", client_id") + row.format(", :other"),
        "update milestones set client_id = :other where project_id = :project returning id",
    ):
        with pytest.raises(IntegrityError, match="milestones_project_id_client_id_fkey"), db_session.begin_nested():
            db_session.execute(text(statement), {"project": project.id, "other": other.id})


def test_a_record_that_changes_hands_takes_its_parts_along(db_session):
    part, other = delivered("Report"), make_client_company()
    db_session.execute(
        text("update projects set client_id = :other where id = :id"), {"other": other.id, "id": part.project_id}
    )
    assert company_of("deliverables", part.id) == other.id


def test_a_merge_takes_parts_along_and_back(db_session):
    part, match, target = delivered("Report"), make_match(), make_client_company()
    source = db_session.get_one(Client, part.client_id)
    db_session.execute(text("update match_requests set client_id = :id"), {"id": source.id})
    db_session.commit()
    admin = make_user(role="admin")
    merge_companies(source.id, target.id, actor=admin)
    assert company_of("deliverables", part.id) == company_of("matches", match.id) == target.id
    take_apart(db_session.get_one(Client, source.id), actor=admin)
    assert company_of("deliverables", part.id) == company_of("matches", match.id) == source.id


def test_a_company_reads_the_history_of_its_own_parts(db_session):
    part, _others = delivered("Our report"), delivered("Their report")
    db_session.commit()
    told = db_session.query(AuditEntry).filter(AuditEntry.table_name == "deliverables")
    assert {entry.client_id for entry in told.filter(AuditEntry.record_id == part.id)} == {part.client_id}
    with tenant_context(TenantContext(client_id=part.client_id)):
        assert {entry.record_id for entry in told} == {part.id}
        assert {one.id for one in db_session.query(Deliverable)} == {part.id}
    hidden = db_session.query(AuditEntry.after).filter(AuditEntry.record_id == part.id).all()
    assert all("client_id" not in after for (after,) in hidden)


def test_a_parent_that_is_loaded_isnt_asked_for_again():
    """A relationship by both columns would ask the database each time: two columns are no primary key."""
    asking = [
        f"{mapper.class_.__name__}.{one.key}"
        for mapper in Base.registry.mappers
        for one in mapper.relationships
        if one.direction.name == "MANYTOONE" and not one._get_strategy((("lazy", "select"),)).use_get
    ]
    assert asking == []
