"""Working out and writing what takes changes back: put back each value that is still the one that was written then.

Works on tables, in statements over many rows, and so serves any record. Whatever has changed since is left alone and
told as an `Obstacle`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, cast, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.chunks import chunked
from app.core.clock import now
from app.core.database_errors import explain
from app.core.db import Base
from app.core.errors import Conflict, Invalid
from app.core.exact_json import ExactJson
from app.core.recordsets import recordset
from app.core.resources import find_by_table

Doc = dict[str, Any]
CHUNK = 1_000
HIDDEN = ("search", "version", "updated_at")


class Step(StrEnum):
    """What taking a row's change back comes to."""

    RESTORE = "restore"
    REMOVE = "remove"
    ARCHIVE = "archive"
    REINSERT = "reinsert"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Obstacle:
    """A value, or with no `field` a whole row, that can't be taken back, and why. `back` is what would have been put
    back, `current` what stands there now."""

    table_name: str
    record_id: UUID
    label: str
    field: str | None
    message: str
    back: Any = None
    current: Any = None


@dataclass
class Net:
    """What the changes did to one row, all of them taken together."""

    table: str
    id: UUID
    label: str
    parent_table: str | None
    parent_id: UUID | None
    before: Doc | None
    after: Doc | None
    version: int

    def add(self, entry: Any) -> None:
        """Take in the row's next entry."""
        if entry.before is not None and self.before is not None:
            self.before = {**entry.before, **self.before}
        if entry.after is None:
            self.after = None
        elif entry.before is None:
            self.after = entry.after
        elif self.after is not None:
            self.after = {**self.after, **entry.after}
        self.version = entry.version or self.version


@dataclass
class Row:
    """One row's part in the reversal: the step, and the values to put back."""

    net: Net
    step: Step
    values: Doc = field(default_factory=dict)
    current: Doc | None = None


@dataclass
class Reversal:
    """The plan: a step for each row, and what stands in the way."""

    rows: list[Row] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def count(self, *steps: Step) -> int:
        return sum(row.step in steps for row in self.rows)

    @property
    def effective(self) -> int:
        return len(self.rows) - self.count(Step.NOTHING)


def plan(session: Session, which: ColumnElement[bool], *, lock: bool) -> Reversal:
    """How to take back the changes whose entries are `which`. With `lock`, their rows are locked until the end of the
    transaction, so that the plan still holds when it is written."""
    session.execute(text("set local timezone = 'UTC'"))
    nets = _net_changes(session, which)
    reversal = Reversal()
    for table in _parts_first(nets):
        for chunk in chunked(nets[table], CHUNK):
            current = _current(session, table, [net.id for net in chunk], lock=lock)
            for net in chunk:
                _decide(reversal, net, current.get(net.id))
    _keep_what_is_in_use(session, reversal)
    return reversal


def _net_changes(session: Session, which: ColumnElement[bool]) -> dict[str, list[Net]]:
    e = AuditEntry
    columns = (
        e.table_name, e.record_id, e.record_label, e.parent_table, e.parent_id, e.before, e.after, e.version,
    )  # fmt: skip
    nets: dict[tuple[str, UUID], Net] = {}
    for entry in session.execute(select(*columns).where(which).order_by(e.record_id, e.id)):
        key = entry.table_name, entry.record_id
        if key in nets:
            nets[key].add(entry)
        else:
            nets[key] = Net(
                *key, entry.record_label or "", entry.parent_table, entry.parent_id,
                entry.before, entry.after, entry.version or 0,
            )  # fmt: skip
    by_table: dict[str, list[Net]] = defaultdict(list)
    for net in nets.values():
        if net.before is not None or net.after is not None:
            by_table[net.table].append(net)
    return by_table


def _parts_first(tables: Iterable[str]) -> list[str]:
    order = {table.name: position for position, table in enumerate(Base.metadata.sorted_tables)}
    return sorted(tables, key=lambda name: -order[name])


def _current(session: Session, table: str, ids: Sequence[UUID], *, lock: bool) -> dict[UUID, Doc]:
    t = _table(table).alias("t")
    whole = func.to_jsonb(literal_column("t")).op("-", return_type=ExactJson())(cast(HIDDEN, ARRAY(Text)))
    query = select(t.c.id, whole).where(t.c.id.in_(ids))
    if lock:
        query = query.order_by(t.c.id).with_for_update()
    return dict(session.execute(query).all())


