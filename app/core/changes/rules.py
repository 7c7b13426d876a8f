"""What an undo has to heed in a table, where putting the old values back into its rows isn't all there is to it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.audit import Actor
from app.core.db import Base, refuse_entry
from app.core.kinds import find_by_table
from app.core.steps import steps_of

ELSEWHERE = "Other records depend on it, so it can’t be undone here."


BY_STEPS = "Its state has steps of its own, each with what follows from it, so it can’t be undone here."
CHANGED = "It has been changed since, so it stays."


def _changed(_row: Mapping[str, Any]) -> str:
    return CHANGED


def _nothing_kept(_action: str, _field: str | None) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class UndoRules:
    """How changes in a table are undone.

    `permission` is what it takes. `kept` says why a change of that action and column stays as it is, and nothing where
    it is put back; no column means the row itself, made or deleted. `since` looks at one row, changed at that time, and
    gives a reason for each of the columns that can't be put back because of what came later.
    """

    permission: str
    kept: Callable[[str, str | None], str] = _nothing_kept
    since: Callable[[Session, UUID, datetime, Collection[str]], Mapping[str, str]] | None = None
    stays: Callable[[Mapping[str, Any]], str] = _changed
    """Says of a row that was made there, as it is by now, why it isn't removed."""
    together: bool = False
    """Whether the columns make sense only together: a row that was changed again in one of them stays as it is."""
    passed_over: bool = False
    """Whether rows only note what happened: an undo leaves them alone, and doesn't mention them."""
    lock: Callable[[Session, Sequence[UUID]], None] | None = None
    """Locks what has to be locked before these rows, in the order that the domain's operations lock it."""
    write: Callable[[UUID, Mapping[str, Any], Actor], None] | None = None
    """Puts values, as the audit has them, back into a row under the domain's own rules, which it raises."""


_rules: dict[str, UndoRules] = {}


def declare(table: str, rules: UndoRules) -> None:
    for mapper in Base.registry.mappers:
        if mapper.local_table.name == table:  # type: ignore[attr-defined]
            refuse_entry(mapper.class_)
    _rules[table] = rules


def rules_of(table: str) -> UndoRules | None:
    """The rules of a table; None where its changes are never undone."""
    if table in _rules:
        return _rules[table]
    kind = find_by_table(table)
    if kind is None or not kind.undoable:
        return None
    return UndoRules(permission=kind.write_permission, kept=partial(_kept_by_steps, table))


def _kept_by_steps(table: str, _action: str, field: str | None) -> str:
    return BY_STEPS if field is not None and steps_of(table, field) is not None else ""


def why_kept(entries: Iterable[Any]) -> str:
    """Why nothing of a change can be undone; nothing where some of it can. Takes its audit entries."""
    reason = ""
    for entry in entries:
        rules = rules_of(entry.table_name)
        if rules is None:
            return ELSEWHERE
        if rules.passed_over:
            continue
        for field in fields_of(entry):
            if not (why := rules.kept(entry.action, field)):
                return ""
            reason = reason or why
    return reason or ELSEWHERE


def fields_of(entry: Any) -> Iterable[str | None]:
    """The columns that an entry changed; None alone where the row was made or deleted."""
    return (None,) if entry.before is None or entry.after is None else tuple(entry.after)
