"""Reading the files of large event logs, and deleting those that nobody has had read."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from app.automations.analysis import store
from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.operations import abandon, finish_reading, give_up_reading, given_by_file
from app.core.audit import SYSTEM, current_actor
from app.core.errors import DomainError
from app.extensions import db
from app.jobs.current import current_job
from app.jobs.progress import report
from app.jobs.tasks import get_task, periodic, task

READ = "automations.read_event_log"
WRONG = "Something went wrong while the file was read. Send it again."


@task(READ, title="Read an event log", max_attempts=3, commits=True)
def read_event_log(analysis_id: str) -> None:
    """Read the file of an analysis; it is deleted then, whatever came of it. However often this is begun, it is done
    once."""
    found = _reading(analysis_id)
    if found is None:
        return
    file_id, asked = found.file_id, found.input
    assert file_id is not None
    try:
        with store.on_disk(file_id) as path:
            db.session.commit()  # Reading takes a while, and holds no transaction open.
            given = given_by_file(asked, path, partial(report, note="Reading"))
    except DomainError as error:
        _end(analysis_id, partial(give_up_reading, reason=error.message, actor=current_actor()))
    except Exception:
        db.session.rollback()
        if _is_last_attempt():
            _end(analysis_id, partial(give_up_reading, reason=WRONG, actor=current_actor()))
        raise
    else:
        _end(analysis_id, partial(finish_reading, given=given, actor=current_actor()))


@periodic(
    "23 * * * *",
    name="automations.forget_event_logs",
    as_system="files of all companies are deleted after a day",
    title="Delete event logs that nobody had read",
)
def forget_event_logs() -> None:
    store.forget_old()
    abandon(store.KEPT, actor=SYSTEM)


def _reading(analysis_id: str, *, for_update: bool = False) -> ProcessAnalysis | None:
    found = db.session.get(ProcessAnalysis, UUID(analysis_id), with_for_update=for_update, populate_existing=True)
    return found if found is not None and found.state == "reading" and found.file_id is not None else None


def _end(analysis_id: str, act: Callable[[ProcessAnalysis], None]) -> None:
    if (found := _reading(analysis_id, for_update=True)) is not None:
        file_id = found.file_id
        act(found)
        if file_id is not None:
            store.forget(file_id)
    db.session.commit()


def _is_last_attempt() -> bool:
    job = current_job()
    return job is None or job.attempt >= get_task(READ).max_attempts
