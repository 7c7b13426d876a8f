"""What the page of a project shows, to staff, to the company, and to the team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from app.core.clock import today_here
from app.core.permissions import Role
from app.identity.identities import Identity
from app.identity.policy import can, is_staff, side_of
from app.projects.kinds import projects
from app.projects.models import Deliverable, Milestone, Project, ProjectReview
from app.projects.plans.critical_path import ENDED, Dates, Plan, plan_of, waits_of
from app.projects.plans.delays import Preview, preview_dates
from app.projects.queries import find_review, members_of
from app.projects.step_pages import PROJECT_STEPS, deliverable_steps
from app.projects.steps import PROJECT
from app.web.charts.gantt import Gantt, Item, draw_gantt
from app.web.steps import Progress


@dataclass(frozen=True)
class Row:
    """A deliverable with its dates, and what it comes after in words."""

    deliverable: Deliverable
    dates: Dates | None
    after: tuple[str, ...]
    is_own: bool
    progress: Progress

    @property
    def is_late(self) -> bool:
        one = self.deliverable
        return bool(one.due_date and one.status not in (*ENDED, "cancelled") and one.due_date < today_here())


@dataclass(frozen=True)
class MilestoneRow:
    """A milestone, how much of it is there, and the day on which all of it will be."""

    milestone: Milestone
    done: int
    total: int
    expected: date | None

    @property
    def is_late(self) -> bool:
        return bool(self.milestone.due_date and self.expected and self.expected > self.milestone.due_date)


@dataclass(frozen=True)
class ProjectPage:
    project: Project
    person: Identity
    base: str
    """The address that the page and its forms are under."""

    @property
    def may_manage(self) -> bool:
        return can(self.person, "projects:manage")

    @property
    def sees_money(self) -> bool:
        return self.person.role != Role.EXPERT

    @cached_property
    def plan(self) -> Plan:
        return plan_of(self.project, today_here())

    @cached_property
    def _waits(self) -> dict[UUID, dict[UUID, int]]:
        return waits_of(self.project)

    @cached_property
    def rows(self) -> list[Row]:
        titles = {one.id: one.title for one in self.project.deliverables}
        after = {
            key: tuple(titles[earlier] + _wait_in_words(days) for earlier, days in waits.items())
            for key, waits in self._waits.items()
        }
        return [self._row(one, after.get(one.id, ())) for one in self.project.deliverables]

    @property
    def done(self) -> int:
        return sum(1 for one in self.project.deliverables if one.status == "approved")

    @property
    def total(self) -> int:
        return sum(1 for one in self.project.deliverables if one.status != "cancelled")

    @cached_property
    def milestones(self) -> list[MilestoneRow]:
        return [self._milestone(one) for one in self.project.milestones]

    @cached_property
    def gantt(self) -> Gantt | None:
        shown = [one for one in self.project.deliverables if one.id in self.plan.dates]
        order = sorted(shown, key=lambda one: (self.plan.dates[one.id].start, one.position))
        marks = [(one.title, one.due_date) for one in self.project.milestones if one.due_date]
        return draw_gantt([self._item(one, tuple(self._waits[one.id])) for one in order], marks, today_here())

    @cached_property
    def out_of_order(self) -> Preview:
        """What would have to move for every deliverable to wait for those before it."""
        return preview_dates(self.project)

    @property
    def is_late(self) -> bool:
        """Whether the plan ends after the project's last day."""
        end, finish = self.project.end_date, self.plan.finish
        return bool(self.project.deliverables and end and finish and finish > end and not self.is_finished)

    @property
    def is_finished(self) -> bool:
        return self.project.status in PROJECT.final

    @cached_property
    def progress(self) -> Progress:
        return PROJECT_STEPS.progress(self.project, self.person)

    @cached_property
    def members(self) -> Sequence[Any]:
        return members_of(self.project)

    @cached_property
    def review(self) -> ProjectReview | None:
        return find_review(self.project) if self.project.status == "completed" else None

    @property
    def may_review(self) -> bool:
        is_client = not is_staff(self.person) and can(self.person, "projects:write")
        return is_client and self.project.status == "completed" and self.review is None

    def _row(self, one: Deliverable, after: tuple[str, ...]) -> Row:
        is_own = (
            one.assistant is not None
            and one.assistant.user_id is not None
            and (one.assistant.user_id == self.person.id)
        )
        progress = deliverable_steps(staff=is_staff(self.person)).progress(one, self.person)
        return Row(one, self.plan.dates.get(one.id), after, is_own, progress)

    def _milestone(self, milestone: Milestone) -> MilestoneRow:
        parts = [
            one for one in self.project.deliverables if one.milestone_id == milestone.id and one.status != "cancelled"
        ]
        days = [self.plan.dates[one.id].finish for one in parts]
        done = sum(1 for one in parts if one.status == "approved")
        return MilestoneRow(milestone, done, len(parts), max(days, default=None))

    def _item(self, one: Deliverable, after: tuple[UUID, ...]) -> Item:
        dates = self.plan.dates[one.id]
        done = one.status in ENDED
        return Item(
            one.id,
            one.title,
            dates.start,
            dates.finish,
            None if done else dates.late_finish,
            dates.is_critical,
            done,
            after,
        )


def _wait_in_words(days: int) -> str:
    return f" + {days} {'day' if days == 1 else 'days'}" if days else ""


def page_of(project: Project, person: Identity) -> ProjectPage:
    return ProjectPage(project, person, projects.url(project, side_of(person)))
