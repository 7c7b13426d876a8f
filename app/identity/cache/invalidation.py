"""What a transaction of ours has changed of people, companies, sign-ins, keys and applications moves their counters,
once it has been committed and before anybody hears of it.

Only what an identity is made of counts: that a sign-in was used again does not. A person or a sign-in that is new can't
have been kept before, and moves nothing. A statement whose rows aren't known here (bulk, raw SQL) moves everything.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

from flask import Flask, current_app, has_app_context
from sqlalchemy import Delete, TextClause, Update, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from app.auth.api_keys.models import ApiKey
from app.auth.mfa.models import Passkey, TwoFactor
from app.auth.oauth.models import Application, Grant
from app.extensions import db
from app.identity.cache.counters import EVERYTHING, SIGNING_KEYS, Counters, Name
from app.identity.models import Client, User, UserSession
from app.identity.signing_keys.models import SigningKey

EXTENSION = "identity_counters"
_CHANGED = "identity.changed"
_WATCHED = (User, Client, UserSession, ApiKey, Application, Grant, TwoFactor, Passkey, SigningKey)
_OF_THEIR_USER = (Grant, TwoFactor, Passkey)
_NEW_COUNTS = (TwoFactor, Passkey, SigningKey)
_TABLES = frozenset(model.__tablename__ for model in _WATCHED)
_NAMED = re.compile(
    rf"\b(update|delete|insert|truncate|merge)\b.*\b({'|'.join(sorted(_TABLES))})\b", re.IGNORECASE | re.DOTALL
)
_WITHOUT_MEANING = frozenset({"last_used_at", "updated_at", "version", "last_step", "sign_count"})


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
        if isinstance(record, _NEW_COUNTS):
            yield from _names_of(record)
    for record in (*session.dirty, *session.deleted):
        if isinstance(record, _WATCHED) and (record in session.deleted or _means_something(record)):
            yield from _names_of(record)


def _means_something(record: Any) -> bool:
    state = inspect(record)
    columns = state.mapper.column_attrs
    return any(
        attribute.key not in _WITHOUT_MEANING and state.attrs[attribute.key].history.has_changes()
        for attribute in columns
    )


def _names_of(record: Any) -> Iterator[Name]:
    if isinstance(record, SigningKey):
        yield SIGNING_KEYS
    elif isinstance(record, _OF_THEIR_USER):
        yield record.user_id
    else:
        yield record.id


def _name_of_statement(state: ORMExecuteState) -> Name | None:
    """What a statement changes that isn't a flush of single rows."""
    if state.execution_options.get("identity") == "unchanged":
        return None
    statement = state.statement
    table = None
    if isinstance(statement, (Update, Delete)):
        table = getattr(statement.table, "name", None)
    elif isinstance(statement, TextClause) and (found := _NAMED.search(statement.text)):
        table = found[2].lower()
    if table not in _TABLES:
        return None
    return SIGNING_KEYS if table == SigningKey.__tablename__ else EVERYTHING
