"""Where staff, companies and teams take the steps of projects and of their deliverables."""

from functools import partial
from typing import Any

from flask_login import current_user

from app.core.sides import COMPANY, STAFF
from app.projects import operations  # noqa: F401 - the operations of a project's steps
from app.projects.kinds import projects
from app.projects.models import Deliverable
from app.projects.plans import deliverables  # noqa: F401 - those of a deliverable's
from app.projects.plans.steps import DELIVERABLE
from app.projects.queries import get_deliverable, get_project
from app.projects.steps import PROJECT
from app.web.steps import StepPages


def _project(ref: str) -> Any:
    return get_project(ref, current_user)


def _locked(ref: str) -> Any:
    return get_project(ref, current_user, for_update=True)


PROJECT_STEPS = StepPages(
    steps=PROJECT,
    sides=("staff",),
    rule="/<ref>",
    find=_project,
    find_locked=_locked,
    address=projects.url,
    prefix="project_",
)


def deliverable_steps(*, staff: bool) -> StepPages:
    """Handing in has a page of its own, which shows what would move before it is done."""
    home = partial(projects.url, audience=STAFF if staff else COMPANY)

    def context(one: Deliverable) -> dict[str, Any]:
        base = home(one.project)
        crumbs = [("Projects", base.rpartition("/")[0]), (one.project.name, base)]
        return {"crumbs": crumbs, "legend": one.title}

    return StepPages(
        steps=DELIVERABLE,
        sides=("staff",) if staff else ("company", "expert"),
        rule="/<ref>/deliverables/<deliverable>",
        find=lambda ref, deliverable: get_deliverable(_project(ref), deliverable),
        find_locked=lambda ref, deliverable: get_deliverable(_locked(ref), deliverable),
        address=lambda one: f"{home(one.project)}/deliverables/{one.id}",
        page=lambda one: home(one.project),
        context=context,
        without=("submit",),
    )
