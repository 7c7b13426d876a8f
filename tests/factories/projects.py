from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from app.assistants.models import Assistant
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, today
from app.core.records import slug_of
from app.extensions import db
from app.identity.models import Client, User
from app.projects.models import Deliverable, Dependency, Milestone, Project
from app.projects.teams.models import Team, TeamMember
from tests.factories.accounts import make_client_company

_numbers = count(1)

Somebody = Assistant | User | Mapping[str, Any]


def _saved(record: Any) -> Any:
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(record)
    db.session.commit()
    return record


def make_team(*, members: Sequence[Somebody] = (), archived: bool = False, **values: Any) -> Team:
    """A team of assistants and users; a member may also be a mapping of `who` (either) with `role` and `share`."""
    number = next(_numbers)
    values = {"name": f"Team {number}", "specialization": "Cloud migration"} | values
    values.setdefault("slug", f"{slug_of(values['name'])}-{number}")
    if archived:
        values.setdefault("archived_at", now())
    team = Team(**values)
    team.members = [_member(somebody, position) for position, somebody in enumerate(members)]
    saved: Team = _saved(team)
    return saved


def _member(somebody: Somebody, position: int) -> TeamMember:
    given = dict(somebody) if isinstance(somebody, Mapping) else {"who": somebody}
    who = given.pop("who")
    values = {"role": "Engineer", "share": Decimal(1), "position": position} | given
    if isinstance(who, User):
        return TeamMember(**({"user_id": who.id, "name": who.username} | values))
    return TeamMember(**({"assistant_id": who.id, "user_id": who.user_id, "name": who.name} | values))


def make_project(
    *,
    client: Client | None = None,
    team: Team | None = None,
    status: str = "active",
    deliverables: Sequence[str | Mapping[str, Any]] = (),
    milestones: Sequence[str | Mapping[str, Any]] = (),
    **values: Any,
) -> Project:
    """A project as it stands in that state: what it needs for it and isn't given is made. Nothing is reserved.

    A deliverable is a title or its values; `after` names titles, or maps them to working days to wait; `milestone` is
    a title of one. One that is `submitted` or `approved` was finished today unless it says otherwise.
    """
    if status not in ("requested", "cancelled"):
        team = team or make_team()
        values = {"start_date": today(), "end_date": today() + timedelta(days=90)} | values
        values = {"planned_start": values["start_date"], "planned_end": values["end_date"]} | values
        values.setdefault("planned_budget", values.get("budget"))
    if status == "completed":
        values.setdefault("completed_on", today())
    if status in ("active", "on_hold", "completed"):
        values.setdefault("started_on", values["start_date"])
    values.setdefault("client_id", (client or make_client_company()).id)
    named = {"name": f"Project {next(_numbers)}", "status": status, "team_id": team.id if team else None}
    project: Project = _saved(Project(**named | values))
    project.milestones = [_milestone(given, at) for at, given in enumerate(milestones)]
    db.session.flush()
    _add_deliverables(project, [{"title": d} if isinstance(d, str) else dict(d) for d in deliverables])
    db.session.commit()
    return project


def _milestone(given: str | Mapping[str, Any], position: int) -> Milestone:
    values = {"title": given} if isinstance(given, str) else dict(given)
    return Milestone(**{"position": position} | values)


def _add_deliverables(project: Project, given: Sequence[dict[str, Any]]) -> None:
    audit_as(db.session, actor=SYSTEM, action="create")
    due = {milestone.title: milestone.id for milestone in project.milestones}
    after = {values["title"]: values.pop("after", ()) for values in given}
    for position, values in enumerate(given):
        if "milestone" in values:
            values["milestone_id"] = due[values.pop("milestone")]
        if values.get("status") in ("submitted", "approved"):
            values.setdefault("finished_on", today())
        project.deliverables.append(Deliverable(**{"position": position} | values))
    db.session.flush()
    made = {one.title: one.id for one in project.deliverables}
    for title, before in after.items():
        waits = before if isinstance(before, Mapping) else dict.fromkeys(before, 0)
        for named, lag in waits.items():
            pair = {"predecessor_id": made[named], "successor_id": made[title]}
            project.dependencies.append(Dependency(**pair, lag_days=lag))