def _decide(reversal: Reversal, net: Net, current: Doc | None) -> None:
    if net.before is None:
        _decide_creation(reversal, net, current)
    elif net.after is None:
        _decide_deletion(reversal, net, current)
    else:
        _decide_update(reversal, net, current)


def _decide_creation(reversal: Reversal, net: Net, current: Doc | None) -> None:
    if current is None:
        reversal.rows.append(Row(net, Step.NOTHING))
    elif current == net.after:
        reversal.rows.append(Row(net, Step.REMOVE, current=current))
    else:
        reversal.obstacles.append(_obstacle(net, "It has been changed since, so it stays."))


def _decide_deletion(reversal: Reversal, net: Net, current: Doc | None) -> None:
    if current is None:
        reversal.rows.append(Row(net, Step.REINSERT, dict(net.before or {})))
    elif current == net.before:
        reversal.rows.append(Row(net, Step.NOTHING))
    else:
        reversal.obstacles.append(_obstacle(net, "It is there again, and has other values."))


def _decide_update(reversal: Reversal, net: Net, current: Doc | None) -> None:
    before, after = net.before or {}, net.after or {}
    if current is None:
        reversal.obstacles.append(_obstacle(net, "It has been deleted since."))
        return
    back: Doc = {}
    for name in after:
        if name not in current or current[name] == before[name]:
            continue
        if current[name] == after[name]:
            back[name] = before[name]
        else:
            message = "It has been changed again since."
            reversal.obstacles.append(_obstacle(net, message, name, before[name], current[name]))
    reversal.rows.append(Row(net, Step.RESTORE if back else Step.NOTHING, back, current))


def _obstacle(net: Net, message: str, field: str | None = None, back: Any = None, current: Any = None) -> Obstacle:
    return Obstacle(net.table, net.id, net.label, field, message, back, current)


def _keep_what_is_in_use(session: Session, reversal: Reversal) -> None:
    """What others refer to by now isn't removed, but archived where that can be; what has got other parts stays."""
    removed: dict[str, list[Row]] = defaultdict(list)
    for row in reversal.rows:
        if row.step is Step.REMOVE:
            removed[row.net.table].append(row)
    going = {row.net.id for rows in removed.values() for row in rows}
    for table, rows in removed.items():
        in_use: dict[UUID, bool] = {}
        for chunk in chunked(rows, CHUNK):
            in_use |= _referrers(session, table, [row.net.id for row in chunk], going)
        for row in rows:
            if row.net.id in in_use:
                _keep(reversal, row, by_part=in_use[row.net.id])


def _referrers(session: Session, table: str, ids: Sequence[UUID], going: Collection[UUID]) -> dict[UUID, bool]:
    """Which of the rows something refers to that isn't removed too; true where that is a part of the row."""
    found: dict[UUID, bool] = {}
    resource = find_by_table(table)
    for referring in Base.metadata.sorted_tables:
        for reference in referring.columns:
            if any(key.column.table.name == table for key in reference.foreign_keys):
                is_part = resource is not None and resource.table == table and referring.name in resource.children
                query = select(reference, referring.c.id).where(reference.in_(ids))
                found |= {target: is_part for target, key in session.execute(query) if key not in going}
    return found


def _keep(reversal: Reversal, row: Row, *, by_part: bool) -> None:
    if by_part:
        row.step = Step.NOTHING
        reversal.obstacles.append(_obstacle(row.net, "Its parts have been changed since, so it stays."))
    elif "archived_at" in (row.current or {}):
        row.step = Step.ARCHIVE
    else:
        row.step = Step.NOTHING
        reversal.obstacles.append(_obstacle(row.net, "Something refers to it by now, so it stays."))


