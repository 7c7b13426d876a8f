"""Taking back a change, one record's part in it, or a whole change set; an undo is a change set too, and can
be undone."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.core.audit import Actor, AuditEntry, audit_as, audit_context, using_audit_context
from app.core.changes import putting_back, reversal
from app.core.changes.history import UNDO_PERIOD
from app.core.changes.models import ChangeKind, ChangeRow, ChangeSet, RowKind, State
from app.core.changes.naming import Names
from app.core.changes.reversal import Obstacle, Reversal, Step
from app.core.changes.rules import rules_of, why_kept
from app.core.clock import now
from app.core.errors import Conflict, NotFound, Refused
from app.core.kinds import Kind, find_by_table
from app.core.rules import enforces
from app.core.sessions import AnySession, plain

Progress = Callable[[int, int], None]
LOCK = {"key_share": True}
"""Two who begin an undo both refer to its target: a lock that minds that would have each wait for the other."""


@enforces("change_sets_undoes_set_idx", "change_sets_undoes_change_idx", says="This has been undone already.")
class UndoneAlready(Conflict):
    pass


class TooLateToUndo(Conflict):
    says = f"Changes can be undone for {UNDO_PERIOD.days} days; this one is older."


def undo_change(
    session: AnySession, change_id: UUID, *, actor: Actor, kind: Kind | None, record_id: UUID | None
) -> ChangeSet:
    """Take back what one change did to one record and its parts, or, without a record, to all. The caller has checked
    that the actor may.

    When everything can be put back it is done, and the answer is `applied`. Else nothing is written yet: the answer is
    `previewed`, its page shows what has been changed since, and offers to undo the rest.
    """
    session = plain(session)
    undo_set = stage_undo(session, actor=actor, change_id=change_id, kind=kind, record_id=record_id)
    preview_undo(session, undo_set)
    if undo_set.rows_conflict == 0:
        carry_out(session, undo_set, actor=actor)
    return undo_set


def stage_undo(
    session: AnySession,
    *,
    actor: Actor,
    change_id: UUID | None = None,
    change_set: ChangeSet | None = None,
    kind: Kind | None = None,
    record_id: UUID | None = None,
) -> ChangeSet:
    """Begin the undo of a change (of one record's part in it, when that is named) or of a whole change set.

    Raises `NotFound`, `UndoneAlready`, `TooLateToUndo`, or `Refused` where other than business records were changed.
    """
    session = plain(session)
    if change_id is not None and (earlier := _undo_that_made(session, change_id, record_id)):
        change_id, change_set = None, earlier
    if change_set is not None:
        record_id = change_set.undoes_record_id
    undo_set = ChangeSet(
        kind=ChangeKind.UNDO,
        state=State.PREPARING,
        title="",
        actor_id=actor.id,
        actor_name=actor.username,
        request_id=audit_context().request_id,
        undoes_change_id=change_id,
        undoes_record_id=record_id,
        undoes_set_id=change_set.id if change_set else None,
        resource_key=kind.key if kind else change_set.resource_key if change_set else None,
    )
    _require_undoable(session, undo_set)
    undo_set.title = _opposite(change_set.title) if change_set else _title(session, undo_set)
    undo_set.rows_total = change_set.rows_done if change_set else 1
    session.add(undo_set)
    session.flush()
    return undo_set


def preview_undo(session: AnySession, undo_set: ChangeSet, progress: Progress = lambda *_: None) -> None:
    """Work out what the undo comes to: counts, and as rows what stands in its way. Raises `UndoneAlready`."""
    session, total = plain(session), undo_set.rows_total
    which = _entries_of(undo_set)
    planned = reversal.plan(session, which, lock=False, through=lambda seen: progress(min(seen, total), total))
    if not planned.effective and not planned.obstacles:
        raise UndoneAlready("Everything is as it was before that change already.")
    _count(undo_set, planned)
    undo_set.state = State.PREVIEWED
    session.flush()
    _tell_obstacles(session, undo_set, planned.obstacles)


def carry_out(
    session: AnySession, undo_set: ChangeSet, *, actor: Actor, done: Callable[[int], None] = lambda _: None
) -> None:
    """Write a previewed undo, as far as nothing stands in its way. When somebody else was faster: `UndoneAlready`.

    `done` hears how far it is, in rows: half of the way is looking at them again, and the other half is writing."""
    session = plain(session)
    _lock_target(session, undo_set)
    _require_undoable(session, undo_set)
    with using_audit_context(change_set_id=undo_set.id, action="undo"):
        audit_as(session, actor=actor, action="undo")
        which, total = _entries_of(undo_set), undo_set.rows_total
        planned = reversal.plan(session, which, lock=True, through=lambda seen: done(min(seen, total) // 2))
        refused = putting_back.carry_out(
            session, planned, actor, lambda written: done((planned.effective + written) // 2)
        )
    undo_set = session.merge(undo_set)
    _count(undo_set, planned, refused)
    undo_set.rows_conflict += len(refused)
    undo_set.rows_done = planned.effective - len(refused)
    session.query(ChangeRow).filter_by(change_set_id=undo_set.id).delete()
    _tell_obstacles(session, undo_set, [*planned.obstacles, *refused])
    if undo_set.rows_done:
        undo_set.state, undo_set.applied_at = State.APPLIED, now()
        undo_set.actor_id, undo_set.actor_name = actor.id, actor.username
        _mark_undone(session, undo_set, actor)
    else:  # it is not undone, and may be tried again when nothing stands in the way any more
        undo_set.state, undo_set.rows_new, undo_set.rows_changed = State.PREVIEWED, 0, 0
    session.flush()


def _undo_that_made(session: Session, change_id: UUID, record_id: UUID | None) -> ChangeSet | None:
    """The undo that this change carried out, if it did: to take it back is to take back the whole of that undo."""
    made = select(AuditEntry.change_set_id).where(AuditEntry.change_id == change_id)
    query = select(ChangeSet).where(ChangeSet.id.in_(made), ChangeSet.kind == ChangeKind.UNDO)
    if record_id is not None:
        query = query.where(ChangeSet.undoes_record_id == record_id)
    return session.scalar(query)


def undoable(session: AnySession, changes: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Those of the changes, each one record's part in one, of which something could be put back."""
    query = select(AuditEntry).where(AuditEntry.change_id.in_({change_id for change_id, _ in changes}))
    parts: dict[tuple[UUID, UUID], list[AuditEntry]] = {change: [] for change in changes}
    for entry in plain(session).scalars(query) if changes else ():
        for owner in (entry.record_id, entry.parent_id):
            if owner and (entry.change_id, owner) in parts:
                parts[entry.change_id, owner].append(entry)
    return {change for change, entries in parts.items() if entries and not why_kept(entries)}


def permissions_for(session: AnySession, undo_set: ChangeSet) -> set[str]:
    """What somebody needs to carry out an undo."""
    tables = plain(session).scalars(select(AuditEntry.table_name).distinct().where(_entries_of(undo_set)))
    return {rules.permission for table in tables if (rules := rules_of(table))}


def _entries_of(undo_set: ChangeSet) -> ColumnElement[bool]:
    which = AuditEntry.change_id == undo_set.undoes_change_id
    if undo_set.undoes_set_id is not None:
        which = AuditEntry.change_set_id == undo_set.undoes_set_id
    if undo_set.undoes_record_id is None:
        return which
    record_id = undo_set.undoes_record_id
    return which & or_(AuditEntry.record_id == record_id, AuditEntry.parent_id == record_id)


def _require_undoable(session: Session, undo_set: ChangeSet) -> None:
    which = _entries_of(undo_set)
    at = session.scalar(select(func.min(AuditEntry.at)).where(which))
    if at is None:
        raise NotFound("There is no such change, or it changed nothing.")
    if at < now() - UNDO_PERIOD:
        raise TooLateToUndo
    tables = session.scalars(select(AuditEntry.table_name).distinct().where(which)).all()
    if not all(rules_of(table) for table in tables):
        raise Refused("Accounts or settings were changed there. Each has its own way back, on its own page.")
    if earlier := session.scalar(_undo_in_force(undo_set)):
        raise UndoneAlready(f"{earlier.actor_name} has undone this already.")
    if undo_set.undoes_set_id is not None:
        state = session.scalar(select(ChangeSet.state).where(ChangeSet.id == undo_set.undoes_set_id))
        if state != State.APPLIED:
            raise UndoneAlready("This has been undone already.")


def _undo_in_force(undo_set: ChangeSet) -> Any:
    query = select(ChangeSet).where(ChangeSet.kind == ChangeKind.UNDO, ChangeSet.state == State.APPLIED)
    if undo_set.undoes_set_id is not None:
        return query.where(ChangeSet.undoes_set_id == undo_set.undoes_set_id).limit(1)
    query = query.where(ChangeSet.undoes_change_id == undo_set.undoes_change_id)
    everything = ChangeSet.undoes_record_id.is_(None)
    return query.where(or_(everything, ChangeSet.undoes_record_id == undo_set.undoes_record_id)).limit(1)


def _lock_target(session: Session, undo_set: ChangeSet) -> None:
    """Let only one transaction at a time undo the same thing."""
    target = str(undo_set.undoes_set_id or undo_set.undoes_change_id)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(target, 0))))
    if undo_set.undoes_set_id is not None:
        session.get(ChangeSet, undo_set.undoes_set_id, with_for_update=LOCK, populate_existing=True)


