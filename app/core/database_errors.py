"""What the database refuses, put as the errors that every surface knows how to tell."""

import re
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import exc
from sqlalchemy.engine import ExceptionContext

from app.core.errors import Conflict, DomainError, FieldError, Invalid
from app.core.rules import broken


class Unavailable(DomainError):
    """The work could not be done just now; the same request may succeed in a moment."""

    status, code = 503, "try-again"
    retry_after = 1


_BUSY = "Someone else is changing the same thing. Try again in a moment."
_DOWN = "The database can't be reached just now. Try again in a moment."
_SLOW = "This took too long and was stopped. Try again, or ask for less at once."

_BY_STATE: Mapping[str, tuple[type[DomainError], str]] = {
    "23505": (Conflict, "There is one like this already."),
    "23503": (Conflict, "This refers to something that is not there, or something else still refers to it."),
    "23001": (Conflict, "Something else still refers to this."),
    "23P01": (Conflict, "This overlaps with something that is there already."),
    "23514": (Invalid, "A value is outside of what is allowed."),
    "23502": (Invalid, "A value that is required is missing."),
    "40001": (Unavailable, _BUSY),
    "40P01": (Unavailable, _BUSY),
    "55P03": (Unavailable, _BUSY),
    "57014": (Unavailable, _SLOW),
}
_BY_CLASS: Mapping[str, tuple[type[DomainError], str]] = {
    "08": (Unavailable, _DOWN),
    "53": (Unavailable, _DOWN),
    "57": (Unavailable, _DOWN),
    "22": (Invalid, "A value can't be stored as it was given."),
}

_IN_ITS_WORDS: Mapping[str, type[DomainError]] = {"DL409": Conflict, "DL422": Invalid}
"""States that our own triggers raise; their message is written for people, and may name a column that it is about."""


def explain(error: BaseException) -> DomainError | None:
    """The error to tell the asker, or None where it is a fault of ours that belongs into the log."""
    if isinstance(error, exc.TimeoutError):
        return Unavailable(_DOWN)
    if not isinstance(error, exc.DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        is_lost = error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError)
        return Unavailable(_DOWN) if is_lost else None
    diag: Any = getattr(error.orig, "diag", None)
    rule = getattr(diag, "constraint_name", None)
    if rule and (found := broken(rule, diag.table_name or "", diag.message_primary or "")):
        return found
    if state in _IN_ITS_WORDS:
        return _told(_IN_ITS_WORDS[state], error.orig)
    kind = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    return kind[0](kind[1]) if kind else None


def _told(kind: type[DomainError], refused: Any) -> DomainError:
    message, field = refused.diag.message_primary or "", refused.diag.column_name
    return kind(message, errors=[FieldError(f"/{field}", message, kind.code)] if field else ())


# The database repeats the row that it refuses ("Failing row contains …"), and that row may hold what nobody is to read.
_REPEATED = re.compile(
    r"\n(?:DETAIL|CONTEXT):.*?(?=\n\[SQL|\n\(Background|\n\nThe above|\n\nDuring handling|\Z)", re.DOTALL
)


def without_rows(message: str) -> str:
    """A database's error message without what it repeats of the row."""
    return _REPEATED.sub("", message)


def forget_rows(context: ExceptionContext) -> None:
    """For the engine's `handle_error`: take the row out of the error before anybody logs, reports or keeps it."""
    original = context.original_exception
    if not isinstance(original, psycopg.Error):
        return
    brief = without_rows(str(original))
    original.args = (brief,)
    if context.sqlalchemy_exception is not None:
        kind = type(original)
        context.sqlalchemy_exception.args = (f"({kind.__module__}.{kind.__name__}) {brief}",)
