"""Working out what takes changes back: put back each value that is still the one that was written then.

Works on tables, in statements over many rows, and so serves any record. Whatever has changed since is left alone and
told as an `Obstacle`. A plan holds no values of records, only which row is to be put back how: an import may have
written a hundred thousand.
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
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.changes.rules import CHANGED, fields_of, rules_of
from app.core.chunks import chunked
from app.core.db import Base
from app.core.exact_json import ExactJson
from app.core.kinds import find_by_table

Doc = dict[str, Any]
CHUNK = 1_000
HIDDEN = ("search", "version", "updated_at")
AGAIN = "It has been changed again since."


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


@dataclass(slots=True)
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
    at: datetime
    kept: dict[str | None, str] = field(default_factory=dict)
    """Why columns stay as they are, or, with no column, the whole row."""

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

    @property
    def comes_to_something(self) -> bool:
        return self.before is not None or self.after is not None

    def keep(self, entry: Any) -> None:
        """Note what the rules of its table leave as this entry made it."""
        rules = rules_of(self.table)
        for name in fields_of(entry) if rules else ():
            if rules and (why := rules.kept(entry.action, name)):
                self.kept.setdefault(name, why)

    @property
    def kept_whole(self) -> str:
        """Why nothing of it is put back; nothing where some is."""
        if self.before is None or self.after is None:
            return self.kept.get(None, "")
        reasons = [self.kept.get(name, "") for name in self.after]
        return reasons[0] if reasons and all(reasons) else ""


@dataclass(slots=True)
class Row:
    """One row's part in the reversal: the step, and which fields it puts back."""

    table: str
    id: UUID
    label: str
    parent_table: str | None
    parent_id: UUID | None
    version: int
    step: Step
    fields: tuple[str, ...] = ()


@dataclass
class Reversal:
    """The plan for the changes whose entries are `which`: a step for each row, and what stands in the way."""

    which: ColumnElement[bool]
    rows: list[Row] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def add(self, net: Net, step: Step, fields: Iterable[str] = ()) -> None:
        row = Row(net.table, net.id, net.label, net.parent_table, net.parent_id, net.version, step, tuple(fields))
        self.rows.append(row)

    def count(self, *steps: Step) -> int:
        return sum(row.step in steps for row in self.rows)

    @property
    def effective(self) -> int:
        return len(self.rows) - self.count(Step.NOTHING)


def plan(
    session: Session, which: ColumnElement[bool], *, lock: bool, through: Callable[[int], None] = lambda _: None
) -> Reversal:
    """How to take back the changes whose entries are `which`. With `lock`, their rows are locked until the end of the
    transaction, so that the plan still holds when it is written. `through` hears now and then how many rows are."""
    session.execute(text("set local timezone = 'UTC'"))
    reversal = Reversal(which)
    seen = 0
    for table in parts_first(session.scalars(select(AuditEntry.table_name).distinct().where(which)).all()):
        rules = rules_of(table)
        if rules is not None and rules.passed_over:
            continue
        for chunk in chunked(net_changes(session, which, table), CHUNK):
            _plan_chunk(session, reversal, table, chunk, lock=lock)
            seen += len(chunk)
            through(seen)
    _keep_what_is_in_use(session, reversal)
    return reversal


def _plan_chunk(session: Session, reversal: Reversal, table: str, nets: Sequence[Net], *, lock: bool) -> None:
    rules = rules_of(table)
    reversal.obstacles += [obstacle(net, net.kept_whole) for net in nets if net.kept_whole]
    nets = [net for net in nets if not net.kept_whole]
    ids = [net.id for net in nets]
    if lock and rules and rules.lock:
        rules.lock(session, ids)
    current = _current(session, table, ids, lock=lock)
    for net in nets:
        if rules and rules.since and net.after and net.before:
            net.kept.update(rules.since(session, net.id, net.at, net.after).items())
        _decide(reversal, net, current.get(net.id), together=bool(rules and rules.together))


def net_changes(session: Session, which: ColumnElement[bool], table: str) -> Iterator[Net]:
    """What the entries come to for each row of a table, as far as that is anything."""
    e = AuditEntry
    columns = (
        e.record_id, e.record_label, e.parent_table, e.parent_id, e.before, e.after, e.version, e.action, e.at,
    )  # fmt: skip
    query = select(*columns).where(which, e.table_name == table).order_by(e.record_id, e.id)
    net: Net | None = None
    for entry in session.execute(query.execution_options(yield_per=CHUNK)):
        if net is not None and net.id == entry.record_id:
            net.add(entry)
        else:
            if net is not None and net.comes_to_something:
                yield net
            net = Net(
                table, entry.record_id, entry.record_label or "", entry.parent_table, entry.parent_id,
                entry.before, entry.after, entry.version or 0, entry.at,
            )  # fmt: skip
        net.keep(entry)
    if net is not None and net.comes_to_something:
        yield net


