"""Teams, declared for the staff pages, the API and the export."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from app.core import records
from app.core.kinds import Editing, FieldGroup, Filing, Kind, Listing, Part, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.schemas import Number
from app.core.suggestions import offer
from app.extensions import db
from app.projects.teams import operations
from app.projects.teams.capacity import hydrate_teams
from app.projects.teams.models import Team, TeamMember
from app.projects.teams.schemas import TeamInput, TeamOut, member_values

SECTION = "Projects"

Word = Annotated[str, Field(min_length=1, max_length=120)]
Stars = Annotated[Decimal, Number(0, 5, decimals=2)]

_members = select(func.count()).where(TeamMember.team_id == Team.id).correlate(Team).scalar_subquery()

TEAMS = ListSpec(
    model=Team,
    columns=(
        Column("id", "Id", Team.id, shown=False),
        Column("name", "Name", Team.name, kind="link", sort="name"),
        Column("slug", "Slug", Team.slug, shown=False),
        Column("specialization", "Specialisation", Team.specialization, kind="badge"),
        Column("description", "Description", Team.description, shown=False),
        Column("members", "Members", _members, kind="number"),
        Column("active_projects", "Active projects", Team.active_projects, kind="number"),
        Column("rating", "Rating", Team.rating, kind="number", sort="rating"),
        Column("success_rate", "Success", Team.success_rate, kind="percent"),
        Column("capacity", "Limit in hours a week", Team.capacity, shown=False),
        Column("icon", "Icon", Team.icon, kind="icon", shown=False),
        Column("archived_at", "Archived", Team.archived_at, kind="time", shown=False),
        *date_columns(Team, shown="updated_at"),
    ),
    filters=(
        Filter(
            "specialization",
            "Specialisation",
            Word,
            lambda value: Team.specialization == value,
            "choice",
            "specializations",
        ),
        Filter("min_rating", "Rating from", Stars, lambda value: Team.rating >= value, "amount"),
    ),
    sorts=(
        *date_sorts(Team),
        Sort("name", "Name", by_name(Team.name)),
        Sort("rating", "Rating", func.coalesce(Team.rating, 0)),
    ),
    depends_on=("team_members",),
)


def _members_as_input(team: Team) -> list[dict[str, Any]]:
    return [member_values(member) for member in team.members]


teams = register(
    Kind(
        key="teams",
        model=Team,
        singular="team",
        plural="teams",
        icon="users-group",
        label=Team.name,
        section=SECTION,
        path="/expert-teams",
        load_options=(selectinload(Team.members),),
        hydrate=hydrate_teams,
        parts=(Part(TeamMember, TeamMember.name),),
    )
)
register(Listing(teams, TEAMS, TeamOut))
_editing = register(
    Editing(
        teams,
        TeamInput,
        form=(
            FieldGroup("What it is", ("name", "specialization", "description")),
            FieldGroup("Members", ("members",), "Who is in the team, with how much of their time."),
            FieldGroup("Capacity", ("capacity",)),
            FieldGroup("Appearance", ("slug", "icon"), "How the team stands in addresses and lists."),
        ),
        create=operations.create_team,
        update=operations.update_team,
        archive=operations.archive_team,
        restore=records.restore,
        getters={"members": _members_as_input},
    )
)
register(
    Filing(
        _editing,
        archive_many=operations.archive_teams,
        restore_many=records.restore_many,
        bulk_fields=("specialization", "icon"),
    )
)


def _roles(prefix: str, limit: int) -> list[str]:
    """The roles that members have, most common first."""
    role = TeamMember.role
    beginning = role.istartswith(prefix, autoescape=True)
    query = select(role).where(role != "", beginning).group_by(role).order_by(func.count().desc(), role).limit(limit)
    return list(db.session.scalars(query))


offer("specializations", Team.specialization)
offer("team-roles", _roles)