def carry_out(session: Session, reversal: Reversal, done: Callable[[int], None] = lambda _: None) -> list[Obstacle]:
    """Write the plan: parts go before what they belong to, and come after it. Gives what the database refused after
    all. `done` hears now and then how many rows are through."""
    writing = _Writing(session, done)
    steps: dict[Step, dict[str, list[Row]]] = {step: defaultdict(list) for step in Step}
    for row in reversal.rows:
        steps[row.step][row.net.table].append(row)
    writing.touch_parents(reversal.rows)
    for step, write, parts_first in (
        (Step.REMOVE, writing.remove, True),
        (Step.ARCHIVE, writing.archive, True),
        (Step.RESTORE, writing.restore, False),
        (Step.REINSERT, writing.reinsert, False),
    ):
        tables = _parts_first(steps[step])
        for table in tables if parts_first else reversed(tables):
            for chunk in _alike(steps[step][table]):
                writing.guarded(table, chunk, write)
    session.expire_all()
    return writing.refused


def _alike(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in chunks that restore the same fields."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(sorted(row.values))].append(row)
    for group in groups.values():
        yield from chunked(group, CHUNK)


class _Writing:
    def __init__(self, session: Session, done: Callable[[int], None]) -> None:
        self.session = session
        self.moment: datetime = now()
        self.refused: list[Obstacle] = []
        self.through = 0
        self.done = done

    def guarded(self, table: str, rows: Sequence[Row], write: Callable[[Table, Sequence[Row]], None]) -> None:
        """Write the rows; when the database refuses, find the ones that it means by halves, and leave those out."""
        try:
            with self.session.begin_nested():
                write(_table(table), rows)
        except DatabaseError as error:
            if not isinstance(explain(error), Conflict | Invalid):
                raise
            if len(rows) == 1:
                self.refused.append(_obstacle(rows[0].net, _reason(error, rows[0])))
                return
            half = len(rows) // 2
            self.guarded(table, rows[:half], write)
            self.guarded(table, rows[half:], write)
        else:
            self.through += len(rows)
            self.done(self.through)

    def touch_parents(self, rows: Iterable[Row]) -> None:
        """A record's version moves when its parts do; first, so that their entries carry the new one."""
        own = {row.net.id for row in rows}
        parents: dict[str, set[UUID]] = defaultdict(set)
        for row in rows:
            net = row.net
            if row.step is not Step.NOTHING and net.parent_table and net.parent_id and net.parent_id not in own:
                parents[net.parent_table].add(net.parent_id)
        for table, ids in parents.items():
            t = _table(table)
            self.session.execute(t.update().where(t.c.id.in_(ids)).values(updated_at=self.moment))

    def remove(self, t: Table, rows: Sequence[Row]) -> None:
        self.session.execute(t.delete().where(t.c.id.in_([row.net.id for row in rows])))

    def archive(self, t: Table, rows: Sequence[Row]) -> None:
        ids = [row.net.id for row in rows]
        values = {"archived_at": self.moment, "updated_at": self.moment}
        self.session.execute(t.update().where(t.c.id.in_(ids), t.c.archived_at.is_(None)).values(values))

    def restore(self, t: Table, rows: Sequence[Row]) -> None:
        docs = [{"id": row.net.id, **row.values} for row in rows]
        old = recordset(t, docs)
        values = {name: old.c[name] for name in rows[0].values}
        self.session.execute(t.update().where(t.c.id == old.c.id).values(**values, updated_at=self.moment))

    def reinsert(self, t: Table, rows: Sequence[Row]) -> None:
        docs = [{**row.values, "version": row.net.version + 1, "updated_at": self.moment} for row in rows]
        names = [name for name in docs[0] if name in t.c]
        old = recordset(t, docs)
        self.session.execute(t.insert().from_select(names, select(*(old.c[name] for name in names))))


def _reason(error: DatabaseError, row: Row) -> str:
    """Which rule of the database stood in the way, for a person."""
    state = getattr(error.orig, "sqlstate", "")
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    if state == "23505":
        names = [name for name in row.values if f"_{name}_" in constraint]
        taken = ", ".join(f"the {name} “{row.values[name]}”" for name in names) or "its place"
        return f"Another record has {taken} by now."
    if state in ("23503", "23001"):
        return "What it refers to is gone, or something refers to it."
    if state.startswith("DL"):
        return getattr(explain(error), "message", "")
    return "The database refuses the old values."


def _table(name: str) -> Table:
    return Base.metadata.tables[name]
