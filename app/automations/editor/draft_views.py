"""The editor: a draft's trigger and steps, each change of which is kept at once, and the JSON of the same."""

import json
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request
from flask_login import current_user

from app.automations.definitions.types import STEP_TYPES, TRIGGER_TYPES
from app.automations.editor import edits
from app.automations.editor.comparing import changes_between, summary_of
from app.automations.editor.fields import as_sent, with_errors
from app.automations.editor.forms_of_steps import read_step, read_trigger
from app.automations.editor.json_text import NotJson, read_json
from app.automations.editor.models import Draft
from app.automations.editor.operations import change_draft, get_draft, rename, undo
from app.automations.editor.pasting import in_order, workflow_of
from app.automations.editor.places import Places
from app.automations.editor.recorded import recorded_of, runs_of, values_in
from app.automations.editor.showing import Forms, Shown, StepRow, fingerprint
from app.automations.expressions.functions import FUNCTIONS
from app.core.errors import DomainError, FieldError, NotFound
from app.core.sides import Side
from app.extensions import db
from app.web import htmx
from app.web.refusals import saying_no
from app.web.steps import LAYOUTS


def show(side: Side, draft_id: UUID) -> Any:
    return page(side, get_draft(draft_id, current_user))


def page(side: Side, draft: Draft, status: int = 200, **more: Any) -> Response:
    """The editor's page; `opened` is what of it is open: `trigger`, `add`, or the id of a step."""
    shown, here = Shown(draft), Places(side).draft(draft.id)
    context = {"opened": "", "opened_step": None, "drawing": shown.drawing(here), **more}
    return make_response(render_template("automations/editor.html", **_context(side, shown), **context), status)


def _context(side: Side, shown: Shown) -> dict[str, Any]:
    places = Places(side)
    return {
        "layout": LAYOUTS[side], "side": side, "places": places, "here": places.draft(shown.draft.id), "shown": shown,
        "draft": shown.draft,
    }  # fmt: skip


def change_name(side: Side, draft_id: UUID) -> Any:
    draft = get_draft(draft_id, current_user, lock=True)
    rename(draft, request.form.get("name", ""))
    db.session.commit()
    return redirect(Places(side).draft(draft_id), 303)


def trigger(side: Side, draft_id: UUID) -> Any:
    """The trigger's form, and its next times where it is a schedule."""
    draft = get_draft(draft_id, current_user, lock=request.method == "POST")
    here = Places(side).draft(draft_id)
    kind = request.values.get("type", str(draft.workflow["trigger"].get("type")))
    if kind not in TRIGGER_TYPES:
        kind = "manual"
    if request.method == "POST":
        with saying_no(at=f"{here}/trigger"):
            changed = read_trigger(kind, request.form.getlist)
            change_draft(draft, edits.set_trigger(draft.workflow, changed), "Changed the trigger")
        if htmx.wants_fragment():
            return _saved(side, draft)
        return redirect(f"{here}/trigger#trigger", 303)
    return page(
        side,
        draft,
        opened="trigger",
        trigger_types=TRIGGER_TYPES,
        trigger_kind=kind,
        trigger_form=Shown(draft).trigger_fields(kind),
    )


def add(side: Side, draft_id: UUID) -> Any:
    """The types of steps to choose from, and adding one of them."""
    draft = get_draft(draft_id, current_user, lock=request.method == "POST")
    here, after = Places(side).draft(draft_id), request.values.get("after") or None
    if after is not None and all(step["id"] != after for step in draft.steps):
        after = None
    if request.method == "GET":
        return page(side, draft, opened="add", types=STEP_TYPES.values(), after=after)
    step_type = request.form.get("type", "")
    if step_type not in STEP_TYPES:
        raise NotFound("Unknown step type.")
    with saying_no(at=here):
        made, step_id = edits.add_step(draft.workflow, step_type, after)
        change_draft(draft, made, f"Added “{STEP_TYPES[step_type].label}”")
    return redirect(f"{here}/steps/{step_id}#step", 303)


