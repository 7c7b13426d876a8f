"""The page of a run: its course, live while it goes on, and what can be done about it."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, flash, redirect, request
from flask_login import current_user

from app.automations.definitions.types import STEP_TYPES
from app.automations.drawing.workflows import draw_workflow
from app.automations.errors import NoSuchRun
from app.automations.models import WHOLE, Automation, Run
from app.automations.monitoring import blueprint_views as on
from app.automations.monitoring import reading
from app.automations.monitoring.approvals import may_answer
from app.automations.monitoring.places import BASES, run_url
from app.automations.monitoring.showing import in_lines, part_of_step, payload
from app.automations.monitoring.waterfall import draw_run
from app.automations.runs.operations import decide as decide_step
from app.automations.runs.versions import definition_of
from app.automations.steps import RUN
from app.core.clock import now
from app.core.errors import NotFound
from app.core.sides import COMPANY, STAFF, Side
from app.identity.policy import can, require
from app.web import htmx
from app.web.refusals import saying_no
from app.web.steps import StepPages

_ITEM_STATES = ("queued", "running", "waiting", "succeeded", "failed", "skipped", "cancelled")


def _steps_of(side: Side) -> StepPages:
    def find(automation_id: UUID, run_id: UUID) -> Run:
        return reading.get_run(current_user, automation_id, run_id)[1]

    def find_locked(automation_id: UUID, run_id: UUID) -> Run:
        return reading.get_run(current_user, automation_id, run_id, lock=True)[1]

    return StepPages(
        steps=RUN,
        sides=(side,),
        rule="/<uuid:automation_id>/runs/<uuid:run_id>",
        find=find,
        find_locked=find_locked,
        address=lambda run: run_url(run, side),
        prefix="step_",
    )


STEPS: dict[Side, StepPages] = {side: _steps_of(side) for side in (STAFF, COMPANY)}


def run(side: Side, automation_id: UUID, run_id: UUID) -> Response:
    automation, found = reading.get_run(current_user, automation_id, run_id)
    return htmx.page_or_fragment(
        "automations/run.html", "automations/_run.html", **_shown(side, automation, found, _asked_items())
    )


def _shown(side: Side, automation: Automation, found: Run, asked: tuple[str, str, int]) -> dict[str, Any]:
    definition = definition_of(found.automation_id, found.version_number)
    steps = {step.step_id: step for step in reading.steps_of_run(found.id)}
    names = {name: kind.label for name, kind in STEP_TYPES.items()}
    begins = found.started_at or found.created_at
    course = draw_run(definition.workflow.steps, steps, begins, found.finished_at or now(), names)
    step_id, status, after = asked
    items = dict(reading.first_items(found.id)) if any(step.items for step in steps.values()) else {}
    if step_id in steps:
        position = steps[step_id].position
        items[position] = reading.items_of(found.id, position, status=status, after=after)
    return {
        "automation": automation,
        "run": found,
        "course": course,
        "steps": steps,
        "definition": definition,
        "drawing": draw_workflow(
            definition.workflow, {one.id: one.status for one in course.lanes}, {one: f"#step-{one}" for one in steps}
        ),
        "beside": reading.beside(found),
        "progress": STEPS[side].progress(found, current_user),
        "part": part_of_step,
        "payload": payload,
        "items": items,
        "items_of": {"step": step_id, "status": status, "after": after},
        "item_states": _ITEM_STATES,
        "would": [lane for lane in course.lanes if lane.step is not None and lane.step.size("would")],
        "may_answer": lambda step: may_answer(current_user, step),
        "here": run_url(found, side),
        "step_types": STEP_TYPES,
        "may_write": can(current_user, "automations:write"),
        "data_days": current_app.config["SETTINGS"].automation_data_days,
    }


def _asked_items() -> tuple[str, str, int]:
    """Which items of which loop the address asks for."""
    status = request.args.get("items", "")
    after = request.args.get("after", type=int)
    place = after if after is not None and 0 <= after < 100_000 else WHOLE
    return request.args.get("step", ""), status if status in _ITEM_STATES else "", place


def payload_file(side: Side, automation_id: UUID, run_id: UUID, part: str, **place: int) -> Response:
    """A part of a step, whole, as JSON. The address counts items from 1; 0 is the step itself."""
    _, found = reading.get_run(current_user, automation_id, run_id)
    position, item = min(place["position"], 10_000), min(place["item"], 100_000) - 1
    value = reading.payload_of(found.id, position, item, part)
    return _as_json(value)


def input_file(side: Side, automation_id: UUID, run_id: UUID, part: str) -> Response:
    """What the run was given, or what it answered, whole."""
    _, found = reading.get_run(current_user, automation_id, run_id)
    if part not in ("input", "output"):
        raise NotFound("Page not found.")
    return _as_json(getattr(found, part))


def _as_json(value: Any) -> Response:
    response = Response(in_lines(value), mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def decide(side: Side, automation_id: UUID, run_id: UUID, step: str) -> Any:
    """Answer a step that asks for approval."""
    _, found = reading.get_run(current_user, automation_id, run_id)
    asked = next((one for one in reading.steps_of_run(found.id) if one.step_id == step), None)
    if asked is None or asked.type != "approval":
        raise NoSuchRun
    require(may_answer(current_user, asked), "You aren’t asked to approve this step.")
    approve = request.form.get("decision") == "approve"
    comment = request.form.get("comment", "").strip()[:2_000].replace("\0", "")
    back = f"{BASES[side]}/approvals" if request.form.get("back") == "approvals" else run_url(found, side)
    with saying_no(at=back):
        decide_step(found, step, approve=approve, comment=comment, actor=current_user)
    flash("Approved. The run continues." if approve else "Rejected.", "success")
    return redirect(back, 303)


on.page("/<uuid:automation_id>/runs/<uuid:run_id>", run)
on.page("/<uuid:automation_id>/runs/<uuid:run_id>/<part>.json", input_file)
on.page(
    "/<uuid:automation_id>/runs/<uuid:run_id>/steps/<int:position>/<int:item>/<part>.json",
    payload_file,
)
on.page("/<uuid:automation_id>/runs/<uuid:run_id>/steps/<step>/decide", decide, methods=("POST",), writes=True)
for _side, _blueprint in ((STAFF, on.staff), (COMPANY, on.company)):
    STEPS[_side].add_to(_blueprint)
blueprints = on.blueprints
