"""Carrying out a change set that was previewed: whole, in one transaction, or not at all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError
from sqlalchemy import Table, func, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.core.audit import Actor, using_audit_context
from app.core.changes import undo
from app.core.changes.files import store
from app.core.changes.merge import canonical
from app.core.changes.models import ARCHIVED, ChangeKind, ChangeRow, ChangeSet, RowKind, State
from app.core.changes.named import Found, find_records
from app.core.changes.staging import NotOpen, count_rows
from app.core.changes.wording import in_words, label_of, packed
from app.core.clock import now
from app.core.database_errors import explain
from app.core.errors import Conflict, DomainError, Invalid
from app.core.kinds import Filing, filing_of
from app.core.operations import required
from app.core.recordsets import recordset
from app.core.schemas import changes_of, partial
from app.core.sessions import AnySession, plain
from app.core.validation import field_errors

SLUG, NAME = "slug", "name"
ROWS_AT_ONCE = 500
_ROWS = cast("Table", ChangeRow.__table__)
_REFUSED = (DomainError, ValidationError, DatabaseError)
Done = Callable[[int], None]


def require_appliable(change_set: ChangeSet, *, job_is_over: bool = False) -> None:
    """Only what has been previewed, or failed without a trace, can be applied; and what a job was to apply that ended
    without doing so. The change set must be locked, so that of two who ask at once one is told."""
    if change_set.state in (State.QUEUED, State.RUNNING) and job_is_over:
        return
    if change_set.state in (State.QUEUED, State.RUNNING):
        raise NotOpen("It is being applied already.")
    if change_set.state in (State.APPLIED, State.UNDONE):
        raise NotOpen("It has been applied already.")
    if not change_set.can_be_applied:
        raise NotOpen("There is nothing in it to apply.")
    if (change_set.params.get("questions") or {}).get("currency"):
        raise NotOpen("Choose first which currency the amounts are in.")


def apply(session: AnySession, change_set: ChangeSet, *, actor: Actor, done: Done = lambda _: None) -> None:
    """Carry out a locked change set. A row whose record has changed since the preview is left out, as a conflict.

    `done` hears how many rows are through.
    """
    session = plain(session)
    if change_set.kind == ChangeKind.UNDO:
        undo.carry_out(session, change_set, actor=actor, done=done)
        return
    filing = filing_of(change_set.resource_key)
    if change_set.kind == ChangeKind.IMPORT:
        # Of two imports of one file at once, the second sees what the first made.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"import {filing.kind.key}", 0))))
    with using_audit_context(change_set_id=change_set.id):
        applying = _Applying(session, filing, change_set, actor, done)
        if filing.rules and change_set.kind == ChangeKind.IMPORT:
            filing.rules.claim((ChangeRow.change_set_id == change_set.id) & (ChangeRow.kind == RowKind.NEW))
        applying.each(RowKind.CHANGED, applying.change)
        applying.each(RowKind.NEW, applying.create)
    count_rows(session, change_set)
    change_set.rows_done = applying.written
    change_set.state, change_set.error = State.APPLIED, None
    change_set.applied_at = now()
    store.forget(session, change_set.id)
    session.flush()


class _Applying:
    def __init__(self, session: Session, filing: Filing, change_set: ChangeSet, actor: Actor, done: Done) -> None:
        self.session, self.filing, self.change_set = session, filing, change_set
        self.actor, self.done = actor, done
        self.written = self.through = 0

    def each(self, kind: RowKind, write: Callable[[Sequence[ChangeRow]], None]) -> None:
        after = 0
        while rows := self._next(kind, after):
            after = rows[-1].number
            write(rows)
            self.session.flush()
            self.through += len(rows)
            self.done(self.through)

    def _next(self, kind: RowKind, after: int) -> Sequence[ChangeRow]:
        query = (
            select(ChangeRow)
            .where(ChangeRow.change_set_id == self.change_set.id, ChangeRow.kind == kind, ChangeRow.number > after)
            .order_by(ChangeRow.number)
            .limit(ROWS_AT_ONCE)
        )
        return self.session.scalars(query).all()

    def change(self, rows: Sequence[ChangeRow]) -> None:
        """Change records, many in few statements where the domain can, one by one where one of them is refused."""
        records = self._lock_records(rows)
        clear = []
        for row in rows:
            record = records.get(row.record_id)
            if problem := self._obstacle(row, record):
                self._note(row, problem)
            else:
                clear.append((row, record))
        if not clear or self._change_many(clear):
            return
        for row, record in clear:
            self._note(row, self._change_one(record, row.after))

    def _lock_records(self, rows: Sequence[ChangeRow]) -> dict[Any, Any]:
        model = self.filing.kind.model
        query = (
            select(model)
            .where(model.id.in_([row.record_id for row in rows]))
            .options(*self.filing.kind.load_options)
            .order_by(model.id)
            .with_for_update(of=model)
            .execution_options(populate_existing=True)
        )
        return {record.id: record for record in self.session.scalars(query)}

    def _change_many(self, pairs: Sequence[tuple[ChangeRow, Any]]) -> bool:
        """Whether all of them were changed at once; else none was, and nothing of it is pending."""
        records = [record for _, record in pairs]
        after = pairs[0][0].after
        if self.change_set.kind == ChangeKind.IMPORT and any(ARCHIVED in row.after for row, _ in pairs):
            return False
        if ARCHIVED in after:
            operation = self.filing.archive_many if after[ARCHIVED] else self.filing.restore_many
        else:
            operation = self.filing.update_many
        if operation is None:
            return False
        try:
            with self.session.begin_nested():
                several = records if ARCHIVED in after else [(r, self._changes(row.after)) for row, r in pairs]
                operation(several, actor=self.actor)
        except _REFUSED:
            for record in records:
                self.session.refresh(record)
            return False
        self.written += len(pairs)
        return True

    def create(self, rows: Sequence[ChangeRow]) -> None:
        """Make new records, many in few statements where the domain can, one by one where one of them is refused. A
        name that somebody has taken since the preview is in the way."""
        free = self._not_arrived(rows) if self.filing.rules else self._not_come(rows)
        if not free or self._create_many(free):
            return
        for row in free:
            self._note(row, self._create_one(row))

    def _not_arrived(self, rows: Sequence[ChangeRow]) -> list[ChangeRow]:
        assert self.filing.rules is not None
        free = []
        for row, problem in zip(rows, self.filing.rules.arrived([self._input(row) for row in rows]), strict=True):
            if problem:
                self._note(row, problem)
            else:
                free.append(row)
        return free

    def _not_come(self, rows: Sequence[ChangeRow]) -> list[ChangeRow]:
        called = self._called(rows)
        return [row for row in rows if not self._has_come(row, called)]

    def _has_come(self, row: ChangeRow, called: Found) -> bool:
        if NAME not in row.after or row.after.get(SLUG) or not called.named(row.after[NAME]):
            return False
        self._note(row, f"A {self.filing.kind.singular} of this name has come since the preview.", at=NAME)
        return True

    def _called(self, rows: Sequence[ChangeRow]) -> Found:
        names = {row.after[NAME] for row in rows if NAME in row.after and not row.after.get(SLUG)}
        return find_records(self.session, self.filing.kind, (), (), names)

    def _create_many(self, rows: Sequence[ChangeRow]) -> bool:
        create_many = self.filing.create_many
        if create_many is None:
            return False
        try:
            inputs = [self._input(row) for row in rows]
            with self.session.begin_nested():
                made = create_many(inputs, actor=self.actor)
                for row, record in zip(rows, made, strict=True):
                    self._archive_if_told(row.after, record)
        except _REFUSED:
            return False
        self._note_records(rows, made)
        self.written += len(rows)
        return True

    def _note_records(self, rows: Sequence[ChangeRow], made: Sequence[Any]) -> None:
        """Put down which record each row made, in one statement."""
        docs = [{"number": row.number, "record_id": record.id} for row, record in zip(rows, made, strict=True)]
        given = recordset(_ROWS, docs)
        self.session.execute(
            update(_ROWS)
            .where(_ROWS.c.change_set_id == self.change_set.id, _ROWS.c.number == given.c.number)
            .values(record_id=given.c.record_id)
        )
        for row, record in zip(rows, made, strict=True):
            set_committed_value(row, "record_id", record.id)

    def _create_one(self, row: ChangeRow) -> str | None:
        def create() -> None:
            record = required(self.filing.editing.create)(self._input(row), actor=self.actor)
            self._archive_if_told(row.after, record)
            row.record_id = record.id

        return self._attempt(create)

    def _input(self, row: ChangeRow) -> Any:
        fields = {name: value for name, value in row.after.items() if name != ARCHIVED}
        return self.filing.input.model_validate(self.filing.editing.unpacked(fields))

    def _archive_if_told(self, after: Mapping[str, Any], record: Any) -> None:
        if after.get(ARCHIVED):
            self.session.flush()
            required(self.filing.editing.archive)(record, actor=self.actor)

    def _obstacle(self, row: ChangeRow, record: Any) -> str | None:
        """What has come between since the preview: each value to be changed must still be the one that was shown."""
        if record is None:
            return f"The {self.filing.kind.singular} is no longer there."
        if row.base_version == record.version:
            return None
        for name, seen in row.before.items():
            if name == ARCHIVED:
                if bool(seen) != record.is_archived:
                    return f"It has been {'archived' if record.is_archived else 'restored'} since the preview."
                continue
            editing = self.filing.editing
            current = editing.values(record)[name]
            if canonical(editing, name, current) != canonical(editing, name, seen):
                label = label_of(editing.kind, name)
                words = packed(editing, name, current) if name in editing.cells else in_words(current)
                return f"{label} has been changed since the preview: it is “{words}” now."
        return None

    def _change_one(self, record: Any, after: Mapping[str, Any]) -> str | None:
        return self._attempt(lambda: self._call_operation(record, after))

    def _attempt(self, write: Callable[[], None]) -> str | None:
        """Write within a savepoint; what was refused, in words."""
        try:
            with self.session.begin_nested():
                write()
        except DomainError as error:
            return error.message
        except ValidationError as error:
            return field_errors(error)[0].message
        except DatabaseError as error:
            reason = explain(error)
            if not isinstance(reason, Conflict | Invalid):
                raise
            return reason.message
        return None

    def _call_operation(self, record: Any, after: Mapping[str, Any]) -> None:
        fields = {name: value for name, value in after.items() if name != ARCHIVED}
        if fields:
            required(self.filing.editing.update)(record, self._changes(fields), actor=self.actor)
        if ARCHIVED in after:
            change = self.filing.editing.archive if after[ARCHIVED] else self.filing.editing.restore
            required(change)(record, actor=self.actor)

    def _changes(self, after: Mapping[str, Any]) -> dict[str, Any]:
        return changes_of(partial(self.filing.input).model_validate(self.filing.editing.unpacked(after)))

    def _note(self, row: ChangeRow, problem: str | None, *, at: str = "") -> None:
        if problem is None:
            self.written += 1
        else:
            row.kind = RowKind.CONFLICT
            field = at or ("" if self.filing.rules else next(iter(row.after), ""))
            row.problems = [{"field": field, "message": problem}]
