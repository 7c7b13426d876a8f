"""The job that this thread is working on."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from procrastinate.exceptions import JobAborted

from app.core.audit import SYSTEM, Actor


@dataclass
class CurrentJob:
    """A running job. `attempt` counts from 1."""

    id: int
    task_name: str
    attempt: int
    is_unwanted: Callable[[], bool] = field(repr=False)
    actor: Actor = SYSTEM
    """Who caused it: its changes are theirs."""
    reported: float = 0.0

    def stop_if_unwanted(self) -> None:
        """End the attempt here when somebody cancelled the job, or the worker has to stop.

        Nothing uncommitted stays. A cancelled job is over; one whose worker stops is taken up by another.
        """
        if self.is_unwanted():
            raise JobAborted


_current: ContextVar[CurrentJob | None] = ContextVar("job", default=None)


def current_job() -> CurrentJob | None:
    return _current.get()


def set_current_job(job: CurrentJob) -> None:
    _current.set(job)


def stop_if_unwanted() -> None:
    """End the present job here when nobody wants it any more; outside a job, nothing happens."""
    if (job := current_job()) is not None:
        job.stop_if_unwanted()
