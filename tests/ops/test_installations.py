"""Several installations on one server, and databases that were copied, restored or made by an earlier release."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import psycopg
import pytest

from app import create_app
from app.cli.preparation import CannotServe, prepare_database
from app.core import rls_upkeep, roles
from app.core.database_login import DatabaseLogin
from app.extensions import db
from config import Settings
from tests.conftest import migrate, settings_for
from tests.database import TestServer
from tests.other_servers import OTHERS, address_of, make_installation, other_server, program_for, programs_of

COMPANY = (
    "insert into clients (id, name, created_at, updated_at) values (gen_random_uuid(), 'Example Ltd', now(), now())"
)
Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[int], str]]:
    """Starts what is asked for, once."""
    with ExitStack() as running:

        @cache
        def start(version: int) -> str:
            programs = programs_of(version)
            if programs is None:
                pytest.skip(f"PostgreSQL {version} isn't installed")
            return running.enter_context(other_server(programs))

        yield start


@pytest.fixture(params=["embedded", *OTHERS])
def server(request: pytest.FixtureRequest, servers: Callable[[int], str]) -> str:
    """The address of a superuser."""
    if request.param == "embedded":
        found: TestServer = request.getfixturevalue("postgres")
        return found.address
    return servers(request.param)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """`made(server, name)` makes a database for an owner who is no superuser; all of it goes with the test."""
    monkeypatch.delenv("DATABASE_ROLES")
    before = roles.own()
    there: list[tuple[str, str]] = []

    def make(server: str, name: str, rights: str = "createrole") -> str:
        there.append((server, name))
        return make_installation(server, name, f"{name}_owner", rights)

    yield make
    roles.use(before)
    for server, name in there:
        remove(server, name)


def remove(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        gone = connection.execute(
            "select rolname from pg_roles where rolname in (%s, %s, %s, %s)",
            [f"diglit_app_{name}", f"diglit_staff_{name}", f"diglit_tenant_{name}", f"{name}_owner"],
        )
        for (role,) in gone.fetchall():
            connection.execute(f"drop owned by {role} cascade")
            connection.execute(f"drop role {role}")


def settings_of(url: str) -> Settings:
    return settings_for(url, DATABASE_ROLES=None)


def install(url: str) -> roles.Roles:
    """Upgrade the database, and put a company in."""
    migrate(settings_of(url))
    with psycopg.connect(url) as owner:
        owner.execute(COMPANY)
    return roles.roles_of(settings_of(url))


def as_application(server: str, database: str, role: str) -> Raw:
    return psycopg.connect(address_of(server, database, role), autocommit=True)


def seen(connection: Raw, role: str) -> int:
    connection.execute(f"set role {role}")
    return len(connection.execute("select from clients").fetchall())


def assert_stands(server: str, database: str, own: roles.Roles) -> None:
    """Row-level security is complete, for the database's own roles and no others."""
    with as_application(server, database, own.application) as connection:
        assert (seen(connection, own.staff), seen(connection, own.tenant)) == (1, 0)
    with psycopg.connect(address_of(server, database, "postgres")) as connection:
        named = {role for (role,) in connection.execute("select distinct unnest(roles)::text from pg_policies")}
        assert named == {own.staff, own.tenant}
        others = connection.execute(
            r"select count(*) from pg_proc where prosrc ~ 'diglit_(app|staff|tenant)'"
            " and regexp_replace(prosrc, %s, '', 'g') ~ 'diglit_(app|staff|tenant)'",
            [f"({own.application}|{own.staff}|{own.tenant})"],
        ).fetchone()
        assert others == (0,)


