"""The tasks that jobs may name, and when those of the schedule run."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from threading import Event
from typing import Any, TypeVar

from flask import Flask

from app.core import tenancy
from app.core.modules import import_every
from app.core.sessions import without_commits
from app.core.tenancy import NOBODY, TenantContext
from app.extensions import db

Function = TypeVar("Function", bound=Callable[..., Any])


class NoTenant(RuntimeError):
    """A task must not run without a tenant context: nobody has said on whose behalf."""


@dataclass(frozen=True)
class Task:
    """Something that a worker can do. `title` is what people read; `cron` makes it part of the schedule, in UTC.

    `as_system` is the reason why it works across companies. Without one it sees what whoever enqueued it sees, and
    doesn't run for nobody; with `tenant` it runs for a company or a person alone, and not for all. `commits` says that
    the function takes several transactions, and commits them itself.
    """

    name: str
    function: Callable[..., Any]
    max_attempts: int
    cron: str | None = None
    title: str = ""
    tenant: bool = False
    as_system: str = ""
    commits: bool = False

    def require_tenant(self, tenant: TenantContext) -> None:
        """Raises `NoTenant` where the task can't run on behalf of those."""
        if not self.as_system and (tenant == NOBODY or (self.tenant and tenant.sees_all)):
            raise NoTenant(f"The task {self.name} needs a tenant context, and has {tenant}.")

    def run(self, **arguments: Any) -> None:
        """Do it, with what the task sees within what its caller sees, and commit. Raises `CommitRefused` where the
        function commits and hasn't said so."""
        with tenancy.as_system(self.as_system) if self.as_system else nullcontext():
            with nullcontext() if self.commits else without_commits(db.session):
                self.function(**arguments)
            db.session.commit()


@dataclass(frozen=True)
class Repeated:
    """Something that every worker does again and again, beside its jobs, `seconds` apart, and why across companies."""

    name: str
    function: Callable[[], None]
    seconds: float
    as_system: str

    def context(self) -> AbstractContextManager[None]:
        return tenancy.as_system(self.as_system)


@dataclass(frozen=True)
class Service:
    """Something that every worker does all the time, beside its jobs, in a thread of its own. `run` is given the
    application and an event that is set when the worker is told to stop; it then returns soon, and is cut off if it
    doesn't. One that fails is begun anew."""

    name: str
    run: Callable[[Flask, Event], None]


_tasks: dict[str, Task] = {}
_repeated: dict[str, Repeated] = {}
_services: dict[str, Service] = {}


def task(
    name: str,
    *,
    title: str = "",
    max_attempts: int = 5,
    tenant: bool = False,
    as_system: str = "",
    commits: bool = False,
) -> Callable[[Function], Function]:
    """Let jobs of this name call the function with the arguments they were enqueued with, on behalf of whoever enqueued
    them; see `Task` for `tenant` and `as_system`.

    The worker calls it in an application context and in one transaction, which it commits when the function returns and
    rolls back when it raises. With `commits`, the function may commit in between; otherwise it is refused. A domain
    error is final; any other error is tried again later, up to `max_attempts` tries in all.
    """

    def register(function: Function) -> Function:
        return _register(Task(name, function, max_attempts, None, title, tenant, as_system, commits), function)

    return register


def periodic(
    cron: str, *, name: str, as_system: str, title: str = "", max_attempts: int = 1, commits: bool = False
) -> Callable[[Function], Function]:
    """Call the function, which takes no arguments, whenever the cron expression says so; once for all workers.

    Nobody causes it, so it says by `as_system` why it works across companies. `commits` is as in `task`.
    """

    def register(function: Function) -> Function:
        return _register(Task(name, function, max_attempts, cron, title, False, as_system, commits), function)

    return register


def repeated(seconds: float, *, name: str, as_system: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Call the function in each worker again and again, in an application context. It may commit, and its session is
    committed after it.

    It is for what is too short and too frequent for jobs. Workers do it side by side, and have to agree themselves.
    """

    def register(function: Callable[[], None]) -> Callable[[], None]:
        _repeated[name] = Repeated(name, function, seconds, as_system)
        return function

    return register


def service(name: str) -> Callable[[Function], Function]:
    """Have each worker call the function all the time, as `Service` says. It has no application context and no tenant
    context, and makes them itself for each thing that it does."""

    def register(function: Function) -> Function:
        _services[name] = Service(name, function)
        return function

    return register


def list_services() -> list[Service]:
    return list(_services.values())


def list_repeated() -> list[Repeated]:
    return list(_repeated.values())


def _register(new: Task, function: Function) -> Function:
    if _tasks.setdefault(new.name, new).function is not function:
        raise ValueError(f"there are two tasks named {new.name!r}")
    return function


def get_task(name: str) -> Task:
    """The task of that name. Raises LookupError, for a name that no module declares is a mistake of ours."""
    try:
        return _tasks[name]
    except KeyError:
        raise LookupError(f"no task is named {name!r}") from None


def title_of(name: str) -> str:
    """What people call the jobs of that name; one that no module declares any more is told by its name."""
    known = _tasks.get(name)
    return (known.title if known else "") or name


def list_tasks() -> list[Task]:
    return [_tasks[name] for name in sorted(_tasks)]


def load_tasks() -> None:
    """Import every domain's `jobs.py`, so that its tasks are known."""
    import_every("jobs")
