"""What a transaction of ours has changed of people, companies, sign-ins, keys and applications moves their counters,
once it has been committed and before anybody hears of it.

Only what an identity is made of counts: that a sign-in was used again does not. A person or a sign-in that is new can't
have been kept before, and moves nothing. A statement whose rows aren't known here (bulk, raw SQL) moves everything.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, cast

from flask import Flask, current_app, has_app_context
from sqlalchemy import Delete, TextClause, Update, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from app.extensions import db
from app.identity.cache.counters import EVERYTHING, SIGNING_KEYS, Counters, Name
from app.identity.models import Application, Client, Grant, User, UserSession
from app.identity.signing_keys.models import SigningKey

EXTENSION = "identity_counters"
_CHANGED = "identity.changed"
_WITHOUT_MEANING = frozenset({"last_used_at", "updated_at", "version", "last_step", "sign_count"})


@dataclass(frozen=True)
class _Watched:
    names_of: Callable[[Any], Name]
    new_counts: bool


_watched: dict[type[Any], _Watched] = {}


def watch(model: type[Any], names_of: Callable[[Any], Name] = attrgetter("id"), *, new_counts: bool = False) -> None:
    """Let a change to a record of the model count as one to the identities that depend on `names_of(record)`.

    `new_counts` says that a new record changes an identity that was there before.
    """
    _watched[model] = _Watched(names_of, new_counts)


for _model in (User, Client, UserSession, Application):
    watch(_model)
watch(Grant, attrgetter("user_id"))
watch(SigningKey, lambda _key: SIGNING_KEYS, new_counts=True)


@cache
def _tables(_count: int) -> tuple[frozenset[str], re.Pattern[str]]:
    """The names of the watched tables, and what finds a statement that changes one of them."""
    tables = frozenset(model.__tablename__ for model in _watched)
    changes = rf"\b(update|delete|insert|truncate|merge)\b.*\b({'|'.join(sorted(tables))})\b"
    return tables, re.compile(changes, re.IGNORECASE | re.DOTALL)


def counters(app: Flask) -> Counters:
    """The counters of this application, mapped when they are first asked for."""
    found = app.extensions.get(EXTENSION)
    if found is None:
        found = Counters(app.config["SETTINGS"].data_dir / "identity-counters")
        found = app.extensions.setdefault(EXTENSION, found)
    return cast("Counters", found)


@event.listens_for(db.session.session_factory, "after_flush")
def _note_rows(session: Session, _flush: Any) -> None:
    names = set(_names_in(session))
    if names:
        _changed(session).update(names)


@event.listens_for(db.session.session_factory, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if (name := _name_of_statement(state)) is not None:
        _changed(state.session).add(name)


@event.listens_for(db.session.session_factory, "after_transaction_end")
def _move(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None and (changed := session.info.pop(_CHANGED, None)) and has_app_context():
        counters(current_app).move(changed)


def _changed(session: Session) -> set[Name]:
    found: set[Name] = session.info.setdefault(_CHANGED, set())
    return found


def _names_in(session: Session) -> Iterator[Name]:
    for record in session.new:
        watched = _watched.get(type(record))
        if watched is not None and watched.new_counts:
            yield watched.names_of(record)
    for record in (*session.dirty, *session.deleted):
        watched = _watched.get(type(record))
        if watched is not None and (record in session.deleted or _means_something(record)):
            yield watched.names_of(record)


def _means_something(record: Any) -> bool:
    state = inspect(record)
    columns = state.mapper.column_attrs
    return any(
        attribute.key not in _WITHOUT_MEANING and state.attrs[attribute.key].history.has_changes()
        for attribute in columns
    )


def _name_of_statement(state: ORMExecuteState) -> Name | None:
    """What a statement changes that isn't a flush of single rows."""
    if state.execution_options.get("identity") == "unchanged":
        return None
    statement = state.statement
    tables, changes = _tables(len(_watched))
    table = None
    if isinstance(statement, (Update, Delete)):
        table = getattr(statement.table, "name", None)
    elif isinstance(statement, TextClause) and (found := changes.search(statement.text)):
        table = found[2].lower()
    if table not in tables:
        return None
    return SIGNING_KEYS if table == SigningKey.__tablename__ else EVERYTHING
