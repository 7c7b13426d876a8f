"""The database itself keeps companies apart: whatever the application asks for, as whom."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask, jsonify
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import text

from app.core import roles
from app.core.database_login import database_login
from app.core.tenancy import NOBODY, SYSTEM, TenantContext, as_system, current_tenant, tenant_context
from app.extensions import db
from app.identity.models import User
from app.web.guards import PUBLIC, SIGNED_IN
from tests.factories import make_client_company, make_user

BELONGS = """
    select table_name from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' and column_name in ('client_id', 'user_id')
       and table_name not in ('assistants', 'team_members', 'event_outbox')
    union select unnest(array['clients', 'refresh_tokens', 'api_key_uses']) order by 1
"""
READ_BY_STAFF_ALONE = {
    "batch_assignments", "change_rows", "change_sets", "event_consumers", "event_deliveries", "event_outbox",
    "idempotency_keys", "job_reports", "procrastinate_events",
    "procrastinate_jobs", "procrastinate_periodic_defers", "procrastinate_workers", "signing_keys",
}  # fmt: skip
SHOWN = {"assistants", "team_members"}
"""These have accounts in them, and everybody reads them."""
READ_BY_ALL = (
    "products", "solutions", "solution_products", "service_categories", "offerings", "skills", "skill_terms",
    "skill_relations", "assistants", "team_members", "teams",
)  # fmt: skip
REFUSED = psycopg.errors.InsufficientPrivilege

Raw = psycopg.Connection[Any]
As = Callable[[TenantContext], Raw]


@pytest.fixture
def owner(committed_db: str) -> Iterator[Raw]:
    with psycopg.connect(committed_db, autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_(app: Flask, committed_db: str) -> Iterator[As]:
    """A connection of the application's own login, used for a standing."""
    connection = database_login(app).connect(committed_db, autocommit=True)

    def use(standing: TenantContext) -> Raw:
        own = roles.own()
        connection.execute(f"set role {own.staff if standing.sees_all else own.tenant}")
        connection.execute(
            "select set_config('diglit.company', %s, false), set_config('diglit.user', %s, false)",
            [str(standing.client_id or ""), str(standing.user_id or "")],
        )
        return connection

    yield use
    connection.close()


@pytest.fixture
def insider(owner: Raw, fill_every_table: Callable[[], None]) -> TenantContext:
    """The user to whom the rows of `fill_every_table` belong."""
    fill_every_table()
    found = owner.execute("select client_id, id from users where role = 'client'").fetchone()
    assert found is not None
    return TenantContext(client_id=found[0], user_id=found[1])


@pytest.fixture
def stranger(db_session: Any) -> TenantContext:
    user = make_user(role="client")
    return TenantContext(client_id=user.client_id, user_id=user.id)


def tables(owner: Raw) -> list[str]:
    return [name for (name,) in owner.execute(BELONGS)]


def of_others(table: str, of: TenantContext) -> sql.Composed:
    """The rows of a table that aren't those of a user made by a factory, who has a company and nothing more."""
    own = {"clients": of.client_id, "users": of.user_id}
    if table == "audit_entries":
        return sql.SQL("client_id is distinct from {}").format(sql.Literal(of.client_id))
    return sql.SQL("{} is distinct from {}").format(
        sql.SQL("id::text" if table in own else "null::text"), sql.Literal(str(own.get(table, "")))
    )


def test_a_stranger_sees_changes_and_deletes_no_row_of_any_table(owner, as_, insider, stranger):
    for standing in (stranger, NOBODY, TenantContext(user_id=stranger.user_id)):
        connection = as_(standing)
        for table in tables(owner):
            where = of_others(table, standing)
            assert count(connection, table, where) == 0, table
            column = first_column(owner, table)
            for statement in (
                sql.SQL("update {0} set {1} = {1} where {2}").format(
                    sql.Identifier(table), sql.Identifier(column), where
                ),
                sql.SQL("delete from {} where {}").format(sql.Identifier(table), where),
            ):
                assert touched(connection, statement) == 0, table


