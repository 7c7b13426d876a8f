"""Change sets before they are applied: rows put down, shown, corrected, counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import IO, Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session

from app.core.audit import Actor, audit_context
from app.core.changes import reading
from app.core.changes.files import remembered, store
from app.core.changes.files.plan import Marks, Plan
from app.core.changes.importing import Draft, Examiner, examiner_of
from app.core.changes.models import ChangeKind, ChangeRow, ChangeSet, RowKind, State
from app.core.chunks import chunked
from app.core.errors import Conflict, NotFound
from app.core.kinds import Filing, Kind, filing_of
from app.core.recordsets import recordset
from app.core.sessions import AnySession, plain

ROWS_AT_ONCE = 1_000
_ROWS = cast("Table", ChangeRow.__table__)
LARGE = 5_000
"""Rows beyond which a preview is made by a job."""
Progress = Callable[[int, int], None]


class NotOpen(Conflict):
    """The change set is past the state in which that can be done."""

    code = "change-set-closed"


def get_change_set(session: AnySession, change_set_id: UUID, *, for_update: bool = False) -> ChangeSet:
    query = select(ChangeSet).where(ChangeSet.id == change_set_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = plain(session).scalar(query)
    if found is None:
        raise NotFound("There is no such change set.")
    return found


def new_change_set(
    session: AnySession, kind: ChangeKind, filing: Filing, title: str, *, actor: Actor, params: Mapping[str, Any]
) -> ChangeSet:
    change_set = ChangeSet(
        kind=kind, state=State.PREPARING, resource_key=filing.kind.key, title=title, params=dict(params),
        actor_id=actor.id, actor_name=actor.username, request_id=audit_context().request_id,
    )  # fmt: skip
    session.add(change_set)
    session.flush()
    return change_set


def stage_import(
    session: AnySession,
    kind: Kind,
    content: bytes | IO[bytes],
    *,
    filename: str,
    actor: Actor,
    clear: bool = False,
) -> ChangeSet:
    """Take in a file. It is looked into by `preview_import`, which may find that a person must choose. `clear`
    says that empty cells clear values."""
    title = f"Import of {filename}" if filename else f"Import of {kind.plural}"
    params = {"file": filename, "clear": clear}
    change_set = new_change_set(session, ChangeKind.IMPORT, filing_of(kind), title, actor=actor, params=params)
    file = BytesIO(content) if isinstance(content, bytes) else content
    size = store.keep(plain(session), change_set.id, file)
    change_set.params = {**change_set.params, "size": size}
    session.flush()
    return change_set


def choose(session: AnySession, change_set: ChangeSet, plan: Plan, *, lasting: bool = True) -> None:
    """Take a person's plan for the file, and have the rows examined anew. It is remembered for others like it, unless
    it isn't `lasting`. What was corrected in rows is kept, unless columns were chosen anew. The change set must be
    locked."""
    if change_set.state not in (State.ASKING, State.PREVIEWED):
        raise NotOpen("How the file is read can be changed only before the import is applied.")
    session = plain(session)
    if lasting:
        remembered.remember(session, change_set.resource_key or "", reading.look_of(change_set), plan)
    session.execute(delete(ChangeRow).where(ChangeRow.change_set_id == change_set.id))
    corrections = change_set.params.get("corrections", {}) if change_set.state == State.PREVIEWED else {}
    change_set.params = {
        **change_set.params, "plan": plan.dump(), "clear": plan.clear, "corrections": corrections,
    }  # fmt: skip
    change_set.state, change_set.error = State.PREPARING, None
    session.flush()


def look_again(session: AnySession, change_set: ChangeSet, plan: Plan) -> None:
    """Have the file looked into anew, with the sheet, the letters, the separator and the heading of a person's plan.
    The change set must be locked."""
    if change_set.state != State.ASKING:
        raise NotOpen("How the file is read can't be changed any more.")
    change_set.params = {**change_set.params, reading.CHOSEN: plan.dump()}
    change_set.state, change_set.error = State.PREPARING, None
    plain(session).flush()


def fail(session: AnySession, change_set: ChangeSet, message: str) -> None:
    """Note that it couldn't be read or written. Where another way of reading was tried, the earlier one is offered
    again. The change set must be locked."""
    change_set.error = message
    if reading.CHOSEN in change_set.params:
        change_set.params = {name: value for name, value in change_set.params.items() if name != reading.CHOSEN}
        change_set.state = State.ASKING
    else:
        change_set.state = State.FAILED
        store.forget(plain(session), change_set.id)
    session.flush()


@dataclass(frozen=True)
class Answers:
    """What a person says to what the preview asks: the currency of amounts that name none, and by field the how
    columns are written, whether numbers with too many decimals are rounded, and what new records get where cells are
    empty."""

    currency: str = ""
    marks: Marks = field(default_factory=dict)
    rounded: Mapping[str, bool] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.currency or self.marks or self.rounded or self.constants)


def answer(session: AnySession, change_set: ChangeSet, answers: Answers) -> None:
    """Take answers to what the preview asks. The rows are to be examined anew. The change set must be locked."""
    if change_set.kind != ChangeKind.IMPORT or change_set.state != State.PREVIEWED:
        raise NotOpen("How the file is read can be changed only before the import is applied.")
    plan = reading.plan_of(change_set)
    answered = replace(
        plan,
        currency=answers.currency or plan.currency,
        marks={**plan.marks, **answers.marks},
        rounded={**plan.rounded, **answers.rounded},
        constants={**plan.constants, **answers.constants},
    )
    choose(session, change_set, answered, lasting=not reading.look_of(change_set).sure)


def ask_again(session: AnySession, change_set: ChangeSet) -> None:
    """Go back from the preview to how the file is read. The change set must be locked."""
    if change_set.state != State.PREVIEWED or "plan" not in change_set.params:
        raise NotOpen("How the file is read can be changed only before the import is applied.")
    change_set.state = State.ASKING
    session.flush()


def preview_import(session: AnySession, change_set: ChangeSet, progress: Progress = lambda *_: None) -> None:
    """Examine the rows of a file that was taken in, and put down what each would do; or ask how the file is meant.
    Raises `Unreadable`."""
    session = plain(session)
    filing = filing_of(change_set.resource_key)
    with reading.opened(session, change_set) as table:
        if reading.is_unread(change_set):
            reading.look_into(session, change_set, table)
        if change_set.state == State.ASKING:
            return
        drafts = reading.drafts_of(session, filing, change_set, table)
        put_rows(session, change_set, (_row_of(filing, draft) for draft in drafts), progress)
    finish_preview(session, change_set)


def put_rows(
    session: Session, change_set: ChangeSet, rows: Iterable[Mapping[str, Any]], progress: Progress = lambda *_: None
) -> None:
    done = 0
    for chunk in chunked(rows, ROWS_AT_ONCE):
        docs = [{"change_set_id": change_set.id, **row} for row in chunk]
        names, given = list(docs[0]), recordset(_ROWS, docs)
        session.execute(insert(_ROWS).from_select(names, select(*(given.c[name] for name in names))))
        done += len(chunk)
        progress(done, change_set.rows_total)


def finish_preview(session: AnySession, change_set: ChangeSet) -> None:
    """Count the rows, and offer the change set for applying."""
    count_rows(session, change_set)
    change_set.state = State.PREVIEWED
    session.flush()


def count_rows(session: AnySession, change_set: ChangeSet) -> None:
    query = select(ChangeRow.kind, func.count()).where(ChangeRow.change_set_id == change_set.id)
    counts = dict(plain(session).execute(query.group_by(ChangeRow.kind)).all())
    for kind in RowKind:
        setattr(change_set, f"rows_{kind.value}", counts.get(kind, 0))
    change_set.rows_total = sum(counts.values())


def list_rows(
    session: AnySession, change_set: ChangeSet, kind: RowKind, *, after: int = 0, limit: int = 50
) -> Sequence[ChangeRow]:
    """The rows of one kind, in the order of the file; those after the given number."""
    query = (
        select(ChangeRow)
        .where(ChangeRow.change_set_id == change_set.id, ChangeRow.kind == kind, ChangeRow.number > after)
        .order_by(ChangeRow.number)
        .limit(limit)
    )
    return plain(session).scalars(query).all()


def correct_row(session: AnySession, change_set: ChangeSet, number: int, cells: Mapping[str, str]) -> ChangeRow:
    """Put other values into cells of a wrong row of an import, and examine it anew. The change set must be locked."""
    session = plain(session)
    if change_set.kind != ChangeKind.IMPORT or change_set.state != State.PREVIEWED:
        raise NotOpen("Rows can be corrected only before the import is applied.")
    row = session.get(ChangeRow, (change_set.id, number))
    if row is None or row.kind != RowKind.WRONG:
        raise NotFound("There is no wrong row with this number.")
    filing = filing_of(change_set.resource_key)
    known = dict(row.cells)
    columns = {*known, *change_set.params.get("columns", ())}
    corrected = {name: value for name, value in cells.items() if name in columns}
    draft = Draft(number, known | corrected)
    examiner = examiner_of(session, filing, change_set.params.get("marks", {}), reading.plan_of(change_set))
    examiner.examine([draft])
    _refuse_if_repeated(session, change_set, examiner, draft)
    asked, corrections = change_set.params.get("questions") or {}, change_set.params.get("corrections", {})
    if draft.kind is RowKind.NEW:
        asked = {**asked, "currency": asked.get("currency", 0) + examiner.without_currency}
    corrections = {**corrections, str(number): {**corrections.get(str(number), {}), **corrected}}
    change_set.params = {**change_set.params, "questions": asked, "corrections": corrections}
    for name, value in _row_of(filing, draft).items():
        setattr(row, name, value)
    session.flush()
    count_rows(session, change_set)
    session.flush()
    return row


def discard(session: AnySession, change_set: ChangeSet, *, stranded: bool = False) -> None:
    """Give up a change set that hasn't been applied; its rows go. It must be locked. `stranded` says that no job will
    carry it on any more, though one should have."""
    if change_set.state not in (State.PREPARING, State.ASKING, State.PREVIEWED, State.FAILED) and not stranded:
        is_gone = change_set.state == State.DISCARDED
        raise NotOpen("It was discarded already." if is_gone else "It is being applied, or has been already.")
    change_set.state = State.DISCARDED
    store.forget(plain(session), change_set.id)
    session.execute(delete(ChangeRow).where(ChangeRow.change_set_id == change_set.id))
    session.flush()


def _refuse_if_repeated(session: Session, change_set: ChangeSet, examiner: Examiner, draft: Draft) -> None:
    """A corrected row may have become one of a record that another row is of."""
    if draft.kind is RowKind.WRONG:
        return
    others = select(ChangeRow.number).where(
        ChangeRow.change_set_id == change_set.id,
        ChangeRow.number != draft.number,
        ChangeRow.kind.in_([RowKind.NEW, RowKind.CHANGED, RowKind.UNCHANGED]),
    )
    if number := session.scalar(others.where(examiner.same_as(draft)).limit(1)):
        examiner.refuse_repeated(draft, number)


def _row_of(filing: Filing, draft: Draft) -> dict[str, Any]:
    return {
        "number": draft.number,
        "kind": draft.kind,
        "table_name": filing.kind.table,
        "record_id": draft.record.id if draft.record is not None else None,
        "base_version": draft.record.version if draft.record is not None else None,
        "label": draft.label,
        "cells": draft.cells if draft.kind is RowKind.WRONG else {},
        "before": draft.before,
        "after": draft.after,
        "problems": draft.problems,
    }
