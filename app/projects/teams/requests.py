"""A company asks for a team: the project that comes of it, and the teams that fit, ranked."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.core.schemas import NumberOut, Output
from app.projects.models import Project
from app.projects.schemas import ProjectOut, ProjectRequest
from app.projects.teams.schemas import TeamOut
from app.projects.teams.suggestions import SuggestedTeam


class TeamRequest(ProjectRequest):
    """What a company asks a team for. Staff name the company with `client_id`."""

    client_id: Annotated[UUID | None, Field(title="Company")] = None


class SuggestedTeamOut(Output):
    """A team that fits. `score` is the sum over the parts of `explanation` of weight times score."""

    id: UUID = Field(description="The team’s id.")
    name: str
    score: float
    reasons: list[str]
    free_hours: NumberOut = Field(description="Hours that the team has free in the project’s dates.")
    explanation: dict[str, dict[str, Any]] = Field(
        description="Each part with its `score` in [0, 1], its `weight` and its `reasons`: `specialization`, `skills`, "
        "`availability`, `rating`, `success`, `load`."
    )
    team: TeamOut


class RequestedProject(ProjectOut):
    suggested_teams: list[SuggestedTeamOut]


def answer_to(project: Project, suggested: Sequence[SuggestedTeam]) -> dict[str, Any]:
    """The project with the teams that fit, as `RequestedProject` takes it. The teams must be hydrated."""
    values = {name: getattr(project, name) for name in ProjectOut.model_fields}
    return {**values, "suggested_teams": [_suggested(one) for one in suggested]}


def _suggested(one: SuggestedTeam) -> dict[str, Any]:
    return {
        "id": one.team.id,
        "name": one.team.name,
        "score": one.score,
        "reasons": one.reasons,
        "free_hours": one.free_hours,
        "explanation": one.explanation,
        "team": one.team,
    }
