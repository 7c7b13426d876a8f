"""The list of runs: newest first, read along the ids, which follow the time. The cost doesn’t grow with the runs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, extract, func, select

from app.automations.models import Automation, Run
from app.automations.steps import RUN
from app.core.clock import zone_here
from app.core.ids import first_id_of
from app.core.lists import Column, Filter, ListSpec, Sort
from app.core.schemas import Day
from app.core.steps import state_filter
from app.core.suggestions import offer
from app.identity.models import Client

Trigger = Literal["manual", "schedule", "webhook", "event", "workflow"]
TRIGGERS_OFFERED = "automation-triggers"
OPEN = ("queued", "running", "waiting")
LONGEST_RUN = timedelta(days=31)
_ASTRAY = timedelta(days=1)
"""How far an id may be from the moment that its run says it was made at: a clock was set."""

DayOf = Annotated[date, Day()]
Month = Annotated[str, StringConstraints(pattern=r"^(19[7-9]|20[0-9]|21[0-9])[0-9]-(0[1-9]|1[0-2])$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
VersionNumber = Annotated[int, Field(ge=1, le=2**31)]


def month_span(month: str) -> tuple[datetime, datetime]:
    """When a month (`2026-11`) begins, and when the next one does, in UTC."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return first, (first + timedelta(days=32)).replace(day=1)


def ended_in(month: str) -> ColumnElement[bool]:
    """The runs that the figures of a month count: real ones that ended in it, by UTC."""
    begins, ends = month_span(month)
    ids = and_(Run.id >= first_id_of(begins - LONGEST_RUN - _ASTRAY), Run.id < first_id_of(ends + _ASTRAY))
    return and_(ids, Run.finished_at >= begins, Run.finished_at < ends, ~Run.dry_run)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone_here())


def _since(day: date) -> ColumnElement[bool]:
    moment = _midnight(day)
    return and_(Run.created_at >= moment, Run.id >= first_id_of(moment - _ASTRAY))


def _until(day: date) -> ColumnElement[bool]:
    moment = _midnight(day + timedelta(days=1))
    return and_(Run.created_at < moment, Run.id < first_id_of(moment + _ASTRAY))


def _in_state(status: str) -> ColumnElement[bool]:
    """The index of runs that aren't over has those of the first states."""
    here = Run.status == status
    return and_(here, Run.finished_at.is_(None)) if status in OPEN else here


def _told(column: Any, where: ColumnElement[bool]) -> Any:
    return select(column).where(where).correlate(Run).scalar_subquery()


_always: Callable[[Any], bool] = lambda _value: True  # noqa: E731

offer(TRIGGERS_OFFERED, lambda prefix, limit: [one for one in get_args(Trigger) if one.startswith(prefix)][:limit])

RUNS = ListSpec(
    depends_on=("automations", "clients"),
    model=Run,
    columns=(
        Column("id", "Run", Run.id, shown=False),
        Column("automation", "Automation", _told(Automation.name, Automation.id == Run.automation_id), kind="link"),
        Column("automation_id", "Automation’s id", Run.automation_id, shown=False),
        Column("company", "Company", _told(Client.name, Client.id == Run.client_id), wide=True, settled_by="client_id"),
        Column("status", "State", Run.status, kind="state"),
        Column("trigger", "Trigger", Run.trigger),
        Column("version", "Version", Run.version_number, kind="number", wide=True),
        Column("dry_run", "Rehearsal", Run.dry_run, kind="flag", wide=True),
        Column("created_at", "Created", Run.created_at, kind="time"),
        Column("started_at", "Started", Run.started_at, kind="time", shown=False),
        Column("finished_at", "Ended", Run.finished_at, kind="time", shown=False),
        Column(
            "seconds",
            "Seconds",
            func.round(extract("epoch", Run.finished_at - Run.started_at), 3),
            kind="number",
        ),
        Column("error", "Error", Run.error["message"].astext, wide=True),
        Column("actor", "Started by", Run.actor_name, shown=False),
        Column("retry_of", "Retry of", Run.parent_run_id, shown=False),
    ),
    filters=(
        replace(state_filter(RUN, Run.status), clause=_in_state, in_index=lambda status: status in OPEN),
        Filter(
            "automation", "Automation", UUID, lambda value: Run.automation_id == value, "reference", in_index=_always
        ),
        Filter(
            "client_id",
            "Company",
            UUID,
            lambda value: Run.client_id == value,
            "reference",
            in_index=_always,
        ),
        Filter("trigger", "Trigger", Trigger, lambda value: Run.trigger == value, "choice", TRIGGERS_OFFERED),
        Filter("version", "Version", VersionNumber, lambda value: Run.version_number == value),
        Filter("dry_run", "Rehearsal", bool, lambda value: Run.dry_run == value, "flag"),
        Filter("from", "From", DayOf, _since, "day", in_index=_always),
        Filter("to", "To", DayOf, _until, "day", in_index=_always),
        Filter("month", "Ended in", Month, ended_in, "reference", in_index=_always),
        Filter(
            "workflow_id", "Workflow", UUID, lambda value: Run.automation_id == value, "reference", in_index=_always
        ),
        Filter("parent_run_id", "Parent run", UUID, lambda value: Run.parent_run_id == value, "reference"),
        Filter("fingerprint", "Failure", Fingerprint, lambda value: Run.fingerprint == value, "reference"),
    ),
    sorts=(Sort("id", "Created", Run.id),),
    default_sort="-id",
    searchable=False,
    words_are_public=False,
    is_log=True,
)