def _opposite(title: str) -> str:
    if title.startswith("Undo: "):
        return title.replace("Undo: ", "Redo: ", 1)
    return "Undo: " + title.removeprefix("Redo: ")


def _title(session: Session, undo_set: ChangeSet) -> str:
    first = session.execute(
        select(AuditEntry)
        .where(_entries_of(undo_set))
        .order_by(AuditEntry.parent_id.is_not(None), AuditEntry.id)
        .limit(1)
    ).one()[0]
    kind = find_by_table(first.parent_table or first.table_name)
    label = first.record_label or ""
    if first.parent_table:
        label = Names.load(session, [(first.parent_table, first.parent_id)]).of(first.parent_table, first.parent_id)
    return f"Undo: {first.action.replace('-', ' ')} of {kind.singular if kind else 'record'} “{label}”"


def _count(undo_set: ChangeSet, planned: Reversal, refused: Sequence[Obstacle] = ()) -> None:
    left = {obstacle.record_id for obstacle in refused}
    steps = Counter(row.step.value for row in planned.rows if row.step is not Step.NOTHING and row.id not in left)
    undo_set.params = {**(undo_set.params or {}), "steps": dict(steps)}
    undo_set.rows_new = planned.count(Step.REINSERT)
    undo_set.rows_changed = planned.count(Step.RESTORE, Step.REMOVE, Step.ARCHIVE)
    undo_set.rows_unchanged = planned.count(Step.NOTHING)
    undo_set.rows_conflict = len(planned.obstacles)
    undo_set.rows_total = planned.effective