def test_the_insider_sees_the_rows_of_every_table(owner, as_, insider):
    """Beside what is refused: what is one's own is open, and the test above looks at rows that are there."""
    connection = as_(insider)
    for table in tables(owner):
        assert count(connection, table, sql.SQL("true")) > 0, table


def test_staff_see_all_rows(owner, as_, insider):
    connection = as_(SYSTEM)
    for table in tables(owner):
        assert count(connection, table, sql.SQL("true")) == count(owner, table, sql.SQL("true")) > 0, table


def test_no_row_can_be_put_into_another_company_or_given_to_it(owner, as_, insider, stranger):
    connection = as_(stranger)
    for table in tables(owner):
        row = owner.execute(sql.SQL("select to_jsonb(t) from {} t limit 1").format(sql.Identifier(table))).fetchone()
        columns = sql.SQL(", ").join(map(sql.Identifier, writable_columns(owner, table)))
        put = sql.SQL("insert into {0} ({1}) select {1} from jsonb_populate_record(null::{0}, {2})").format(
            sql.Identifier(table), columns, sql.Placeholder()
        )
        with pytest.raises(REFUSED):
            connection.execute(put, [Jsonb(row[0])])
    with pytest.raises(REFUSED, match="row-level security"):
        connection.execute("update users set client_id = %s where id = %s", [insider.client_id, stranger.user_id])
    with pytest.raises(REFUSED):
        connection.execute("update clients set id = %s where id = %s", [UUID(int=1), stranger.client_id])


@pytest.mark.parametrize("role", ["admin", "manager", "expert"])
def test_nobody_becomes_staff_through_a_tenants_connection(as_, stranger, role):
    with pytest.raises(REFUSED):
        as_(stranger).execute(
            "update users set role = %s, client_id = null, company_role = null where id = %s", [role, stranger.user_id]
        )


def test_nobody_sees_what_is_staffs_alone_but_everybody_the_catalogue(owner, as_, insider, stranger):
    for standing in (insider, stranger, NOBODY):
        connection = as_(standing)
        for table in READ_BY_STAFF_ALONE:
            with pytest.raises(REFUSED):
                count(connection, table, sql.SQL("true"))
        for table in READ_BY_ALL:
            assert count(connection, table, sql.SQL("true")) > 0
            with pytest.raises(REFUSED):
                connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))