def parts_first(tables: Iterable[str]) -> list[str]:
    order = {table.name: position for position, table in enumerate(Base.metadata.sorted_tables)}
    return sorted(tables, key=lambda name: -order[name])


def _current(session: Session, table: str, ids: Sequence[UUID], *, lock: bool) -> dict[UUID, Doc]:
    t = table_of(table).alias("t")
    whole = func.to_jsonb(literal_column("t")).op("-", return_type=ExactJson())(cast(HIDDEN, ARRAY(Text)))
    query = select(t.c.id, whole).where(t.c.id.in_(ids))
    if lock:
        query = query.order_by(t.c.id).with_for_update()
    return dict(session.execute(query).all())


def _decide(reversal: Reversal, net: Net, current: Doc | None, *, together: bool) -> None:
    if net.before is None:
        _decide_creation(reversal, net, current)
    elif net.after is None:
        _decide_deletion(reversal, net, current)
    else:
        _decide_update(reversal, net, current, together=together)


def _decide_creation(reversal: Reversal, net: Net, current: Doc | None) -> None:
    if current is None:
        reversal.add(net, Step.NOTHING)
    elif current == net.after:
        reversal.add(net, Step.REMOVE)
    else:
        rules = rules_of(net.table)
        reversal.obstacles.append(obstacle(net, rules.stays(current) if rules else CHANGED))


def _decide_deletion(reversal: Reversal, net: Net, current: Doc | None) -> None:
    if current is None:
        reversal.add(net, Step.REINSERT)
    elif current == net.before:
        reversal.add(net, Step.NOTHING)
    else:
        reversal.obstacles.append(obstacle(net, "It is there again, and has other values."))


def _decide_update(reversal: Reversal, net: Net, current: Doc | None, *, together: bool) -> None:
    before, after = net.before or {}, net.after or {}
    if current is None:
        reversal.obstacles.append(obstacle(net, "It has been deleted since."))
        return
    back: list[str] = []
    obstacles: list[Obstacle] = []
    for name in after:
        if name not in current or current[name] == before[name] or _is_computed(net.table, name):
            continue
        if current[name] == after[name] and name not in net.kept:
            back.append(name)
        else:
            obstacles.append(obstacle(net, net.kept.get(name, AGAIN), name, before[name], current[name]))
    if together and back and obstacles:
        back, obstacles = [], [obstacle(net, obstacles[0].message)]
    reversal.obstacles += obstacles
    reversal.add(net, Step.RESTORE if back else Step.NOTHING, sorted(back))


def _is_computed(table: str, name: str) -> bool:
    column = table_of(table).c.get(name)
    return column is not None and column.computed is not None


def obstacle(net: Net | Row, message: str, field: str | None = None, back: Any = None, current: Any = None) -> Obstacle:
    return Obstacle(net.table, net.id, net.label, field, message, back, current)


def _keep_what_is_in_use(session: Session, reversal: Reversal) -> None:
    """What others refer to by now isn't removed, but archived where that can be; what has got other parts stays."""
    removed: dict[str, list[Row]] = defaultdict(list)
    for row in reversal.rows:
        if row.step is Step.REMOVE:
            removed[row.table].append(row)
    going = {row.id for rows in removed.values() for row in rows}
    for table, rows in removed.items():
        in_use: dict[UUID, bool] = {}
        for chunk in chunked(rows, CHUNK):
            in_use |= _referrers(session, table, [row.id for row in chunk], going)
        for row in rows:
            if row.id in in_use:
                _keep(reversal, row, by_part=in_use[row.id])


def _referrers(session: Session, table: str, ids: Sequence[UUID], going: Collection[UUID]) -> dict[UUID, bool]:
    """Which of the rows something refers to that isn't removed too; true where that is a part of the row."""
    found: dict[UUID, bool] = {}
    kind = find_by_table(table)
    for referring in Base.metadata.sorted_tables:
        for reference in referring.columns:
            if any(key.column.table.name == table for key in reference.foreign_keys):
                is_part = kind is not None and kind.table == table and referring.name in kind.children
                query = select(reference, referring.c.id).where(reference.in_(ids))
                found |= {target: is_part for target, key in session.execute(query) if key not in going}
    return found


def _keep(reversal: Reversal, row: Row, *, by_part: bool) -> None:
    if by_part:
        row.step = Step.NOTHING
        reversal.obstacles.append(obstacle(row, "Its parts have been changed since, so it stays."))
    elif "archived_at" in table_of(row.table).c:
        row.step = Step.ARCHIVE
    else:
        row.step = Step.NOTHING
        reversal.obstacles.append(obstacle(row, "Something refers to it by now, so it stays."))


def table_of(name: str) -> Table:
    return Base.metadata.tables[name]
