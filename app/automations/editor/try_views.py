"""Trying a draft: one step, or all of it, on data that somebody typed or that a run recorded. Nothing leaves."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from flask_login import current_user

from app.automations.definitions.schemas import WorkflowInput
from app.automations.editor.json_text import NotJson, read_json
from app.automations.editor.models import Draft
from app.automations.editor.operations import get_draft
from app.automations.editor.places import Places
from app.automations.editor.recorded import Recorded, recorded_of, runs_of
from app.automations.editor.showing import Shown
from app.automations.editor.trying import rehearse as go_through
from app.automations.editor.trying import try_step
from app.core.ids import as_uuid
from app.core.sides import Side
from app.extensions import db
from app.web.steps import LAYOUTS

LONGEST = 1 << 20
_FIRST_INPUT: Mapping[str, Any] = {"webhook": {"body": {}}, "event": {"event": {}}}


def rehearse(side: Side, draft_id: UUID) -> Any:
    """The form with the input, and what would happen with it."""
    draft = get_draft(draft_id, current_user)
    shown = Shown(draft)
    recorded = recorded_of(draft, as_uuid(request.args.get("run")))
    context: dict[str, Any] = {"given": _text(recorded.given or _first_input(draft)), "runs": runs_of(draft)}
    if request.method == "GET" or shown.problems:
        return _page("automations/rehearse.html", side, shown, 200 if request.method == "GET" else 422, **context)
    context["given"] = request.form.get("given", "").replace("\r\n", "\n")
    try:
        given = _object(context["given"])
    except NotJson as error:
        return _page("automations/rehearse.html", side, shown, 422, wrong=str(error), **context)
    workflow = WorkflowInput.model_validate(draft.workflow)
    done = go_through(draft, workflow, given, actor=current_user)
    db.session.rollback()  # What was read is shown; nothing of it stays.
    shown = Shown(get_draft(draft_id, current_user))
    drawing = shown.drawing(Places(side).draft(draft_id), done.states)
    return _page("automations/rehearse.html", side, shown, rehearsal=done, drawing=drawing, **context)


def test(side: Side, draft_id: UUID, step_id: str) -> Any:
    """One step, with what the trigger and the steps before it gave."""
    draft = get_draft(draft_id, current_user)
    shown = Shown(draft)
    row = shown.row(step_id)
    before = shown.before(step_id)
    recorded = recorded_of(draft, as_uuid(request.args.get("run")))
    context: dict[str, Any] = {
        "row": row, "before": before, "runs": runs_of(draft),
        "given": _text(recorded.given or _first_input(draft)), "outputs": _text(_outputs(shown, recorded, before)),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    if request.method == "GET" or shown.problems:
        return _page("automations/test_step.html", side, shown, status, **context)
    context |= {name: request.form.get(name, "").replace("\r\n", "\n") for name in ("given", "outputs")}
    wrong: dict[str, str] = {}
    taken: dict[str, Mapping[str, Any]] = {}
    for name in ("given", "outputs"):
        try:
            taken[name] = _object(context[name])
        except NotJson as error:
            wrong[name] = str(error)
    if wrong:
        return _page("automations/test_step.html", side, shown, status, wrong=wrong, **context)
    workflow = WorkflowInput.model_validate(draft.workflow)
    tried = try_step(draft, workflow, step_id, taken["given"], taken["outputs"], actor=current_user)
    db.session.rollback()
    shown = Shown(get_draft(draft_id, current_user))
    return _page("automations/test_step.html", side, shown, tried=tried, **{**context, "row": shown.row(step_id)})


def _outputs(shown: Shown, recorded: Recorded, before: list[str]) -> dict[str, Any]:
    """What the steps before it answered in the run; else the examples that they have."""
    examples = {row.id: row.step["example"] for row in shown.rows if "example" in row.step}
    return {one: recorded.outputs.get(one, examples.get(one)) for one in before}


def _first_input(draft: Draft) -> Any:
    return draft.example_input or _FIRST_INPUT.get(str(draft.workflow["trigger"].get("type")), {})


def _object(text: str) -> Mapping[str, Any]:
    """What was typed, as an object; nothing is an empty one. Raises `NotJson`."""
    if len(text) > LONGEST:
        raise NotJson("Enter at most 1 MiB.")
    value = read_json(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise NotJson("Enter a JSON object, such as {}.")
    return value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _page(template: str, side: Side, shown: Shown, status: int = 200, **more: Any) -> Response:
    places = Places(side)
    page = render_template(
        template, layout=LAYOUTS[side], side=side, places=places, here=places.draft(shown.draft.id), shown=shown,
        draft=shown.draft, **more,
    )  # fmt: skip
    return make_response(page, status)
