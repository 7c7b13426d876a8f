"""Keeps the row-level security of a database whole, whoever copied it, renamed it, restored it or moved it.

It is made of policies and of the rights of the installation's three roles (`core/roles.py`). A dump names roles that
another server doesn't have, and a copy those of the original. So each `flask db upgrade` ends by saving what there is
in the table `rls_snapshot`, and begins by putting everything on the roles of this installation and by restoring
whatever is missing.
"""

import re
import time
from typing import Any

import psycopg
import structlog
from psycopg import sql

from app.core import roles

Owner = psycopg.Connection[Any]

log = structlog.get_logger(__name__)
TRIES = 5
SHARED = roles.Roles("diglit_app", "diglit_staff", "diglit_tenant")
"""The roles of earlier releases, which all installations of a server had in common."""


class MayNotMakeRoles(Exception):
    """The owner of the schema may not make the roles, and they aren't there."""


class BypassesRls(Exception):
    """One of the roles bypasses row-level security; the message says which, and why, in one line."""


_OURS = """
    ours as (
        select oid, 'diglit_' || kind as label from pg_roles
          join (values ('app', '{app}'), ('staff', '{staff}'), ('tenant', '{tenant}')) named (kind, name)
            on name = rolname)
"""
_OTHERS = """
    ours as (
        select oid, rolname, substring(rolname from '^diglit_(?:app|staff|tenant)') as label from pg_roles
         where rolname ~ '^diglit_(app|staff|tenant)(_[a-z0-9_]+)?$'
           and rolname not in ('{app}', '{staff}', '{tenant}'))
"""
_GRANTS = """
    granted as (
        select 'table ' || c.oid::regclass as what, a.* from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
        union all
        select 'sequence ' || c.oid::regclass, a.* from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = current_schema()::regnamespace and c.relkind = 'S'
        union all
        select 'routine ' || p.oid::regprocedure, a.* from pg_proc p, aclexplode(p.proacl) a
         where p.pronamespace = current_schema()::regnamespace
        union all
        select format('schema %I', n.nspname), a.* from pg_namespace n, aclexplode(n.nspacl) a
         where n.nspname = current_schema()
        union all
        select format('database %I', d.datname), a.* from pg_database d, aclexplode(d.datacl) a
         where d.datname = current_database())
"""
_PRESENT = f"""
    with {_OURS}, {_GRANTS}
    select format('policy %s on %s', p.polname, p.polrelid::regclass) as key,
           format('drop policy if exists %1$I on %2$s; create policy %1$I on %2$s as %3$s for %4$s to %5$s%6$s%7$s',
                  p.polname, p.polrelid::regclass, case when p.polpermissive then 'permissive' else 'restrictive' end,
                  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                                when 'd' then 'delete' else 'all' end,
                  (select string_agg(label, ', ' order by label) from ours where oid = any (p.polroles)),
                  ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                  ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') as statement
      from pg_policy p join pg_class c on c.oid = p.polrelid
     where c.relnamespace = current_schema()::regnamespace
       and exists (select from ours where oid = any (p.polroles))
    union all
    select 'security of ' || c.oid::regclass, format('alter table %s enable row level security', c.oid::regclass)
      from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relrowsecurity
    union all
    select made.statement, made.statement
      from granted join ours on ours.oid = grantee,
           format('grant %s on %s to %s', lower(privilege_type), what, label) as made (statement)
     where what not like 'database %'
    union all
    select made.statement, made.statement
      from pg_proc p, format('revoke execute on routine %s from public', p.oid::regprocedure) as made (statement)
     where p.pronamespace = current_schema()::regnamespace and p.proacl is not null
       and not exists (select from aclexplode(p.proacl) where grantee = 0)
"""  # noqa: S608 - put together from constants
_MISSING = f"""
    select statement, key from rls_snapshot
     where (key, statement) not in (select key, statement from ({_PRESENT}) present)
     order by key not like 'security of %', key
"""  # noqa: S608 - put together from constants
_BYPASSES = """
    with own (label, name) as (values ('app', '{app}'), ('staff', '{staff}'), ('tenant', '{tenant}')),
         ours as (select r.*, label from pg_roles r join own on name = r.rolname)
    select format('%s is %s', rolname, case when rolsuper then 'a superuser' else 'bypassrls' end)
      from ours where rolsuper or rolbypassrls
    union all
    select format('%s inherits the rights of %s', a.rolname, b.rolname) from ours a join ours b
        on (a.label, b.label) in (('tenant', 'staff'), ('tenant', 'app'), ('app', 'staff'), ('app', 'tenant'))
     where not a.rolsuper and pg_has_role(a.oid, b.oid, 'usage')
    union all
    select format('%s owns %s', rolname, c.oid::regclass) from pg_class c join ours on ours.oid = c.relowner
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
     order by 1
"""
"""How roles of this installation bypass row-level security, whatever the policies are."""
_TAKING_OVER = f"""
    with {_OTHERS}, {_GRANTS}
    select format('alter policy %I on %s to %s', p.polname, p.polrelid::regclass, ours.label), ''
      from pg_policy p join pg_class c on c.oid = p.polrelid join ours on ours.oid = any (p.polroles)
     where c.relnamespace = current_schema()::regnamespace
    union all
    select format('grant %s on %s to %s', lower(privilege_type), what, ours.label),
           format('revoke %s on %s from %s', lower(privilege_type), what, rolname)
      from granted join ours on ours.oid = grantee
"""  # noqa: S608 - put together from constants
"""What is to be granted to the roles of this database, and then revoked from others."""
_FUNCTIONS = r"""
    select pg_get_functiondef(oid) from pg_proc
     where pronamespace = current_schema()::regnamespace and prokind in ('f', 'p')
       and prosrc ~ '\mdiglit_(app|staff|tenant)'
"""
_NAMED = re.compile(r"\b(diglit_(?:app|staff|tenant))(?:_[a-z0-9_]+)?\b")
_CLOSED = """
    select format('revoke connect on database %I from public', datname),
           format('grant connect on database %I to diglit_app', datname)
      from pg_database where datname = current_database() and pg_has_role(datdba, 'usage')
"""


