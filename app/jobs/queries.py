"""What the page of jobs and the metrics read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, literal, select, union_all
from sqlalchemy.orm import Session, scoped_session

from app.core.clock import now
from app.core.errors import NotFound
from app.jobs.models import JobReport, events, jobs, workers
from app.jobs.queue import CALLER

AnySession = scoped_session[Any] | Session

COUNT_LIMIT = 10_000
ALIVE_WITHIN = timedelta(seconds=15)
_HIDDEN = ("password", "secret", "token", "key", "authorization")


@dataclass(frozen=True)
class Job:
    """A job as a person sees it. `arguments` show no secrets; `attempts` counts those that have ended."""

    id: int
    task: str
    queue: str
    state: str
    arguments: dict[str, Any]
    request_id: str | None
    attempts: int
    is_being_cancelled: bool
    scheduled_at: datetime | None
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    done: int | None
    total: int | None
    note: str | None
    error: str | None
    failed_at: datetime | None

    @property
    def percent(self) -> int | None:
        return None if self.done is None or not self.total else min(100, self.done * 100 // self.total)

    @property
    def can_be_retried(self) -> bool:
        return self.state in ("failed", "cancelled", "aborted")

    @property
    def can_be_cancelled(self) -> bool:
        return self.state in ("todo", "doing") and not self.is_being_cancelled


@dataclass(frozen=True)
class JobPage:
    """Jobs, newest first. `older` is the `before` of the next page, None on the last."""

    jobs: Sequence[Job]
    older: int | None


def list_jobs(
    session: AnySession,
    *,
    state: str | None = None,
    task: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> JobPage:
    """One page of the jobs, newest first, of one state or one task where given."""
    query = _described().order_by(jobs.c.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(jobs.c.status == state)
    if task is not None:
        query = query.where(jobs.c.task_name == task)
    if before is not None:
        query = query.where(jobs.c.id < before)
    rows = [_job(row) for row in session.execute(query)]
    return JobPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def get_job(session: AnySession, job_id: int) -> Job:
    row = session.execute(_described().where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such job, or it ended more than 30 days ago.")
    return _job(row)


def count_jobs(session: AnySession, *states: str) -> dict[str, int]:
    """The number of jobs in each of the states, counted up to 10,000."""
    counts = []
    for state in states or ("todo", "doing", "failed"):
        some = select(literal(1)).select_from(jobs).where(jobs.c.status == state).limit(COUNT_LIMIT).subquery()
        number = select(func.count()).select_from(some).scalar_subquery()
        counts.append(select(literal(state).label("state"), number.label("number")))
    return {row.state: row.number for row in session.execute(union_all(*counts))}


def count_workers(session: AnySession) -> int:
    """The number of workers whose heart has beaten lately."""
    alive = workers.c.last_heartbeat > now() - ALIVE_WITHIN
    return session.scalar(select(func.count()).select_from(workers).where(alive)) or 0


def list_task_names(session: AnySession) -> list[str]:
    """The tasks that any job in the table names, found by jumps through the index."""
    first = select(func.min(jobs.c.task_name).label("name")).cte("names", recursive=True)
    following = select(func.min(jobs.c.task_name)).where(jobs.c.task_name > first.c.name).scalar_subquery()
    names = first.union_all(select(following).where(first.c.name.is_not(None)))
    return list(session.scalars(select(names.c.name).where(names.c.name.is_not(None))))


def _described() -> Select[Any]:
    times = (
        select(
            _latest("deferred").label("created_at"),
            _latest("started").label("started_at"),
            _latest("succeeded", "failed", "cancelled", "aborted").label("ended_at"),
        )
        .where(events.c.job_id == jobs.c.id)
        .lateral("times")
    )
    report = JobReport.__table__
    return (
        select(jobs, times, report.c.done, report.c.total, report.c.note, report.c.error, report.c.failed_at)
        .select_from(jobs)
        .join(times, literal(True))
        .outerjoin(report, report.c.job_id == jobs.c.id)
    )


def _latest(*types: str) -> ColumnElement[datetime | None]:
    return func.max(case((events.c.type.in_(types), events.c.at)))


def _job(row: Row[Any]) -> Job:
    over = row.status not in ("todo", "doing")
    caller = row.args.get(CALLER) or {}
    return Job(
        id=row.id,
        task=row.task_name,
        queue=row.queue_name,
        state=row.status,
        arguments={name: _shown(name, value) for name, value in row.args.items() if name != CALLER},
        request_id=caller.get("request_id"),
        attempts=row.attempts,
        is_being_cancelled=row.abort_requested and not over,
        scheduled_at=row.scheduled_at,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at if over else None,
        done=row.done,
        total=row.total,
        note=row.note,
        error=row.error,
        failed_at=row.failed_at,
    )


def _shown(name: str, value: Any) -> Any:
    if any(part in name.lower() for part in _HIDDEN):
        return "…"
    if isinstance(value, dict):
        return {inner: _shown(inner, item) for inner, item in value.items()}
    return value
