"""The forms on the page of a project: steps of deliverables, moving dates, the review. Staff have them under
/admin/projects, the company and the team under /dashboard/projects."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_login import current_user

from app.assistants.calendars.date_queries import today_of_account
from app.core.errors import DomainError
from app.identity.policy import is_staff, require
from app.projects.models import Deliverable, Project
from app.projects.plans import deliverables
from app.projects.plans.delays import PlanMoved, Preview, preview_dates, preview_finish
from app.projects.plans.schemas import HandIn, ProjectReviewInput
from app.projects.plans.steps import DELIVERABLE
from app.projects.queries import get_deliverable, get_project
from app.projects.record_pages import page_of
from app.projects.step_pages import deliverable_steps
from app.web.forms import SchemaForm, form_class
from app.web.guards import permission
from app.web.refusals import saying_no, told_at

CONFIRM = "This moves the dates below. Look at them, then confirm."


def _base(project: Project) -> str:
    return page_of(project, current_user).base


def submit(ref: str, deliverable: str) -> Any:
    """Hand in: the day first, then what moves, then the deed. Dates that weren't shown aren't moved."""
    sending = request.method == "POST"
    project = get_project(ref, current_user, for_update=sending)
    one = get_deliverable(project, deliverable)
    form = form_class(HandIn)(data={"finished_on": (this := today_of_account(current_user.id))})
    if not sending:
        if (error := DELIVERABLE.obstacle(one, "submit")) is not None:
            return told_at(_base(project), error)
        return _submit_page(project, one, form, preview_finish(project, one, this))
    values = form.new_values()
    if values is None:
        return _submit_page(project, one, form, None, status=422)
    assert isinstance(values, HandIn)
    preview = preview_finish(project, one, values.finished_on)
    if request.form.get("_do") == "preview":
        return _submit_page(project, one, form, preview)
    if preview.moves and request.form.get("shown_for") != values.finished_on.isoformat():
        return _submit_page(project, one, form, preview, status=409, problem=CONFIRM)
    return _submit(project, one, form, values)


def _submit(project: Project, one: Deliverable, form: SchemaForm, values: HandIn) -> Any:
    here, version = _base(project), request.form.get("version") or None

    def tell(no: DomainError) -> Any:
        if not no.errors and not isinstance(no, PlanMoved):
            return told_at(here, no)
        form.refuse(no.errors)
        fresh = get_project(project_id, current_user)
        again = get_deliverable(fresh, one_id)
        preview = preview_finish(fresh, again, values.finished_on)
        return _submit_page(fresh, again, form, preview, status=no.status, problem="" if no.errors else no.message)

    project_id, one_id = project.id, one.id
    with saying_no(tell=tell):
        deliverables.submit_deliverable(one, **values.model_dump(), version=version, actor=current_user)
    flash(f"“{one.title}” is handed in.", "success")
    return redirect(here, 303)


def _submit_page(
    project: Project,
    one: Deliverable,
    form: SchemaForm,
    preview: Preview | None,
    *,
    status: int = 200,
    problem: str = "",
) -> Any:
    asked = form.fields["finished_on"].data.strip()
    more = {"deliverable": one, "form": form, "preview": preview, "problem": problem}
    return _page("projects/submit.html", status, project=project, shown_for=asked if preview else "", **more)


def move_dates(ref: str) -> Any:
    """Dates that are before what they wait for: what would move, and moving it."""
    sending = request.method == "POST"
    project = get_project(ref, current_user, for_update=sending)
    if not sending:
        return _page("projects/dates.html", 200, project=project, preview=preview_dates(project), problem="")

    def again(no: DomainError) -> Any:
        fresh = get_project(ref, current_user)
        preview = preview_dates(fresh)
        return _page("projects/dates.html", no.status, project=fresh, preview=preview, problem=no.message)

    with saying_no(tell=again):
        moved = deliverables.put_dates_right(project, version=request.form.get("version", ""), actor=current_user)
    flash(f"{moved} {'deliverable has' if moved == 1 else 'deliverables have'} moved.", "success")
    return redirect(_base(project), 303)


def review(ref: str) -> Any:
    require(not is_staff(current_user), "The company that the project was for reviews it.")
    sending = request.method == "POST"
    project = get_project(ref, current_user, for_update=sending)
    form = form_class(ProjectReviewInput)()
    values = form.new_values() if sending else None
    if not isinstance(values, ProjectReviewInput):
        return _page("projects/review.html", 422 if sending else 200, project=project, form=form)
    here = _base(project)
    with saying_no(at=here):
        deliverables.review_project(project, stars=values.stars, comment=values.comment, actor=current_user)
    flash("Thank you for your review.", "success")
    return redirect(here, 303)


def _page(template: str, status: int, *, project: Project, **more: Any) -> Any:
    staff = is_staff(current_user)
    layout = "layouts/admin.html" if staff else "layouts/client.html"
    base = page_of(project, current_user).base
    return render_template(template, layout=layout, project=project, base=base, **more), status


def add_to(blueprint: Blueprint, *, staff: bool) -> None:
    """Give the blueprint of the staff's or of the others' project pages these forms."""
    views: list[tuple[str, Callable[..., Any], str]] = [
        ("/<ref>/deliverables/<deliverable>/submit", submit, "time:write"),
        ("/<ref>/dates", move_dates, "projects:manage") if staff else ("/<ref>/review", review, "projects:write"),
    ]
    for path, view, needed in views:
        own = _own(view)
        own.audience = permission(needed, of_staff=staff)
        blueprint.add_url_rule(path, view.__name__, own, methods=("GET", "POST"))
    deliverable_steps(staff=staff).add_to(blueprint)


def _own(view: Callable[..., Any]) -> Any:
    """A view of the blueprint's own, since its audience is written on it."""

    def bound(**path: str) -> Any:
        return view(**path)

    return bound