def _tell_obstacles(session: Session, undo_set: ChangeSet, obstacles: Sequence[Obstacle]) -> None:
    untold = [(obstacle.table_name, obstacle.record_id) for obstacle in obstacles if not obstacle.label]
    names = Names.load(session, untold)
    rows = [
        {
            "change_set_id": undo_set.id,
            "number": number,
            "kind": RowKind.CONFLICT,
            "table_name": obstacle.table_name,
            "record_id": obstacle.record_id,
            "label": obstacle.label or names.of(obstacle.table_name, obstacle.record_id),
            "before": {obstacle.field: obstacle.current} if obstacle.field else {},
            "after": {obstacle.field: obstacle.back} if obstacle.field else {},
            "problems": [{"field": obstacle.field, "message": obstacle.message}],
        }
        for number, obstacle in enumerate(obstacles, start=1)
    ]
    if rows:
        session.execute(ChangeRow.__table__.insert(), rows)  # type: ignore[attr-defined]


def _mark_undone(session: Session, undo_set: ChangeSet, actor: Actor) -> None:
    """What is undone is marked so; where that was an undo itself, what it had undone is in force again, and so on."""
    in_force = False
    target_id = undo_set.undoes_set_id
    while target_id is not None:
        target = session.get_one(ChangeSet, target_id, with_for_update=LOCK)
        target.state = State.APPLIED if in_force else State.UNDONE
        target.undone_at = None if in_force else now()
        target.undone_by = None if in_force else actor.username
        target_id, in_force = target.undoes_set_id, not in_force
