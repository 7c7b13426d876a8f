"""A project's plan as the critical path method sees it: its working calendar, its tasks, its dates."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from app.projects.models import Deliverable, Project
from app.projects.plans.scheduling.calendars import WorkCalendar
from app.projects.plans.scheduling.network import Span, Task, schedule, without

ENDED = ("submitted", "approved")


@dataclass(frozen=True)
class Dates:
    """When a deliverable is worked on at the earliest and at the latest, and by how many working days it may be late
    without the plan's end being later."""

    start: date
    finish: date
    late_start: date
    late_finish: date
    slack: int
    is_critical: bool


@dataclass(frozen=True)
class Plan:
    """The deliverables that aren't cancelled, scheduled from the project's first day on.

    A deliverable begins on its own first day at the earliest, and not before what comes before it has ended. Where it
    says when it is due and how long it takes, its first day follows; without a duration it takes the working days from
    its first day to its due date, and one day where it says nothing.
    """

    project: Project
    calendar: WorkCalendar
    start: date
    spans: dict[UUID, Span]

    @cached_property
    def dates(self) -> dict[UUID, Dates]:
        day = self.calendar.day
        return {
            key: Dates(
                day(span.early_start),
                day(span.early_finish),
                day(span.late_start),
                day(span.late_finish),
                span.slack,
                span.is_critical,
            )
            for key, span in self.spans.items()
        }

    @property
    def finish(self) -> date | None:
        """The day on which the last deliverable is there."""
        return max((dates.finish for dates in self.dates.values()), default=None)

    @property
    def critical_path(self) -> list[Deliverable]:
        """What the plan's end rests on, in order of time."""
        on_it = [one for one in self.project.deliverables if one.id in self.dates and self.dates[one.id].is_critical]
        return sorted(on_it, key=lambda one: (self.dates[one.id].start, one.position))


def calendar_of(project: Project) -> WorkCalendar:
    return WorkCalendar.of(project.workdays, project.closed_dates)


def plan_of(project: Project, start: date, *, finishes: dict[UUID, date] | None = None) -> Plan:
    """The project's plan, `start` being its first day where it has none. `finishes` are days on which deliverables end
    in place of those that stand in the plan."""
    calendar = calendar_of(project)
    first = project.start_date or start
    after = waits_of(project)
    shown = [one for one in project.deliverables if one.id in after]
    tasks = [_task(one, calendar, tuple(after[one.id].items()), (finishes or {}).get(one.id)) for one in shown]
    return Plan(project, calendar, first, schedule(tasks, calendar.number_from(first)))


def waits_of(project: Project) -> dict[UUID, dict[UUID, int]]:
    """What each deliverable that isn't cancelled comes after, with the working days between. A cancelled one hands its
    place on: what came after it comes after those before it."""
    after: dict[UUID, dict[UUID, int]] = {one.id: {} for one in project.deliverables}
    for waits in project.dependencies:
        if waits.predecessor_id in after and waits.successor_id in after:
            after[waits.successor_id][waits.predecessor_id] = waits.lag_days
    return without(after, {one.id for one in project.deliverables if one.status == "cancelled"})


def duration_of(deliverable: Deliverable, calendar: WorkCalendar) -> int:
    """Working days that it takes."""
    if deliverable.duration_days is not None:
        return deliverable.duration_days
    if deliverable.start_date and deliverable.due_date:
        return max(calendar.count(deliverable.start_date, deliverable.due_date), 1)
    return 1


def _task(
    one: Deliverable, calendar: WorkCalendar, after: tuple[tuple[UUID, int], ...], finish: date | None
) -> Task[UUID]:
    duration = duration_of(one, calendar)
    ended_on = finish or (one.finished_on if one.status in ENDED else None)
    return Task(
        one.id,
        duration,
        after,
        _not_before(one, calendar, duration),
        calendar.number_to(ended_on) if ended_on else None,
    )


def _not_before(one: Deliverable, calendar: WorkCalendar, duration: int) -> int | None:
    if one.start_date is not None:
        return calendar.number_from(one.start_date)
    if one.due_date is not None:
        return calendar.number_to(one.due_date) - duration + 1
    return None
