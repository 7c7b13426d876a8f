"""The migrations lead to what the models say, and back, with rows in the tables."""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import SAWarning

from app import create_app
from app.core import kinds
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.clock import frozen
from app.core.schema_version import revisions
from app.extensions import db
from app.projects.models import Project
from app.projects.teams.models import TeamMember
from config import ROOT, sqlalchemy_url
from tests.conftest import settings_for
from tests.factories import make_user
from tests.factories.assistants import make_assistant
from tests.factories.catalogue import make_product
from tests.factories.projects import make_project, make_team

DATABASE_ONLY = (
    "search_words",
    "data_versions",
    "audit_chains",
    "alembic_version",
    "assistant_changes",
    "rls_snapshot",
)
DATABASE_ONLY_PREFIXES = ("procrastinate_",)

MAY_BE_EMPTY = {"alembic_version"}

SHAPE = {
    "columns": """
        select table_name, column_name, data_type, is_nullable, column_default, generation_expression
        from information_schema.columns where table_schema = 'public' order by 1, 2""",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2",
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace order by 1, 2""",
    "triggers": """
        select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
        order by 1, 2""",
    "functions": """
        select p.oid::regprocedure::text, md5(p.prosrc) from pg_proc p
        where pronamespace = 'public'::regnamespace
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by 1""",
}


@pytest.fixture
def filled(committed_db: str, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A committed database with rows in every table; the connection is for looking at it."""
    request.getfixturevalue("fill_every_table")()
    engine = create_engine(sqlalchemy_url(committed_db), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def shape(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {part: [tuple(row) for row in connection.execute(text(query))] for part, query in SHAPE.items()}


def counts(connection: Connection) -> dict[str, int]:
    tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
    return {table: connection.scalar(text(f'select count(*) from "{table}"')) or 0 for table in tables}


def test_there_is_one_line_of_migrations_and_each_can_be_undone(app):
    scripts = ScriptDirectory(str(app.extensions["migrate"].directory))
    assert len(scripts.get_heads()) == 1
    assert all(len(revision._all_down_revisions) <= 1 for revision in scripts.walk_revisions())
    # What serves finds them out by itself, without Alembic.
    assert revisions() == (set(scripts.get_heads()), {revision.revision for revision in scripts.walk_revisions()})


def test_the_files_of_migrations_stand_in_the_order_in_which_they_run(app):
    scripts = ScriptDirectory(str(app.extensions["migrate"].directory))
    files = [Path(revision.path).name for revision in scripts.walk_revisions()]
    assert files[::-1] == sorted(files)


def test_down_to_nothing_and_up_again_on_a_filled_database(filled, committed_db):
    before = shape(filled)
    full = counts(filled)
    assert [table for table, number in full.items() if not number and table not in MAY_BE_EMPTY] == []

    migrating = create_app(settings_for(committed_db))
    with migrating.app_context():
        steps = len(list(ScriptDirectory(str(migrating.extensions["migrate"].directory)).walk_revisions()))
        for _ in range(steps):
            downgrade(revision="-1")
        assert set(counts(filled)) <= {"alembic_version"}
        upgrade()
        db.engine.dispose()
    assert shape(filled) == before


def test_the_last_step_down_and_up_again_keeps_the_rest(filled, committed_db):
    before = shape(filled)
    migrating = create_app(settings_for(committed_db))
    with migrating.app_context():
        downgrade(revision="-1")
        upgrade()
        db.engine.dispose()
    assert shape(filled) == before
    assert counts(filled)["products"] > 0


def test_the_models_and_the_migrated_schema_agree(app, db_session):
    def include(thing: Any, name: str, kind: str, reflected: bool, model: object) -> bool:
        if kind == "table":
            return not (name in DATABASE_ONLY or name.startswith(DATABASE_ONLY_PREFIXES))
        if kind == "column":
            return name != "search"
        if kind == "foreign_key_constraint":
            return not thing.elements[0].target_fullname.startswith(DATABASE_ONLY_PREFIXES)
        # Indexes for lists and search stand in migrations only; the models name those that carry a rule.
        return not (kind == "index" and reflected and model is None)

    context = MigrationContext.configure(db.session.connection(), opts={"include_object": include})
    with warnings.catch_warnings(action="ignore", category=SAWarning):  # a type of the database's own
        differences = compare_metadata(context, db.metadata)
    assert [found for found in differences if found[0] != "remove_table_comment"] == []


def test_when_projects_ran_is_read_out_of_the_audit(committed_db, client):
    def moments() -> list[tuple[object, ...]]:
        runs = "select project_id, team_id, began_at, ended_at from project_runs order by 1, 3"
        terms = "select team_id, member_id, user_id, name, began_at, ended_at from team_terms order by 1, 2, 5"
        rows = [tuple(row) for query in (runs, terms) for row in db.session.execute(text(query))]
        db.session.rollback()
        return rows

    team = make_team(members=[make_assistant(user=make_user(role="expert")), make_assistant(name="Ben")])
    project = make_project(team=make_team(), status="planned")
    steps = [{"team_id": team.id}, {"status": "active"}, {"status": "on_hold"}, {"status": "active"}]
    for day, changes in enumerate(steps, 1):
        with frozen(datetime(2026, 11, day, 9, tzinfo=UTC)):
            found = db.session.get_one(Project, project.id)
            audit_as(db.session, actor=SYSTEM, action="test")
            for name, value in changes.items():
                setattr(found, name, value)
            db.session.commit()
    with frozen(datetime(2026, 11, 20, 9, tzinfo=UTC)):
        audit_as(db.session, actor=SYSTEM, action="test")
        db.session.delete(db.session.get_one(TeamMember, team.members[0].id))
        db.session.commit()
    before = moments()
    assert len(before) == 4
    migrating = create_app(settings_for(committed_db))
    with migrating.app_context():
        downgrade(revision="20261130_1400")
        upgrade()
        db.engine.dispose()
    assert moments() == before


def test_no_migration_waits_for_every_other_transaction() -> None:
    """An index that is built concurrently does, and whoever starts the portal holds one open."""
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        assert "concurrently" not in path.read_text(encoding="utf-8").lower(), path.name


def test_what_a_migration_changes_is_nobodys_change_in_person(committed_db, client):
    product = make_product(name="Till")
    migrating = create_app(settings_for(committed_db))
    with migrating.app_context():
        downgrade(revision="20261130_1400")
        downgrade(revision="-1")
        audit_as(db.session, actor=SYSTEM, action="test")
        db.session.execute(text("update products set name = 'Till  roll' where id = :id"), {"id": product.id})
        db.session.commit()
        upgrade()
        db.session.expire_all()
        last = db.session.scalars(select(AuditEntry).where(AuditEntry.record_id == product.id).order_by(AuditEntry.id))
        entry = list(last)[-1]
        told = (entry.actor_name, entry.action, entry.via, entry.after)
        db.session.rollback()
        db.engine.dispose()
    assert told == ("system", "migrate", "cli", {"name": "Till roll"})


def test_every_rule_of_a_model_is_one_of_the_database(committed_db):
    """Checks, keys and foreign keys: the models' tables are made beside the migrated ones, and compared."""
    rules = text("""
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid, true) from pg_constraint
         where connamespace = to_regnamespace(:name) and contype <> 'n' and conrelid <> 0 order by 1, 2""")
    engine = create_engine(sqlalchemy_url(committed_db))
    with engine.connect() as owner:

        def rules_in(schema: str) -> dict[tuple[str, str], str]:
            rows = owner.execute(rules, {"name": schema})
            return {
                (table.removeprefix("by_models."), name): said.replace("by_models.", "") for table, name, said in rows
            }

        migrated = rules_in("public")
        owner.execute(text("create schema by_models"))
        owner.execute(text("set local search_path = by_models, public"))
        db.metadata.create_all(owner, checkfirst=False)
        owner.execute(text("set local search_path = public"))
        modelled = rules_in("by_models")
    engine.dispose()
    tables = {table for table, _ in modelled}
    ours = {key: said for key, said in migrated.items() if key[0] in tables}
    assert sorted(ours.items() ^ modelled.items()) == [
        (("job_reports", "job_reports_job_id_fkey"), ours["job_reports", "job_reports_job_id_fkey"]),
        (("time_off", "time_off_no_overlap_excl"), ours["time_off", "time_off_no_overlap_excl"]),
    ]


def test_a_record_is_called_in_the_audit_what_its_kind_says(app, db_session):
    query = "select tgrelid::regclass::text, tgargs from pg_trigger where tgname = 'audit_insert'"
    rows = db_session.execute(text(query)).all()
    labels = {table: bytes(arguments).split(b"\0")[2].decode() for table, arguments in rows}
    named = {kind.table: kind.label.key for kind in kinds.every() if kind.is_named}
    assert named.items() <= labels.items()
