"""The page of an automation, and what is done there: start a run or a rehearsal, and say what a run saves."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request
from flask_login import current_user

from app.automations.editor.finding import get_automation
from app.automations.editor.json_text import NotJson, read_json
from app.automations.editor.operations import require_storable
from app.automations.editor.overview import Overview
from app.automations.editor.places import Places
from app.automations.errors import AutomationIsPaused, UnknownOwner
from app.automations.models import Automation
from app.automations.operations import update_automation
from app.automations.owners import hand_over, owner_shown, who_could_own
from app.automations.runs.operations import begin_run
from app.automations.schemas import AutomationAbout
from app.core.ids import as_uuid
from app.core.sides import Side
from app.web.forms import SchemaForm, form_class
from app.web.refusals import saying_no, submitted
from app.web.steps import LAYOUTS

LONGEST = 1 << 20


def shown(side: Side) -> Callable[[Automation], Mapping[str, Any]]:
    """What the page of an automation is given."""
    return lambda automation: {"side": side, "places": Places(side), "page": Overview(automation, current_user)}


def start(side: Side, automation_id: UUID) -> Any:
    """Start a run, or a rehearsal, with the input that was typed; a wrong one is shown again."""
    automation = get_automation(automation_id, current_user)
    typed = request.form.get("given", "").replace("\r\n", "\n")
    rehearsal = request.form.get("rehearse") == "on"
    try:
        given = _object(typed)
    except NotJson as error:
        return _start_page(side, automation, typed, str(error))
    with saying_no(at=Places(side).automation(automation_id)):
        if automation.status == "paused" and not rehearsal:
            raise AutomationIsPaused
        require_storable(given)
        run_id, _ = begin_run(automation, trigger="manual", given=given, actor=current_user, dry_run=rehearsal)
    flash("Rehearsal started. Nothing is sent or changed." if rehearsal else "Run started.", "success")
    return redirect(f"{Places(side).automation(automation_id)}/runs/{run_id}", 303)


def _start_page(side: Side, automation: Automation, typed: str, problem: str) -> Any:
    page = render_template(
        "automations/start.html", layout=LAYOUTS[side], places=Places(side), automation=automation,
        here=Places(side).automation(automation.id), typed=typed, problem=problem,
    )  # fmt: skip
    return make_response(page, 422)


def about(side: Side, automation_id: UUID) -> Any:
    """Change what people say of it: its name, what it is for, and what a run saves."""
    automation = get_automation(automation_id, current_user, lock=request.method == "POST")
    names = AutomationAbout.model_fields
    form = form_class(AutomationAbout)(data={name: getattr(automation, name) for name in names})

    def page(form: SchemaForm, status: int = 200) -> Any:
        fresh = get_automation(automation_id, current_user)
        return make_response(
            render_template(
                "automations/about.html", layout=LAYOUTS[side], places=Places(side), automation=fresh, form=form,
                here=Places(side).automation(automation_id),
            ),
            status,
        )  # fmt: skip

    if request.method == "GET":
        return page(form)
    with submitted(AutomationAbout, page, form=form) as values:
        update_automation(automation, values.model_dump(), actor=current_user)
    flash("Saved.", "success")
    return redirect(Places(side).automation(automation_id), 303)


def change_owner(side: Side, automation_id: UUID) -> Any:
    """Hand it over, to somebody who is chosen."""
    here = Places(side).automation(automation_id)
    automation = get_automation(automation_id, current_user, lock=request.method == "POST")
    if request.method == "GET":
        people = who_could_own(automation, current_user)
        owns_alone = [one for one, _ in people] == [automation.owner_id] and not owner_shown(automation).trouble
        return render_template(
            "automations/owner.html", layout=LAYOUTS[side], places=Places(side), here=here, automation=automation,
            people=people, owns_alone=owns_alone,
        )  # fmt: skip
    with saying_no(at=here):
        owner_id = as_uuid(request.form.get("owner_id", ""))
        if owner_id is None:
            raise UnknownOwner
        hand_over(automation, owner_id, actor=current_user)
    flash("Handed over.", "success")
    return redirect(here, 303)


def _object(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST:
        raise NotJson("The input can have at most 1 MiB.")
    value = read_json(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise NotJson("The input must be a JSON object, such as {}.")
    return value