def step(side: Side, draft_id: UUID, step_id: str) -> Any:
    """A step's form."""
    draft = get_draft(draft_id, current_user)
    if not any(one["id"] == step_id for one in draft.steps):
        flash(edits.NoSuchStep.says, "warning")
        return redirect(Places(side).draft(draft_id), 303)
    shown = Shown(draft)
    row = shown.row(step_id)
    return _step_page(side, shown, row, shown.forms(row), needs=row.step.get("needs") or ())


def _step_page(side: Side, shown: Shown, row: StepRow, forms: Forms, *, status: int = 200, **more: Any) -> Any:
    draft = shown.draft
    runs = runs_of(draft)
    recorded = recorded_of(draft, runs[0].id) if runs else None
    return page(
        side, draft, status, opened="step", opened_step=row.id, row=row, forms=forms,
        functions=FUNCTIONS.values(), before=shown.before(row.id),
        values=values_in(recorded, shown.before(row.id)) if recorded else (), **more,
    )  # fmt: skip


def change_step(side: Side, draft_id: UUID, step_id: str) -> Any:
    """Keep what was filled in, and do what the button says: move, duplicate, delete, or try it."""
    draft = get_draft(draft_id, current_user, lock=True)
    here = Places(side).draft(draft_id)
    if not any(one["id"] == step_id for one in draft.steps):
        raise edits.NoSuchStep
    now = edits.find_step(draft.workflow, step_id)
    command = request.form.get("_do", "save")
    changed, errors = read_step(now, request.form.getlist)
    if command != "delete":
        if errors:
            return _as_typed(side, draft, step_id, errors)
        if request.form.get("seen", "") not in ("", fingerprint(now)) and changed != now:
            return _changed_meanwhile(side, draft, step_id, changed)
    try:
        new_id = _do(draft, step_id, changed, command)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        if not error.errors:
            return _told(here, error)
        return _as_typed(side, get_draft(draft_id, current_user), step_id, list(error.errors))
    if command == "save" and htmx.wants_fragment() and new_id == step_id:
        return _saved(side, draft)
    there = f"{here}/steps/{new_id}" if new_id else here
    url = f"{there}/test" if command == "test" else f"{there}#step" if new_id else there
    return htmx.go_to(url) if htmx.wants_fragment() else redirect(url, 303)


def _do(draft: Draft, step_id: str, changed: dict[str, Any], command: str) -> str | None:
    """Change the draft; the id of the step that is to be shown then."""
    title = str(changed.get("name") or changed["id"])
    if command == "delete":
        title = str(edits.find_step(draft.workflow, step_id).get("name") or step_id)
        change_draft(draft, edits.delete_step(draft.workflow, step_id), f"Deleted “{title}”")
        flash({"text": f"Deleted “{title}”.", "url": f"{_base_of()}/undo", "label": "Undo"}, "success")  # type: ignore[arg-type]
        return None
    change_draft(draft, edits.replace_step(draft.workflow, step_id, changed), f"Changed “{title}”")
    new = str(changed["id"])
    if command in ("up", "down"):
        moved = edits.move_step(draft.workflow, new, -1 if command == "up" else 1)
        change_draft(draft, moved, f"Moved “{title}” {command}")
    elif command == "duplicate":
        made, new = edits.duplicate_step(draft.workflow, new)
        change_draft(draft, made, f"Duplicated “{title}”")
    return new


def _base_of() -> str:
    return request.path.partition("/steps/")[0]


def _told(here: str, error: DomainError) -> Any:
    flash(error.message, "error")
    return htmx.go_to(here) if htmx.wants_fragment() else redirect(here, 303)


def _as_typed(side: Side, draft: Draft, step_id: str, errors: list[FieldError]) -> Any:
    """The form as it was filled in, with what is wrong with it. Nothing was kept."""
    shown = Shown(draft)
    row = shown.row(step_id)
    forms = shown.forms(row)
    sent = request.form.getlist
    typed = Forms(*(with_errors(as_sent(part, sent), errors, "") for part in (forms.about, forms.given, forms.when)))
    if htmx.wants_fragment():
        return _fragment("automations/_not_saved.html", 200, side, shown, errors=errors, forms=typed)
    return _step_page(side, shown, row, typed, status=422, needs=sent("needs"), errors=errors)