def test_two_installations_on_one_server_are_closed_to_each_other(server, made):
    live, staging = (install(made(server, name)) for name in ("live", "staging"))
    assert_stands(server, "live", live)
    assert_stands(server, "staging", staging)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        as_application(server, "live", staging.application)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"grant connect on database live to {staging.application}, staging_owner")
    for stranger in (staging.application, "staging_owner"):
        with as_application(server, "live", stranger) as connection:
            for statement in (f"set role {live.staff}", f"set role {live.tenant}", "select from clients"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
            if stranger == staging.application:
                assert len(connection.execute("select").fetchall()) == 1
                connection.execute(f"set role {staging.staff}")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("select from clients")


def test_a_copy_gets_roles_of_its_own_with_its_first_upgrade(server, made):
    live = install(made(server, "live"))
    url = address_of(server, "copied", "live_owner")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create database copied template live owner live_owner")
    try:
        copied = roles.roles_of(settings_of(url))
        roles.use(copied)
        with psycopg.connect(url) as owner:
            assert not rls_upkeep.is_whole(owner)
        migrate(settings_of(url))
        assert_stands(server, "copied", copied)
        assert_stands(server, "live", live)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            as_application(server, "copied", live.application)
    finally:
        remove(server, "copied")


def test_an_owner_without_the_right_is_told_what_to_run(server, made, caplog):
    url = made(server, "bare", "")
    with pytest.raises(SystemExit):
        migrate(settings_of(url))
    (told,) = [record.message for record in caplog.records if "may not make roles" in record.message]
    assert DatabaseLogin(settings_of(url)).password not in told
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(told.partition("\n")[2])
        kept = administrator.execute("select rolpassword from pg_authid where rolname = 'diglit_app_bare'").fetchone()
    assert kept is not None
    assert kept[0] in told
    assert_stands(server, "bare", install(url))


def test_a_database_of_an_earlier_release_moves_to_roles_of_its_own(server, made, monkeypatch, capsys):
    url = made(server, "old")
    with monkeypatch.context() as patch:
        patch.setattr(roles, "roles_of", lambda _settings: rls_upkeep.SHARED)
        migrate(settings_of(url), "20261130_1500")
    with psycopg.connect(url) as owner:
        owner.execute(COMPANY)
    shared = rls_upkeep.SHARED
    try:
        with as_application(server, "old", shared.application) as earlier:
            assert seen(earlier, shared.staff) == 1
            migrate(settings_of(url))
            # A process of the earlier release goes on until it is replaced.
            assert (seen(earlier, shared.staff), seen(earlier, shared.tenant)) == (1, 0)
            assert "an earlier release are connected" in capsys.readouterr().err
            with psycopg.connect(url) as owner:
                assert not rls_upkeep.is_whole(owner)
        migrate(settings_of(url))
        assert_stands(server, "old", roles.roles_of(settings_of(url)))
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            as_application(server, "old", shared.application)
        with psycopg.connect(url) as owner:
            assert rls_upkeep.is_whole(owner)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("drop database old with (force)")
            for role in (shared.application, shared.staff, shared.tenant):
                connection.execute(f"drop role if exists {role}")


@pytest.mark.parametrize("version", OTHERS)
def test_a_dump_restored_on_a_newer_server_gets_its_policies_back(version, servers, postgres, made):
    """As docs/deploying.md has it; and restored before the roles are there, as happens."""
    source = made(servers(version), "moved")
    install(source)
    target = made(postgres.address, "moved")
    dump = subprocess.run([program_for(version, "pg_dump"), "-Fc", source], capture_output=True, check=True).stdout
    restore = [program_for(version, "pg_restore"), "--no-owner", "--no-privileges", "-d", target]
    done = subprocess.run(restore, input=dump, capture_output=True, check=False)
    assert b'role "diglit_staff_moved" does not exist' in done.stderr
    settings = settings_of(target)
    roles.use(roles.roles_of(settings))
    with psycopg.connect(target) as owner:
        assert not rls_upkeep.is_whole(owner)
        assert "policy tenant on users" in rls_upkeep.find_missing(owner)
    migrate(settings)
    assert_stands(postgres.address, "moved", roles.roles_of(settings))
    with psycopg.connect(target) as owner:
        assert rls_upkeep.find_missing(owner) == []


def test_it_is_not_served_without_its_policies(server, made, monkeypatch):
    url = made(server, "open")
    install(url)
    with psycopg.connect(url) as owner:
        owner.execute("alter table users disable row level security")
        owner.execute("drop policy tenant on projects")
        assert set(rls_upkeep.find_missing(owner)) == {"security of users", "policy tenant on projects"}
    said: list[str] = []
    monkeypatch.setattr("app.cli.preparation._run_flask", lambda *_arguments: "")
    with pytest.raises(CannotServe, match="Row-level security is incomplete") as refused:
        prepare_database(url, settings_of(url), said.append)
    assert len(str(refused.value).splitlines()) == 1
    assert said == ["Restoring row-level security"]


def test_a_database_of_an_unreleased_state_is_refused_in_plain_words(postgres, made, monkeypatch):
    monkeypatch.setattr("app.cli.preparation._run_flask", lambda *_arguments: "")
    url = made(postgres.address, "unreleased")
    install(url)
    with psycopg.connect(url) as owner:
        owner.execute("update alembic_version set version_num = '20261129_0000'")
    prepare_database(url, settings_of(url), lambda _line: None)  # a newer release's, with all tables
    with psycopg.connect(url) as owner:
        owner.execute("drop table rls_snapshot")
    with pytest.raises(CannotServe) as refused:
        prepare_database(url, settings_of(url), lambda _line: None)
    assert str(refused.value) == (
        "The database comes from a state of development that can't be migrated (rls_snapshot is missing)."
        " Start with an empty one: set another DATA_DIR, or another DATABASE_URL."
    )


OWNERS_FAULTS = (
    ("drop policy tenant on projects", "policy tenant on projects"),
    ("alter policy tenant on projects using (true)", "policy tenant on projects"),
    ("alter policy tenant on projects to public", "policy tenant on projects"),
    ("alter table users disable row level security", "security of users"),
    ("delete from rls_snapshot", "all policies"),
)
"""What the owner's next upgrade mends."""
OTHERS_FAULTS = (
    ("alter role {tenant} bypassrls", "alter role {tenant} nobypassrls", "{tenant} is bypassrls"),
    ("alter role {app} bypassrls", "alter role {app} nobypassrls", "{app} is bypassrls"),
    ("alter role {staff} superuser", "alter role {staff} nosuperuser", "{staff} is a superuser"),
    ("grant {staff} to {tenant}", "revoke {staff} from {tenant}", "{tenant} inherits the rights of {staff}"),
    ("alter table projects owner to {tenant}", "alter table projects owner to faulty_owner", "{tenant} owns projects"),
)
"""What an administrator did and has to mend: each with what mends it."""


def test_it_is_not_ready_while_a_policy_is_missing_or_a_role_bypasses_it(server, made, capsys):
    url = made(server, "faulty")
    own = install(url)
    names = {"app": own.application, "staff": own.staff, "tenant": own.tenant}
    app = create_app(settings_of(url))

    def asked() -> Any:
        found = app.test_client().get("/readyz")
        return found.status_code, found.json["status"], found.json["parts"]["walls"]

    def administer(statement: str) -> None:
        with psycopg.connect(address_of(server, "faulty", "postgres"), autocommit=True) as administrator:
            administrator.execute(statement.format(**names))

    def is_told(fault: str, named: str) -> None:
        capsys.readouterr()
        administer(fault)
        assert asked() == (503, "not ready: walls", {"ok": False}), fault
        assert f'"first":["{named.format(**names)}"]' in capsys.readouterr().err.replace(": ", ":"), fault

    try:
        assert asked() == (200, "ready", {"ok": True})
        for fault, named in OWNERS_FAULTS:
            is_told(fault, named)
            migrate(settings_of(url))
            assert asked() == (200, "ready", {"ok": True}), fault
        for fault, mended, named in OTHERS_FAULTS:
            is_told(fault, named)
            # This isn't the owner's to mend: one line says so to whoever upgrades.
            with pytest.raises(SystemExit):
                migrate(settings_of(url))
            words = capsys.readouterr().err
            assert f"Error: {named.format(**names)}, so that row-level security doesn't hold it." in words
            assert "Traceback" not in words
            administer(mended)
            migrate(settings_of(url))  # a table that changed hands and back lost what it had granted
            assert asked() == (200, "ready", {"ok": True}), mended
        administer(OTHERS_FAULTS[0][0])
        with pytest.raises(CannotServe, match="failed; its words are above"):
            prepare_database(url, settings_of(url), lambda _line: None)
    finally:
        with app.app_context():
            db.engine.dispose()
