"""Writing what takes changes back, as it was planned (`reversal.py`)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.core.audit import Actor, AuditEntry
from app.core.changes.reversal import (
    CHUNK,
    Doc,
    Obstacle,
    Reversal,
    Row,
    Step,
    net_changes,
    obstacle,
    parts_first,
    table_of,
)
from app.core.changes.rules import rules_of
from app.core.chunks import chunked
from app.core.clock import now
from app.core.database_errors import explain
from app.core.errors import Conflict, DomainError, Invalid
from app.core.recordsets import recordset


def carry_out(
    session: Session, reversal: Reversal, actor: Actor, done: Callable[[int], None] = lambda _: None
) -> list[Obstacle]:
    """Write the plan: parts go before what they belong to, and come after it. Gives what a rule or the database refused
    after all. `done` hears now and then how many rows are through."""
    writing = _Writing(session, reversal.which, actor, done)
    steps: dict[Step, dict[str, list[Row]]] = {step: defaultdict(list) for step in Step}
    for row in reversal.rows:
        steps[row.step][row.table].append(row)
    writing.touch_parents(reversal.rows)
    for step, write, go_first in (
        (Step.REMOVE, writing.remove, True),
        (Step.ARCHIVE, writing.archive, True),
        (Step.RESTORE, writing.restore, False),
        (Step.REINSERT, writing.reinsert, False),
    ):
        tables = parts_first(steps[step])
        for table in tables if go_first else reversed(tables):
            for chunk in _alike(steps[step][table]):
                writing.guarded(table, chunk, write)
    session.expire_all()
    return writing.refused


def _alike(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in chunks that restore the same fields."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.fields].append(row)
    for group in groups.values():
        yield from chunked(group, CHUNK)


class _Writing:
    def __init__(self, session: Session, which: ColumnElement[bool], actor: Actor, done: Callable[[int], None]) -> None:
        self.session, self.which = session, which
        self.actor = actor
        self.moment: datetime = now()
        self.refused: list[Obstacle] = []
        self.through = 0
        self.done = done

    def guarded(self, table: str, rows: Sequence[Row], write: Callable[[Table, Sequence[Row]], None]) -> None:
        """Write the rows; when that is refused, find the ones that are meant by halves, and leave those out."""
        try:
            with self.session.begin_nested():
                write(table_of(table), rows)
        except (DatabaseError, DomainError, ValidationError) as error:
            if not isinstance(explain(error) or error, Conflict | Invalid | ValidationError):
                raise
            if len(rows) == 1:
                self.refused.append(obstacle(rows[0], self._reason(error, rows[0])))
                return
            half = len(rows) // 2
            self.guarded(table, rows[:half], write)
            self.guarded(table, rows[half:], write)
        else:
            self.through += len(rows)
            self.done(self.through)

    def touch_parents(self, rows: Iterable[Row]) -> None:
        """A record's version moves when its parts do; first, so that their entries carry the new one."""
        own = {row.id for row in rows}
        parents: dict[str, set[UUID]] = defaultdict(set)
        for row in rows:
            if row.step is not Step.NOTHING and row.parent_table and row.parent_id and row.parent_id not in own:
                parents[row.parent_table].add(row.parent_id)
        for table, ids in parents.items():
            t = table_of(table)
            self.session.execute(t.update().where(t.c.id.in_(ids)).values(updated_at=self.moment))

    def remove(self, t: Table, rows: Sequence[Row]) -> None:
        self.session.execute(t.delete().where(t.c.id.in_([row.id for row in rows])))

    def archive(self, t: Table, rows: Sequence[Row]) -> None:
        ids = [row.id for row in rows]
        values = {"archived_at": self.moment, "updated_at": self.moment}
        self.session.execute(t.update().where(t.c.id.in_(ids), t.c.archived_at.is_(None)).values(values))

    def restore(self, t: Table, rows: Sequence[Row]) -> None:
        rules, before = rules_of(t.name), self._before(rows)
        docs = {row.id: {name: before[row.id][name] for name in row.fields} for row in rows}
        if rules is not None and rules.write is not None:
            for key, values in docs.items():
                rules.write(key, values, self.actor)
            return
        old = recordset(t, [{"id": key, **values} for key, values in docs.items()])
        back = {name: old.c[name] for name in rows[0].fields if t.c[name].computed is None}
        self.session.execute(t.update().where(t.c.id == old.c.id).values(**back, updated_at=self.moment))

    def reinsert(self, t: Table, rows: Sequence[Row]) -> None:
        before = self._before(rows)
        docs = [{**before[row.id], "version": row.version + 1, "updated_at": self.moment} for row in rows]
        names = [name for name in docs[0] if name in t.c and t.c[name].computed is None]
        old = recordset(t, docs)
        self.session.execute(t.insert().from_select(names, select(*(old.c[name] for name in names))))

    def _before(self, rows: Sequence[Row]) -> dict[UUID, Doc]:
        """What the rows were before the changes."""
        these = self.which & AuditEntry.record_id.in_([row.id for row in rows])
        return {net.id: net.before or {} for net in net_changes(self.session, these, rows[0].table)}

    def _reason(self, error: DatabaseError | DomainError | ValidationError, row: Row) -> str:
        """Which rule stood in the way, for a person."""
        if isinstance(error, DomainError):
            return error.message
        if isinstance(error, ValidationError):
            return "The old values aren’t allowed any more."
        state = getattr(error.orig, "sqlstate", "")
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
        if state == "23505":
            back = self._before([row])[row.id]
            names = [name for name in row.fields or back if f"_{name}_" in constraint]
            taken = ", ".join(f"the {name} “{back[name]}”" for name in names) or "its place"
            return f"Another record has {taken} by now."
        if state in ("23503", "23001"):
            return "What it refers to is gone, or something refers to it."
        if state.startswith("DL"):
            return getattr(explain(error), "message", "")
        return "The database refuses the old values."