def _changed_meanwhile(side: Side, draft: Draft, step_id: str, typed: dict[str, Any]) -> Any:
    """The step was changed in another window since this form was made: show what is different, and keep neither until
    somebody has chosen."""
    shown = Shown(draft)
    row = shown.row(step_id)
    theirs, mine = ({"trigger": {}, "steps": [one]} for one in (dict(row.step), {**typed, "id": step_id}))
    meanwhile = changes_between(mine, theirs)
    if htmx.wants_fragment():
        return _fragment("automations/_not_saved.html", 200, side, shown, meanwhile=meanwhile, row=row, forms=None)
    forms = shown.forms(row, typed)
    return _step_page(side, shown, row, forms, status=409, needs=typed.get("needs") or (), meanwhile=meanwhile)


def _saved(side: Side, draft: Draft) -> Response:
    """For htmx: that it is kept, and all that follows from it, beside the form, which stays as it is."""
    shown = Shown(get_draft(draft.id, current_user))
    opened = request.path.partition("/steps/")[2]
    row = shown.row(opened) if opened else None
    forms = shown.forms(row) if row else None
    return _fragment("automations/_saved.html", 200, side, shown, row=row, forms=forms, opened_step=opened)


def _fragment(template: str, status: int, side: Side, shown: Shown, **more: Any) -> Response:
    context = {**_context(side, shown), "opened_step": None, **more}
    drawing = shown.drawing(Places(side).draft(shown.draft.id))
    return make_response(render_template(template, drawing=drawing, **context), status)


def take_back(side: Side, draft_id: UUID) -> Any:
    draft = get_draft(draft_id, current_user, lock=True)
    here = Places(side).draft(draft_id)
    with saying_no(at=here):
        did = undo(draft)
    flash(f"Undid: {did}.", "success")
    return redirect(here, 303)


def as_json(side: Side, draft_id: UUID) -> Any:
    """The definition as JSON, to read and to write."""
    draft = get_draft(draft_id, current_user, lock=request.method == "POST")
    text = _pretty(draft.workflow)
    if request.method == "GET":
        return _json_page(side, draft, text)
    typed = request.form.get("workflow", "").replace("\r\n", "\n")
    here = Places(side).draft(draft_id)
    if request.form.get("seen", "") not in ("", fingerprint(draft.workflow)):
        message = "The draft was changed in another window. Save again to overwrite it with this text."
        return _json_page(side, draft, typed, 409, message)
    try:
        workflow = workflow_of(read_json(typed))
        with saying_no(
            tell=lambda reason: _json_page(side, get_draft(draft_id, current_user), typed, 422, reason.message)
        ):
            said = summary_of(changes_between(draft.workflow, workflow))
            change_draft(draft, workflow, f"Changed the JSON ({said.rstrip('.').lower()})")
    except NotJson as error:
        return _json_page(side, draft, typed, 422, f"This isn’t valid JSON: {error}")
    flash(f"Saved. {said}", "success")
    return redirect(f"{here}/json", 303)


def _json_page(side: Side, draft: Draft, text: str, status: int = 200, problem: str = "") -> Response:
    shown = Shown(draft)
    return make_response(
        render_template(
            "automations/json.html", **_context(side, shown), text=text, problem=problem,
            made_from=fingerprint(draft.workflow), rows=min(40, max(16, text.count("\n") + 2)),
        ),
        status,
    )  # fmt: skip


def export(side: Side, draft_id: UUID) -> Response:
    draft = get_draft(draft_id, current_user)
    answer = Response(_pretty(draft.workflow) + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="workflow.json"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _pretty(workflow: Any) -> str:
    return json.dumps(in_order(workflow), ensure_ascii=False, indent=2)
