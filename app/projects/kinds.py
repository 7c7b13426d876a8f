"""Projects, declared for staff's pages, the API, exports and history."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, literal_column, select

from app.core.kinds import Editing, FieldGroup, Filing, Kind, Listing, Part, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.sides import COMPANY, EXPERT, STAFF
from app.core.steps import state_filter
from app.identity.models import Client
from app.projects import operations
from app.projects.models import Deliverable, Dependency, Milestone, Project
from app.projects.plans.parts import parts_as_input
from app.projects.queries import WITH_PARTS
from app.projects.schemas import ProjectBody, ProjectInput, ProjectOut
from app.projects.steps import PROJECT
from app.projects.teams.models import Team, TeamMember
from app.projects.visibility import filters_for

_client = select(Client.name).where(Client.id == Project.client_id).correlate(Project).scalar_subquery()
_team = select(Team.name).where(Team.id == Project.team_id).correlate(Project).scalar_subquery()
_of_member = select(TeamMember.team_id)


def _id(label: str) -> Any:
    return Annotated[UUID, Field(description=f"The {label}’s id.")]


PROJECTS = ListSpec(
    model=Project,
    columns=(
        Column("id", "Id", Project.id, shown=False),
        Column("name", "Name", Project.name, kind="link", sort="name"),
        Column("client", "Company", _client),
        Column("client_id", "Company’s id", Project.client_id, shown=False),
        Column("team", "Team", _team, shown=False),
        Column("team_id", "Team’s id", Project.team_id, shown=False),
        Column("status", "State", Project.status, kind="state"),
        Column("specialization", "Specialisation", Project.specialization, shown=False),
        Column("skills", "Skills", Project.skills, kind="tags", shown=False),
        Column("start_date", "First day", Project.start_date, kind="date", sort="start_date", shown=False),
        Column("end_date", "Last day", Project.end_date, kind="date", sort="end_date"),
        Column("budget", "Budget", Project.budget, kind="money", sort="budget"),
        Column("spent", "Spent", Project.spent, kind="money"),
        Column("currency", "Currency", Project.currency, shown=False),
        Column("completed_on", "Completed", Project.completed_on, kind="date", shown=False),
        *date_columns(Project, shown=""),
    ),
    filters=(
        state_filter(PROJECT, Project.status),
        Filter("client_id", "Company", _id("company"), lambda value: Project.client_id == value, "reference"),
        Filter("team_id", "Team", _id("team"), lambda value: Project.team_id == value, "reference"),
        Filter(
            "member_id",
            "Member",
            _id("user"),
            lambda value: Project.team_id.in_(_of_member.where(TeamMember.user_id == value)),
            "reference",
        ),
    ),
    sorts=(
        *date_sorts(Project),
        Sort("name", "Name", by_name(Project.name)),
        Sort("start_date", "First day", func.coalesce(Project.start_date, literal_column("'-infinity'::date"))),
        Sort("end_date", "Last day", func.coalesce(Project.end_date, literal_column("'infinity'::date"))),
        Sort("budget", "Budget", func.coalesce(Project.budget, literal_column("0"))),
    ),
    depends_on=("clients", "teams", "team_members"),
    words_are_public=False,
)


def _days(project: Project) -> list[str]:
    return [day.isoformat() for day in project.closed_dates]


projects = register(
    Kind(
        key="projects",
        model=Project,
        singular="project",
        plural="projects",
        icon="briefcase-2",
        label=Project.name,
        section="Projects",
        path="/expert-teams/projects",
        pages={STAFF: "/admin/projects", COMPANY: "/dashboard/projects", EXPERT: "/dashboard/projects"},
        visible_to=filters_for,
        managed=True,
        load_options=WITH_PARTS,
        parts=(Part(Milestone, Milestone.title), Part(Deliverable, Deliverable.title), Part(Dependency)),
    )
)
register(Listing(projects, PROJECTS, ProjectOut))
_editing = register(
    Editing(
        projects,
        ProjectInput,
        body=ProjectBody,
        form=(
            FieldGroup("What it is", ("name", "client_id", "description", "specialization", "skills")),
            FieldGroup("Team and time", ("team_id", "start_date", "end_date", "hours_per_week")),
            FieldGroup("Money", ("budget", "currency")),
            FieldGroup("Milestones", ("milestones",), "Days by which something is to be there."),
            FieldGroup(
                "Deliverables",
                ("deliverables",),
                "What is delivered, for which milestone (by its title), and after which others: their titles, one a "
                "line, “Survey + 2” to wait two working days more. Durations count working days; dates that are left "
                "blank follow from the plan.",
            ),
            FieldGroup("Working days", ("workdays", "closed_dates"), "The calendar that durations are counted in."),
        ),
        create=operations.create_project,
        update=operations.update_project,
        getters={
            "closed_dates": _days,
            "milestones": lambda project: parts_as_input(project)["milestones"],
            "deliverables": lambda project: parts_as_input(project)["deliverables"],
        },
    )
)
register(Filing(_editing, imports=False))


__all__ = ["PROJECTS", "projects"]