def prepare(owner: Owner) -> None:
    """Before migrating: have this installation's roles, with policies and rights for them and nobody else.

    `owner` is in autocommit. Raises `MayNotMakeRoles` where the roles aren't there and the owner may not make them,
    and `BypassesRls` where one of them isn't subject to row-level security.
    """
    if bypasses := find_bypasses(owner):
        raise BypassesRls(
            f"{bypasses[0]}, so that row-level security doesn't hold it."
            " Let an administrator of the server take that away."
        )
    _have_roles(owner)
    with owner.transaction():
        bears = _take_over(owner)
        _let_in(owner)
        _bear_previous(owner, begin=bears)
        if _keeps(owner):
            _restore(owner)


def keep(owner: Owner) -> None:
    """After migrating: save what there is now, for when it goes missing."""
    if _keeps(owner):
        with owner.transaction():
            owner.execute("delete from rls_snapshot")
            owner.execute(f"insert into rls_snapshot (key, statement) {_named(_PRESENT)}")


def is_whole(owner: Owner) -> bool:
    """Whether row-level security is complete, for the roles of this installation alone; else `flask db upgrade`
    is needed."""
    shared = owner.execute("select from pg_roles where rolname = %s", [SHARED.staff]).rowcount > 0
    borne = shared and _is_member(owner, SHARED.staff, roles.own().staff)
    return not (borne or find_missing(owner) or find_bypasses(owner))


def find_missing(connection: Owner) -> list[str]:
    """What this database should have and hasn't, or what was changed: policies, row-level security, rights. By staff or
    the owner."""
    found = connection.execute(_named(_MISSING)).fetchall()
    kept = connection.execute("select exists (select from rls_snapshot)").fetchone()
    return [key for _statement, key in found] if kept and kept[0] else ["all policies"]


def find_bypasses(connection: Owner) -> list[str]:
    """How roles of this installation bypass row-level security: as superusers, by inheritance, as owners of tables."""
    return [way for (way,) in connection.execute(_named(_BYPASSES))]


def _named(query: str) -> str:
    own = roles.own()
    return query.format(app=own.application, staff=own.staff, tenant=own.tenant)


def _keeps(owner: Owner) -> bool:
    found = owner.execute("select to_regclass('rls_snapshot') is not null").fetchone()
    return bool(found and found[0])


