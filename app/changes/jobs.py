"""Previews and applications that take longer than a person should wait for an answer."""

from contextlib import suppress
from uuid import UUID

from app.changes.running import APPLY, PREVIEW, is_stranded, preview
from app.core.audit import current_actor
from app.core.changes import applying, keeping, staging
from app.core.changes.models import ChangeKind, ChangeSet, State
from app.core.clock import now
from app.core.errors import DomainError
from app.extensions import db
from app.jobs.current import current_job
from app.jobs.progress import report
from app.jobs.tasks import get_task, periodic, task

ROWS_AT_ONCE = 20_000


@task(PREVIEW, title="Check an import or bulk change", commits=True)
def preview_change_set(change_set_id: str) -> None:
    change_set = _locked(change_set_id)
    if change_set.kind == ChangeKind.UNDO and change_set.state in (State.QUEUED, State.RUNNING):
        # Its worker died while it was carried out, in this very job.
        apply_change_set(change_set_id)
        return
    if change_set.state != State.PREPARING:
        return
    try:
        preview(change_set, progress=lambda done, total: report(done, total, "Examining the rows"))
    except DomainError as error:
        _fail(change_set_id, error.message)
        return
    if change_set.kind == ChangeKind.UNDO and not change_set.rows_conflict:
        # Whoever pressed Undo has said yes already; they are asked again only where something stands in the way.
        change_set.state = State.QUEUED
        db.session.commit()
        apply_change_set(change_set_id)


@task(APPLY, title="Apply an import or bulk change", commits=True)
def apply_change_set(change_set_id: str) -> None:
    """Apply it in one transaction: however often this is begun, it is done once, and never by half."""
    change_set = _locked(change_set_id)
    if change_set.state not in (State.QUEUED, State.RUNNING):
        return
    change_set.state, change_set.started_at = State.RUNNING, now()
    total = change_set.rows_to_write
    db.session.commit()
    change_set = _locked(change_set_id)
    if change_set.state != State.RUNNING:
        return
    try:
        progress = lambda done: report(done, total, "Writing")  # noqa: E731
        applying.apply(db.session, change_set, actor=current_actor(), done=progress)
    except DomainError as error:
        _fail(change_set_id, error.message)
    except Exception:
        if _is_last_attempt():
            _fail(change_set_id, "Something went wrong, and nothing was written. It can be applied again.")
        raise


@periodic(
    "53 3 * * *",
    name="changes.clear",
    as_system="change sets have no tenant",
    title="Delete the rows of old imports and bulk changes",
    commits=True,
)
def clear_change_sets() -> None:
    """Discard what nobody has carried on for 30 days, and remove the rows of what can't be undone any more."""
    for change_set_id in keeping.list_unfinished(db.session):
        change_set = _locked(str(change_set_id))
        stranded = is_stranded(change_set)
        if stranded or not change_set.is_waiting:
            with suppress(staging.NotOpen):  # somebody has carried it on just now
                staging.discard(db.session, change_set, stranded=stranded)
        db.session.commit()
    while keeping.remove_rows(db.session, ROWS_AT_ONCE):
        db.session.commit()


def _locked(change_set_id: str) -> ChangeSet:
    return staging.get_change_set(db.session, UUID(change_set_id), for_update=True)


def _fail(change_set_id: str, message: str) -> None:
    db.session.rollback()
    staging.fail(db.session, _locked(change_set_id), message)
    db.session.commit()


def _is_last_attempt() -> bool:
    job = current_job()
    return job is None or job.attempt >= get_task(APPLY).max_attempts
