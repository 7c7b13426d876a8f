"""Staff's pages of time: the list, an entry, approving one or many, logging for a member of a team."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.core.audit import change_id as changing
from app.core.changes.history import history_of
from app.core.changes.models import State
from app.core.clock import today_here
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.steps import Step
from app.crud import Presentation, pages
from app.crud.listed import Listed
from app.crud.record import NOT_YET, PARTLY
from app.extensions import db
from app.identity.policy import can
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.queries import get_project
from app.projects.timesheets import operations as time
from app.projects.timesheets import queries as time_sheets
from app.projects.timesheets.forms import named_in
from app.projects.timesheets.kinds import time_entries
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import MemberTimeInput, TimeInput, minutes_of
from app.projects.timesheets.steps import TIME_ENTRY
from app.projects.undoing import undo_decision
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow, staff
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted
from app.web.steps import StepPages

MOST_AT_ONCE = 100
MOST_CHANGES = 20
LIST = time_entries.base()


def _project_of(listed: Listed) -> dict[str, Any]:
    found = as_uuid(listed.asked.get("project", ""))
    return {"project": db.session.get(Project, found) if found else None}


bp = pages(
    time_entries,
    without=("new", "show", "edit", "history", "undo"),
    presentation=Presentation(
        index="projects/time_index.html",
        results="projects/_time_results.html",
        is_selectable=True,
        list_context=_project_of,
    ),
)
for_team = Blueprint("time_of_team", __name__, url_prefix=projects.base())
blueprints = (bp, for_team)


@bp.get("/<uuid:entry_id>")
@staff
def show(entry_id: UUID) -> Any:
    return _show(time_sheets.get_entry(entry_id))


@bp.post("/approve")
@allow("projects:manage")
def approve_many() -> Any:
    """Approve all that are ticked, or none of them."""
    back = _back(request.form.get("query", ""))
    ids = {found for value in request.form.getlist("ids")[:MOST_AT_ONCE] if (found := as_uuid(value))}
    if not ids:
        flash("Tick the entries that you approve.", "info")
        return redirect(back, 303)
    with saying_no(at=back):
        many = len(time.approve_time(list(ids), actor=current_user))
        change_id = changing(db.session)
    _tell("Approved one entry." if many == 1 else f"Approved {many} entries.", change_id, back=back)
    return redirect(back, 303)


@bp.post("/undo")
@allow("projects:manage")
def undo() -> Any:
    """Undo a decision on time, or redo it: of one entry where `entry` names it, else of all that it was made on."""
    entry_id = as_uuid(request.form.get("entry", ""))
    back = f"{LIST}/{entry_id}" if entry_id else _back(request.form.get("query", ""))
    change_id = as_uuid(request.form.get("change", ""))
    if change_id is None:
        raise NotFound("There is no such change.")
    with saying_no(at=back):
        undone = undo_decision(change_id, entry_id, actor=current_user)
        made = changing(db.session)
    if undone.state != State.APPLIED or undone.rows_conflict:
        flash(PARTLY if undone.state == State.APPLIED else NOT_YET, "warning")
        return redirect(url_for("changes.show", change_set_id=undone.id), 303)
    is_redo = undone.title.startswith("Redo: ")
    many = undone.rows_done
    text = "One entry is" if many == 1 else f"{many} entries are"
    text += " decided again." if is_redo else " waiting for approval again."
    _tell(
        f"{'Redone' if is_redo else 'Undone'}. {text}",
        made,
        "Undo" if is_redo else "Redo",
        back=back,
        entry_id=entry_id,
    )
    return redirect(back, 303)


@for_team.route("/<uuid:project_id>/time/new", methods=["GET", "POST"])
@allow("projects:manage")
@makes_one
def new(project_id: UUID) -> Any:
    """Log time for a member of the project's team."""
    saving = request.method == "POST"
    project = get_project(project_id, current_user, for_update=saving)
    form = form_class(MemberTimeInput)(data={"worked_on": today_here()})
    form.currency = project.currency
    if not saving:
        return _new_page(project, form)
    again = lambda form, status: _new_page(get_project(project_id, current_user), form, status)  # noqa: E731
    with submitted(MemberTimeInput, again, form=form, named=named_in(form)) as values:
        taken = TimeInput(
            minutes=minutes_of(values.hours), **values.model_dump(include={"worked_on", "deliverable_id", "note"})
        )
        entry = time.log_time(
            project, taken, user_id=values.user_id, hourly_rate=values.hourly_rate, actor=current_user
        )
    flash("Logged.", "success")
    return redirect(f"{LIST}/{entry.id}", 303)


def _tell(text: str, change_id: UUID, label: str = "Undo", *, back: str = LIST, entry_id: UUID | None = None) -> None:
    flash(_with_undo(text, change_id, label, back=back, entry_id=entry_id), "success")  # type: ignore[arg-type]


def _with_undo(
    text: str, change_id: UUID, label: str = "Undo", *, back: str = LIST, entry_id: UUID | None = None
) -> dict[str, Any]:
    """What was done, with the button that undoes it."""
    about = {"entry": str(entry_id)} if entry_id else {"query": back.partition("?")[2]}
    fields = {"change": str(change_id), **about}
    return {"text": text, "url": url_for("time.undo"), "label": label, "fields": fields}


def _back(query: str) -> str:
    """The list as it was asked for; only its own parameters come back into the address."""
    return f"{LIST}?{query}" if query and "\n" not in query and "\r" not in query and len(query) < 2000 else LIST


def _show(entry: TimeEntry, step: Step | None = None, sent: SchemaForm | None = None, status: int = 200) -> Any:
    """The page of an entry. A form that was sent, and is wrong, stands in the place of its blank one."""
    forms = {each.verb: form_class(each.form)(formdata=None) for each in TIME_ENTRY.steps if each.form}
    if step is not None and sent is not None:
        forms[step.verb] = sent
    page = render_template(
        "projects/time_decision.html",
        entry=entry,
        needs_rate=time.needs_rate(entry),
        decided_by=time_sheets.decider_of(entry),
        approval=forms["approve"],
        rejection=forms["reject"],
        failed=sent,
        progress=STEPS.progress(entry, current_user),
        changes=history_of(db.session, time_entries, entry.id, limit=MOST_CHANGES),
        may_write=can(current_user, "projects:manage"),
    )
    return page, status


STEPS = StepPages(
    steps=TIME_ENTRY,
    sides=("staff",),
    rule="/<uuid:entry_id>",
    find=time_sheets.get_entry,
    address=lambda entry: f"{LIST}/{entry.id}",
    said=lambda entry, step, _: _with_undo(step.said, changing(db.session), entry_id=entry.id),
    show=_show,
    has_pages=False,
    without=("correct", "delete"),
)
STEPS.add_to(bp)


def _new_page(project: Project, form: SchemaForm, status: int = 200) -> tuple[str, int]:
    page = render_template(
        "projects/time_new.html",
        project=project,
        form=form,
        members=time_sheets.members_of(project),
        deliverables=[(one.id, one.title) for one in time_sheets.workplace_of(project).deliverables],
    )
    return page, status