def _have_roles(owner: Owner) -> None:
    """Make what is missing of the roles and their memberships. Another start may be making them at this moment."""
    for attempt in range(1, TRIES + 1):
        try:
            for statement in missing_roles(owner):
                owner.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            raise MayNotMakeRoles from None
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation, psycopg.errors.InternalError_):
            if attempt == TRIES:
                raise
            time.sleep(0.1 * attempt)
        else:
            return


def missing_roles(owner: Owner) -> list[str]:
    """The statements that make the roles which aren't there, and their memberships."""
    own = roles.own()
    named = [own.application, own.staff, own.tenant]
    found = {name for (name,) in owner.execute("select rolname from pg_roles where rolname = any (%s)", [named])}
    kinds = {own.staff: "nologin", own.tenant: "nologin", own.application: "login noinherit"}
    return [f"create role {name} {kind}" for name, kind in kinds.items() if name not in found] + [
        sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(member)).as_string(owner)
        for group in (own.staff, own.tenant)
        for member in (own.application, owner.info.user)
        if not _is_member(owner, member, group)
    ]


def roles_to_make(owner: Owner, password: str) -> list[str]:
    """What an administrator of the server runs where the owner may not: the roles, and the application's password."""
    return [
        f"{statement};"
        for statement in [*missing_roles(owner), f"alter role {roles.own().application} password '{password}'"]
    ]


def _is_member(owner: Owner, member: str, group: str) -> bool:
    # Since PostgreSQL 16, whoever made a role is a member that may not become it.
    may_become = "and m.set_option" if owner.info.server_version >= 160000 else ""
    found = owner.execute(
        f"""select from pg_roles u where u.rolname = %s and (u.rolsuper or exists (
                select from pg_auth_members m join pg_roles g on g.oid = m.roleid
                 where m.member = u.oid and g.rolname = %s {may_become}))""",  # noqa: S608 - a constant
        [member, group],
    )
    return found.rowcount > 0


def _take_over(owner: Owner) -> bool:
    """Put what stands on the roles of another database, from which this one was copied, or on those that earlier
    releases shared, onto the roles of this one. Whether those of earlier releases were among them."""
    found = owner.execute(_named(_TAKING_OVER)).fetchall()
    for granting, revoking in found:
        owner.execute(roles.own().named(granting))
        if revoking:
            owner.execute(revoking)
    for (definition,) in owner.execute(_FUNCTIONS).fetchall():
        changed = roles.own().named(_NAMED.sub(r"\1", definition))
        if changed != definition:
            owner.execute(changed)
    return any(revoking.endswith(f" {SHARED.staff}") for _granting, revoking in found)


def _let_in(owner: Owner) -> None:
    """Let nobody into the database but its owner, the application, and whoever was let in by name."""
    for statements in owner.execute(_CLOSED).fetchall():
        for statement in statements:
            owner.execute(roles.own().named(statement))


def _bear_previous(owner: Owner, *, begin: bool) -> None:
    """Let processes of the release before, which come in as a role that all installations shared, go on until they
    have been replaced."""
    pairs = ((roles.own().staff, SHARED.staff), (roles.own().tenant, SHARED.tenant))
    if not owner.execute("select from pg_roles where rolname = %s", [SHARED.application]).rowcount:
        return
    borne = all(_is_member(owner, shared, group) for group, shared in pairs)
    here = "select from pg_stat_activity where usename = %s and datname = current_database()"
    are_here = owner.execute(here, [SHARED.application]).rowcount > 0
    verb, to = ("grant", "to") if are_here else ("revoke", "from")
    if not ((begin and are_here) or borne):
        return
    for group, shared in pairs:
        owner.execute(f"{verb} {group} {to} {shared}")
    owner.execute(
        sql.SQL(f"{verb} connect on database {{}} {to} {SHARED.application}").format(sql.Identifier(owner.info.dbname))
    )
    if are_here:
        log.warning(
            "processes of an earlier release are connected, by a role that all installations of this server share;"
            " run `flask --app wsgi db upgrade` again when they have ended",
            role=SHARED.application,
        )


def _restore(owner: Owner) -> None:
    missing = owner.execute(_named(_MISSING)).fetchall()
    for statement, _key in missing:
        owner.execute(roles.own().named(statement))
    if missing:
        log.warning("policies or rights were missing, and are restored", number=len(missing))
