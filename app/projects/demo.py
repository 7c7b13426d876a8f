"""The demo's teams and their work: projects in every state, each step of them taken at its own time.

Each function adds what is missing and leaves the rest alone. They yield where a change is complete; the caller commits
there.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.assistants.models import Assistant
from app.core.audit import Actor
from app.core.clock import frozen, now, today_here
from app.core.domain import Seeding
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import Client, User
from app.projects import operations
from app.projects.change_orders import operations as change_orders
from app.projects.change_orders.schemas import ChangeOrderInput
from app.projects.models import Project
from app.projects.plans import deliverables
from app.projects.schemas import DeliverableInput, MilestoneInput, ProjectInput
from app.projects.teams import operations as teams
from app.projects.teams.models import Team
from app.projects.teams.schemas import MemberInput, TeamInput
from app.projects.timesheets import operations as time
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import TimeInput

_DATA = Path(__file__).parent / "demo_data" / "work.toml"
_FOUNDED = 690  # days ago
_SATURDAY = 5

_Step = tuple[datetime, Callable[[], object]]
"""What is done, and at which moment."""


def add_teams(seeding: Seeding) -> Iterator[None]:
    entries = _read()["team"]
    there = set(db.session.scalars(select(Team.name).where(Team.name.in_([entry["name"] for entry in entries]))))
    for number, entry in enumerate(entries):
        if entry["name"] not in there:
            values = {name: entry[name] for name in ("name", "specialization", "icon", "description")}
            with frozen(now() - timedelta(days=_FOUNDED, hours=-number)):
                teams.create_team(TeamInput(**values, members=_members(entry["members"])), actor=seeding.actor)
            yield


def add_projects(seeding: Seeding) -> Iterator[None]:
    """The oldest first, each from its request to where it stands today."""
    entries = sorted(_read()["project"], key=lambda entry: int(entry["start"]))
    there = set(db.session.scalars(select(Project.name).where(Project.name.in_([entry["name"] for entry in entries]))))
    for entry in entries:
        company = db.session.scalar(select(Client).where(Client.name == entry["company"]).limit(1))
        if company is not None and entry["name"] not in there:
            yield from _Story(entry, company, seeding.actor).tell()


class _Story:
    """What happens to one project, in order."""

    def __init__(self, entry: Mapping[str, Any], company: Client, actor: Actor) -> None:
        self.entry, self.company, self.actor = entry, company, actor
        self.today = today_here()
        self.owner = db.session.scalars(
            select(User).where(User.client_id == company.id, User.role == Role.CLIENT.value).order_by(User.created_at)
        ).first()

    def tell(self) -> Iterator[None]:
        with frozen(self._at(min(self.entry["start"] - 20, -1))):
            project = operations.create_project(self._input(), actor=self.actor)
        yield
        if self.entry["status"] == "requested":
            return
        with frozen(self._at(min(self.entry["start"] - 10, -1))):
            operations.change_status(project, "planned", actor=self.actor)
        yield
        if self.entry["status"] == "planned":
            return
        with frozen(self._at(self.entry["start"])):
            operations.change_status(project, "active", actor=self.actor)
        yield
        yield from self._work(project)
        yield from self._end(project)

    def _work(self, project: Project) -> Iterator[None]:
        """Time, deliverables and the change order, in the order of their moments, as the history has them."""
        steps = [*self._log(project), *self._deliver(project)]
        for at, take in sorted(steps, key=lambda step: step[0]):
            with frozen(at):
                take()
            yield
        if "order" in self.entry:
            self._propose(project, self.entry["order"])
            yield

    def _deliver(self, project: Project) -> Iterator[_Step]:
        by_title = {deliverable.title: deliverable for deliverable in project.deliverables}
        for given in self.entry.get("deliverables", ()):
            state, deliverable = given.get("state"), by_title[given["title"]]
            if state:
                yield self._at(given["start"]), partial(deliverables.start_deliverable, deliverable, actor=self.actor)
            if state in ("submitted", "approved"):
                yield self._at(given["end"]), partial(deliverables.submit_deliverable, deliverable, actor=self.actor)
            if state == "approved":
                approve = partial(deliverables.approve_deliverable, deliverable, actor=self.owner or self.actor)
                yield self._at(given["end"]) + timedelta(hours=20), approve

    def _log(self, project: Project) -> Iterator[_Step]:
        """An entry for each working day, written down at the end of the week; all but the last three are approved."""
        given = self.entry.get("time")
        worker = db.session.scalar(select(User).where(User.username == given["by"])) if given else None
        if given is None or worker is None:
            return
        entries: list[TimeEntry] = []
        week: list[date] = []

        def log(days: Sequence[date]) -> None:
            for day in days:
                values = TimeInput(worked_on=day, minutes=given["minutes"], note=given["note"])
                entries.append(time.log_time(project, values, user_id=worker.id, actor=worker))

        def approve() -> None:
            done = entries if self.entry["status"] == "completed" else entries[:-3]
            time.approve_time([entry.id for entry in done], actor=self.actor)

        for offset in range(given["from"], given["to"] + 1):
            day = self._day(offset)
            if day.weekday() < _SATURDAY:
                week.append(day)
            if week and (day.weekday() == _SATURDAY or offset == given["to"]):
                yield self._at(offset) + timedelta(hours=2), partial(log, tuple(week))
                week.clear()
        yield self._at(min(given["to"] + 1, 0)), approve

    def _propose(self, project: Project, given: Mapping[str, Any]) -> None:
        ends = self.today + timedelta(days=given["end"])
        budget = Decimal(given["budget"])
        values = ChangeOrderInput.model_validate(
            {
                "title": given["title"],
                "reason": given["reason"],
                "budget_change": budget,
                "new_end_date": ends,
                "changes": [
                    {
                        "action": "add",
                        "title": given["add"],
                        "start_date": ends - timedelta(days=16),
                        "due_date": ends - timedelta(days=2),
                        "estimate_hours": 40,
                        "budget": budget,
                    }
                ],
            }
        )
        with frozen(self._at(-2)):
            order = change_orders.create_change_order(project, values, actor=self.actor)
            change_orders.propose_change_order(order, actor=self.actor)

    def _end(self, project: Project) -> Iterator[None]:
        status = self.entry["status"]
        if status in ("on_hold", "completed"):
            with frozen(self._at(self.entry.get("completed", -4)) + timedelta(hours=22)):
                operations.change_status(project, status, actor=self.actor)
            yield
        if "review" in self.entry and self.owner is not None:
            with frozen(self._at(self.entry["completed"] + 5)):
                deliverables.review_project(project, **self.entry["review"], actor=self.owner)
            yield

    def _input(self) -> ProjectInput:
        entry = self.entry
        plain = ("name", "description", "specialization", "skills", "budget")
        return ProjectInput(
            client_id=self.company.id,
            **{name: entry[name] for name in plain},
            currency="EUR",
            team_id=_team(entry["team"]) if "team" in entry else None,
            start_date=self._day(entry["start"]),
            end_date=self._day(entry["end"]),
            hours_per_week=Decimal(entry["hours"]),
            milestones=[self._milestone(text) for text in entry.get("milestones", ())],
            deliverables=[self._deliverable(given) for given in entry.get("deliverables", ())],
        )

    def _milestone(self, text: str) -> MilestoneInput:
        title, _, offset = text.rpartition(": ")
        return MilestoneInput(title=title, due_date=self._day(int(offset)))

    def _deliverable(self, given: Mapping[str, Any]) -> DeliverableInput:
        return DeliverableInput(
            title=given["title"],
            start_date=self._day(given["start"]),
            due_date=self._day(given["end"]),
            estimate_hours=Decimal(given["estimate"]),
            budget=Decimal(given["budget"]),
            milestone=given.get("milestone"),
            depends_on=given.get("after", []),
        )

    def _day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    def _at(self, offset: int) -> datetime:
        return now() + timedelta(days=offset, hours=-1)


def _members(texts: list[str]) -> list[MemberInput]:
    """`Name: role`, or `Name: role: share`."""
    members = []
    for text in texts:
        name, role, *share = text.split(": ")
        whose = db.session.scalar(select(Assistant.id).where(Assistant.name == name).limit(1))
        if whose is not None:
            members.append(MemberInput(assistant_id=whose, role=role, share=Decimal(share[0] if share else 1)))
    return members


def _team(name: str) -> UUID | None:
    return db.session.scalar(select(Team.id).where(Team.name == name).limit(1))


def _read() -> dict[str, Any]:
    return tomllib.loads(_DATA.read_text())
