"""Projects in the JSON API: those that a person sees, their plans, the steps of their deliverables, their review."""

from typing import Any

from flask import Blueprint
from flask_login import current_user

from app.api import access
from app.api.crud import mount
from app.api.operation import Answer, Example, operation_with
from app.api.steps import mount_steps
from app.core.addresses import api_prefix
from app.core.clock import today_here
from app.identity.policy import is_staff, require
from app.projects import api_examples as examples
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.plans import delays as finishing
from app.projects.plans import deliverables
from app.projects.plans.critical_path import Plan, plan_of
from app.projects.plans.schemas import (
    FinishQuery,
    PlanOut,
    PreviewOut,
    ProjectReviewInput,
    ProjectReviewOut,
)
from app.projects.plans.steps import DELIVERABLE
from app.projects.queries import get_deliverable, get_project
from app.projects.schemas import DeliverableOut

PATH = projects.api_path

bp = Blueprint("projects_api", __name__, url_prefix="/api")

_PATH = {"reference": "The id of the project."}
_DELIVERABLE_PATH = {**_PATH, "deliverable": "The id of the deliverable."}
TAGS = ("Projects",)
operation = operation_with(tags=TAGS)
_STEP_EXAMPLE: dict[str, Any] = {"path": examples.DELIVERABLE_PATH, "answer": examples.DELIVERABLE}


mount(
    bp,
    projects,
    body=examples.BODY,
    answer=examples.ANSWER,
    ids={"get": "get_project_by_id"},
    about={
        "list": (
            "List projects",
            "A company's own; staff see all, and an expert those of their teams. Page by page, in an order that does "
            "not move while others write. Experts see no money: amounts are null, and sorting by `budget` is "
            "refused (403).",
        ),
        "get": ("Read one project, with its milestones and deliverables", "Experts see no money: amounts are null."),
        "create": (
            "Make a project for a company",
            "`milestones` and `deliverables` come in their order. A deliverable names its milestone, and those that it "
            "`depends_on`, by title or id. Deliverables that wait for each other in a circle are refused.",
        ),
        "update": (
            "Change a project: its team, dates, budget, parts, status",
            "Send only the fields that change; `milestones` and `deliverables` are whole lists, whose parts keep their "
            "ids. `status` goes from requested to planned, active and completed, from active to on_hold and back, and "
            "from any that isn't finished to cancelled; another step is refused (409), and so is planning without a "
            "team and dates. While it is planned or active its hours are held in the calendars of the team's members, "
            "and refused (409) where they aren't free.",
        ),
    },
)


@bp.get(f"{PATH}/<reference>/plan")
@operation(
    allow="projects:read",
    answers={200: PlanOut},
    example=Example(path=examples.PATH, answer=examples.PLAN),
    path=_PATH,
)
def get_project_plan(reference: str) -> dict[str, Any]:
    """Work out a project's plan: early and late dates, slack and the critical path.

    Durations are working days of the project's calendar. A deliverable begins on its own first day at the earliest, and
    after those that it depends on.
    """
    project = get_project(reference, current_user)
    return _plan(project, plan_of(project, today_here()))


@bp.get(f"{PATH}/<reference>/deliverables/<deliverable>/finish")
@operation(
    allow="projects:read",
    query=FinishQuery,
    answers={200: PreviewOut},
    example=Example(path=examples.DELIVERABLE_PATH, query="on=2026-12-09", answer=examples.PREVIEW),
    path=_DELIVERABLE_PATH,
    problems=(409,),
)
def preview_finish(reference: str, deliverable: str, query: FinishQuery) -> dict[str, Any]:
    """See what would move if a deliverable were finished on that day. Nothing is changed.

    One that can’t be handed in any more, because it has been already or is cancelled, is a conflict.
    """
    project = get_project(reference, current_user)
    one = get_deliverable(project, deliverable)
    DELIVERABLE.require_state(one, "submit")
    return _preview(finishing.preview_finish(project, one, query.on or today_here()))


@bp.post(f"{PATH}/<reference>/review")
@operation(
    allow="projects:write",
    body=ProjectReviewInput,
    server_sets=ProjectReviewOut,
    answers={201: ProjectReviewOut},
    example=Example(path=examples.PATH, body={"stars": 5, "comment": "On time."}, answer=examples.REVIEW),
    problems=(409,),
    path=_PATH,
)
def review_project(reference: str, body: ProjectReviewInput) -> Answer:
    """Say what the company thinks of the team. Once, when the project is completed."""
    require(not is_staff(current_user), "The company that the project was for reviews it.")
    project = get_project(reference, current_user, for_update=True)
    review = deliverables.review_project(project, stars=body.stars, comment=body.comment, actor=access.actor())
    return Answer(review, headers={"Location": f"{api_prefix()}{PATH}/{project.id}"})


def _plan(project: Project, plan: Plan) -> dict[str, Any]:
    tasks = [
        {"id": one.id, "title": one.title, "status": one.status, **vars(plan.dates[one.id])}
        for one in project.deliverables
        if one.id in plan.dates
    ]
    return {
        "start": plan.start,
        "finish": plan.finish,
        "agreed_end": project.end_date,
        "version": finishing.version_of(project),
        "critical_path": [one.id for one in plan.critical_path],
        "tasks": tasks,
    }


def _preview(preview: finishing.Preview) -> dict[str, Any]:
    moves = [
        {
            "id": move.deliverable.id,
            "title": move.deliverable.title,
            "old_start": move.old_start,
            "old_due": move.old_due,
            "new_start": move.new_start,
            "new_due": move.new_due,
        }
        for move in preview.moves
    ]
    names = ("version", "old_finish", "new_finish", "agreed_end", "is_late")
    return {"moves": moves, **{name: getattr(preview, name) for name in names}}


mount_steps(
    bp,
    DELIVERABLE,
    f"{PATH}/<reference>/deliverables/<deliverable>",
    lambda _step, _body, reference, deliverable: get_deliverable(
        get_project(reference, current_user, for_update=True), deliverable
    ),
    noun="deliverable",
    ids={"request-changes": "request_changes"},
    answers={200: DeliverableOut},
    path=_DELIVERABLE_PATH,
    examples={
        "start": Example(**_STEP_EXAMPLE),
        "submit": Example(body={"finished_on": "2026-12-09", "note": "With photos."}, **_STEP_EXAMPLE),
        "approve": Example(body={"note": "Thank you."}, **_STEP_EXAMPLE),
        "request-changes": Example(body={"note": "The second floor is missing."}, **_STEP_EXAMPLE),
    },
    tags=TAGS,
)