STATEMENTS = [
    "alter table users disable row level security",
    "alter role diglit_app superuser",
    "alter role diglit_app bypassrls",
    "set role postgres",
    "set session authorization postgres",
    "drop policy tenant on users",
    "create policy mine on users using (true)",
    "create table notes (text text)",
    "truncate users",
    "insert into audit_entries (action, table_name, record_id, after) values ('x', 'users', gen_random_uuid(), '{}')",
    "update audit_entries set actor_name = 'x'",
    "delete from audit_entries",
    "truncate audit_entries",
    "alter table audit_entries disable trigger all",
    "insert into data_versions (table_name, version, total, live, xid) values ('users', 1, 1, 1, '1')",
    "update data_versions set version = 0",
    "insert into search_words values ('anything')",
    "select count_change('users', 1, 1)",
    "set session_replication_role = replica",
    "copy users to program 'cat'",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_application_can_not_switch_row_level_security_off(as_, stranger, statement):
    for standing in (SYSTEM, stranger):
        with pytest.raises(
            psycopg.Error, match=r"permission denied|must be (owner|superuser)|privilege|Only roles with"
        ):
            as_(standing).execute(roles.own().named(statement))


def test_switching_row_security_off_shows_nothing(as_, insider, stranger):
    connection = as_(stranger)
    connection.execute("set row_security = off")
    with pytest.raises(REFUSED, match="row-level security"):
        connection.execute("select * from users")


def test_the_login_alone_may_nothing(as_, owner, insider):
    connection = as_(SYSTEM)
    connection.execute("reset role")
    for table in tables(owner):
        with pytest.raises(REFUSED):
            count(connection, table, sql.SQL("true"))


def test_a_tenant_tells_no_event_of_another_company(as_, insider, stranger):
    tell = "select audit_event('clients', %s, 'x', %s, '{}')"
    with pytest.raises(REFUSED):
        as_(stranger).execute(tell, [insider.client_id, insider.client_id])
    as_(stranger).execute(tell, [stranger.client_id, stranger.client_id])


def test_a_tenant_publishes_events_of_its_own_company_or_of_its_own_doing(as_, insider, stranger):
    publish = """insert into event_outbox
                        (type, table_name, record_id, client_id, actor_id, actor_name, change_id, data)
                 values ('an.event', 'clients', %s, %s, %s, 'x', gen_random_uuid(), '{}')"""
    connection = as_(stranger)
    for company, actor in ((insider.client_id, insider.user_id), (insider.client_id, None)):
        with pytest.raises(REFUSED):
            connection.execute(publish, [company, company, actor])
    for company, actor in ((stranger.client_id, None), (None, None), (insider.client_id, stranger.user_id)):
        connection.execute(publish, [insider.client_id, company, actor])
    with pytest.raises(REFUSED):
        connection.execute("select sequence_events(1)")


def test_an_event_never_changes_but_for_its_secret_and_goes_when_it_is_old(owner, as_, insider):
    connection = as_(SYSTEM)
    owner.execute("update events set sealed = '\\x00'")
    for statement in (
        "update events set data = '{}'",
        "update events set id = default",
        "update events set sealed = '\\x01'",
        "insert into events (type, table_name, record_id, actor_name, change_id, data) "
        "values ('an.event', 'users', gen_random_uuid(), 'x', gen_random_uuid(), '{}')",
        "truncate events cascade",
        "delete from event_outbox",
    ):
        with pytest.raises(REFUSED):
            connection.execute(statement)
    assert connection.execute("update events set sealed = null").rowcount == 1
    assert connection.execute("delete from events").rowcount == 0
    owner.execute("update events set at = now() - interval '31 days'")
    assert connection.execute("delete from events").rowcount == 1


def test_every_table_is_given_to_staff_and_those_with_people_have_policies(owner):
    every = owner.execute(
        roles.own().named("""
        select c.relname, c.relrowsecurity, has_table_privilege('diglit_staff', c.oid, 'select') as staff,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname in ('client_id', 'user_id')
                          and not a.attisdropped) as has_people,
               exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant') as has_policy
          from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'""")
    ).fetchall()
    assert [name for name, _rls, staff, _people, _policy in every if not staff] == []
    without = {name for name, rls, _staff, people, policy in every if people and not (rls and policy)}
    assert without == SHOWN


def test_the_application_owns_nothing(owner):
    owned = roles.own().named("select count(*) from pg_class where relowner = 'diglit_app'::regrole")
    assert owner.execute(owned).fetchone() == (0,)
    found = owner.execute(
        "select rolname from pg_roles where rolname like 'diglit%' and (rolsuper or rolbypassrls or rolcreaterole)"
    )
    assert found.fetchall() == []


# Through the application


def test_connections_come_in_as_the_application(db_session):
    own = roles.own()
    assert db_session.execute(text("select session_user, current_user")).one() == (own.application, own.staff)


def test_what_is_in_sight_follows_the_standing_inside_a_transaction(db_session):
    one, other = make_client_company(), make_client_company()
    names = text("select name from clients order by name")
    db_session.commit()
    assert len(db_session.scalars(names).all()) == 2
    with tenant_context(TenantContext(client_id=one.id)):
        assert db_session.scalars(names).all() == [one.name]
        with as_system("a test"):
            assert len(db_session.scalars(names).all()) == 2
        with tenant_context(TenantContext(client_id=other.id)):
            assert db_session.scalars(names).all() == [other.name]
        assert db_session.scalars(names).all() == [one.name]
    assert len(db_session.scalars(names).all()) == 2


@pytest.mark.parametrize("ending", ["rollback", "commit"])
def test_a_transaction_that_ends_leaves_no_wrong_standing(committed_db, db_session, ending):
    company = make_client_company()
    count_all = text("select count(*) from clients")
    db_session.rollback()
    for _time in range(3):
        assert db_session.scalar(count_all) == 1
        with tenant_context(NOBODY):
            assert db_session.scalar(count_all) == 0
            getattr(db_session, ending)()
            assert db_session.scalar(count_all) == 0
        with db_session.begin_nested() as savepoint, tenant_context(TenantContext(client_id=company.id)):
            assert db_session.scalar(count_all) == 1
            savepoint.rollback()
        assert db_session.scalar(count_all) == 1
        getattr(db_session, ending)()


def test_a_standing_is_told_once_in_a_transaction_and_in_each(committed_db, db_session, monkeypatch):
    from app.core import rls  # noqa: PLC0415

    sent: list[bytes] = []
    send = rls.send
    monkeypatch.setattr(rls, "send", lambda c, statement, **how: (sent.append(statement), send(c, statement, **how)))
    for _time in range(3):
        db_session.execute(text("select 1"))
        db_session.execute(text("select 1"))
        db_session.rollback()
    assert len(sent) == 3
    first = f"begin; set local role = '{roles.own().staff}';".encode()
    assert all(statement.startswith(first) for statement in sent)


@pytest.fixture
def look(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """Have the page of the account, or the public index of the API, tell what its request has in sight."""

    def view() -> Any:
        return jsonify(users=sorted(db.session.scalars(text("select username from users"))))

    def use(audience: Any) -> str:
        view.audience = audience  # type: ignore[attr-defined]
        path = "/account" if audience is SIGNED_IN else "/healthz"
        with app.test_request_context(path) as context:
            assert context.request.endpoint is not None
            monkeypatch.setitem(app.view_functions, context.request.endpoint, view)
        return path

    return use


def test_a_request_sees_its_own_company_staff_see_all_and_nobody_none(client, as_client, as_manager, look):
    stranger: User = make_user(role="client")
    path = look(SIGNED_IN)
    assert as_client.get(path).json["users"] == [as_client.user.username]
    everybody = sorted([as_client.user.username, as_manager.user.username, stranger.username])
    assert as_manager.get(path).json["users"] == everybody
    assert as_client.get(path).json["users"] == [as_client.user.username]
    assert client.get(look(PUBLIC)).json["users"] == []
    assert current_tenant() == SYSTEM


def test_an_upgrade_gives_the_role_a_password(owner):
    found = owner.execute("select rolpassword from pg_authid where rolname = %s", [roles.own().application]).fetchone()
    assert found[0].startswith("SCRAM-SHA-256$")


def test_where_the_role_can_not_come_in_the_owner_steps_down(app, committed_db, capsys, owner, insider):
    login = type(database_login(app))(app.config["SETTINGS"])
    # The server trusts every name; a role that is gone is refused like a wrong password.
    own = roles.own()
    roles.use(replace(own, application="diglit_missing"))
    try:
        with psycopg.connect(login.address(committed_db)) as connection:
            assert connection.execute("select session_user").fetchone() == ("postgres",)
        with db.engine.connect() as connection, tenant_context(NOBODY):
            assert connection.execute(text("select current_user, count(*) from users")).one() == (own.tenant, 0)
        with login.connect(committed_db):
            pass
    finally:
        roles.use(own)
    assert capsys.readouterr().err.count("can't come in to the database as its own role") == 1


def count(connection: Raw, table: str, where: sql.Composable) -> int:
    found = connection.execute(sql.SQL("select count(*) from {} where {}").format(sql.Identifier(table), where))
    return int(found.fetchone()[0])  # type: ignore[index]


def touched(connection: Raw, statement: sql.Composable) -> int:
    try:
        return connection.execute(statement).rowcount
    except REFUSED:
        return 0


def first_column(owner: Raw, table: str) -> str:
    return writable_columns(owner, table)[0]


def writable_columns(owner: Raw, table: str) -> list[str]:
    found = owner.execute(
        """select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped
              and attgenerated = '' and attidentity = '' order by attnum""",
        [table],
    )
    return [name for (name,) in found]
