"""Whether a change set's work is done here, at once, or by a job."""

from app.core.audit import Actor
from app.core.changes import applying, bulk, reading, staging, undo
from app.core.changes.models import ChangeKind, ChangeSet, State
from app.core.errors import NotFound
from app.extensions import db
from app.jobs.queries import Job, get_job
from app.jobs.queue import enqueue

AT_ONCE = 500
"""Rows up to which a change set is applied while the person waits."""
READ_AT_ONCE = 1024 * 1024
"""Bytes up to which a file is read while the person waits."""
PREVIEW, APPLY = "changes.preview", "changes.apply"
_OVER = ("succeeded", "failed", "cancelled", "aborted")


def preview(change_set: ChangeSet, progress: staging.Progress = lambda *_: None) -> None:
    """Work out what the change set comes to."""
    if change_set.kind == ChangeKind.IMPORT:
        staging.preview_import(db.session, change_set, progress)
    elif change_set.kind == ChangeKind.BULK:
        bulk.preview_bulk(db.session, change_set, progress)
    else:
        undo.preview_undo(db.session, change_set, progress)


def read_soon(change_set: ChangeSet) -> None:
    """Look into the file of an import now, and preview it if there is nothing to ask; by a job where it is large.
    Raises `Unreadable`."""
    if change_set.params["size"] > READ_AT_ONCE:
        preview_soon(change_set, large=True)
        return
    if reading.is_unread(change_set):
        with reading.opened(db.session, change_set) as table:
            reading.look_into(db.session, change_set, table)
    if change_set.state == State.PREPARING:
        preview_soon(change_set, large=change_set.rows_total > staging.LARGE)


def preview_soon(change_set: ChangeSet, *, large: bool) -> None:
    """Preview now, or by a job where that takes long."""
    if large:
        change_set.job_id = enqueue(db.session, PREVIEW, change_set_id=change_set.id)
    else:
        preview(change_set)


def preview_again(change_set: ChangeSet) -> None:
    """Begin a preview anew whose job ended without finishing it. The change set must be locked; raises `NotOpen`."""
    if change_set.state != State.PREPARING or not is_stranded(change_set):
        raise staging.NotOpen("It is being read already, or has been read.")
    preview_soon(change_set, large=True)


def apply_soon(change_set: ChangeSet, *, actor: Actor) -> None:
    """Apply now, or by a job where there are many rows. The change set must be locked; raises `NotOpen`."""
    applying.require_appliable(change_set, job_is_over=is_stranded(change_set))
    if change_set.rows_to_write <= AT_ONCE:
        applying.apply(db.session, change_set, actor=actor)
        return
    change_set.state, change_set.error = State.QUEUED, None
    change_set.job_id = enqueue(db.session, APPLY, change_set_id=change_set.id)


def job_of(change_set: ChangeSet) -> Job | None:
    if change_set.job_id is None or not change_set.is_waiting:
        return None
    try:
        return get_job(db.session, change_set.job_id)
    except NotFound:
        return None


def is_stranded(change_set: ChangeSet) -> bool:
    """Whether the job that should carry it on has ended without doing so: somebody stopped it, or it failed."""
    if not change_set.is_waiting or change_set.job_id is None:
        return False
    job = job_of(change_set)
    return job is None or job.state in _OVER
