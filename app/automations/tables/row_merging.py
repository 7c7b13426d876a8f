"""Two people edit one row: whoever changed different values both win; the same one is shown with both values."""

from collections.abc import Mapping
from typing import Any

from app.automations.tables.models import DataRow
from app.core.audit import AuditEntry
from app.core.changes.merge import FieldConflict, Merge, Theirs
from app.core.changes.states import entries_since, rewind
from app.core.changes.wording import in_words
from app.core.kinds import Kind
from app.core.sessions import plain
from app.extensions import db


def base_of(kind: Kind, row: DataRow, version: int) -> tuple[DataRow, AuditEntry | None]:
    """The row as it was at that version, and the newest change since. The row is locked for update."""
    entries = entries_since(plain(db.session), kind, row.id, version) if row.version != version else []
    return (rewind(kind, row, entries), entries[0]) if entries else (row, None)


def merge_row(row: DataRow, base: DataRow, since: AuditEntry | None, submitted: Mapping[str, Any]) -> Merge:
    """Join what a person submitted, a `key` and `values` that are named, with the row as it is now. What is `changes`
    has the form that `update_row` takes."""
    mine = {**submitted.get("values", {}), **({None: submitted["key"]} if submitted.get("key") else {})}
    then, here = ({**one.values, None: one.key} for one in (base, row))
    mine = {name: value for name, value in mine.items() if value != then.get(name)}
    changed = [name for name in {**then, **here} if then.get(name) != here.get(name)]
    disputed = [name for name in mine if name in changed and mine[name] != here.get(name)]
    fresh = {name: value for name, value in mine.items() if name not in changed}
    changes: dict[str, Any] = {"key": fresh.pop(None)} if None in fresh else {}
    if fresh:
        changes["values"] = fresh
    theirs = [_theirs(name, then.get(name), here.get(name), since) for name in changed if since is not None]
    told = {one.field: one for one in theirs}
    conflicts = [_conflict(told[_field(name)], mine[name]) for name in disputed if _field(name) in told]
    return Merge(changes, tuple(theirs), tuple(conflicts))


def _field(name: str | None) -> str:
    return "key" if name is None else f"value_{name}"


def _theirs(name: str | None, before: Any, value: Any, entry: AuditEntry) -> Theirs:
    label = "Key" if name is None else name
    return Theirs(_field(name), label, before, value, in_words(value), entry.actor_id, entry.actor_name, entry.at)


def _conflict(theirs: Theirs, mine: Any) -> FieldConflict:
    return FieldConflict(
        theirs.field, theirs.label, theirs.base, theirs.value, mine, in_words(theirs.base), theirs.text,
        in_words(mine), theirs.actor_id, theirs.actor_name, theirs.at,
    )  # fmt: skip
