"""Where automations begin: with nothing, a template, a copy, a file, or what an analysis suggests."""

from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request
from flask_login import current_user

from app.automations import operations as automations
from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.queries import get_analysis
from app.automations.editor.edits import Workflow, blank
from app.automations.editor.finding import companies, get_automation
from app.automations.editor.json_text import NotJson, read_json
from app.automations.editor.operations import begin_draft, begin_suggested_draft, draft_of, list_drafts
from app.automations.editor.pasting import workflow_of
from app.automations.editor.places import Places
from app.core.errors import DomainError
from app.core.ids import as_uuid
from app.core.sides import STAFF, Side
from app.identity.companies import company_for
from app.web.refusals import saying_no
from app.web.steps import LAYOUTS


def new(side: Side) -> Response:
    """The ways to begin, and the person's drafts."""
    return _page(side)


def _page(side: Side, status: int = 200, problem: str = "") -> Response:
    page = render_template(
        "automations/new.html", layout=LAYOUTS[side], places=Places(side), is_staff=side == STAFF,
        drafts=list_drafts(current_user), problem=problem, typed=request.form,
        companies=companies() if side == STAFF else (), analysis=_analysis(),
    )  # fmt: skip
    return make_response(page, status)


def _analysis() -> ProcessAnalysis | None:
    """The analysis whose suggestion is to be begun with."""
    given = as_uuid(request.values.get("analysis"))
    return get_analysis(given, current_user) if given else None


def begin(side: Side) -> Any:
    """Begin a draft, with nothing or with what was pasted."""
    name, pasted = request.form.get("name", ""), request.form.get("workflow", "")
    if analysis_id := as_uuid(request.form.get("analysis")):
        return _from_analysis(side, analysis_id)
    try:
        client_id = company_for(current_user, as_uuid(request.form.get("client_id")))
        workflow: Workflow = workflow_of(read_json(pasted)) if pasted.strip() else blank()
    except NotJson as error:
        return _page(side, 422, f"This isn’t a valid workflow: {error}")
    except DomainError as error:
        return _page(side, 422, error.message)
    with saying_no(at=f"{Places(side).base}/new"):
        draft = begin_draft(name, workflow, client_id=client_id, actor=current_user)
    return redirect(Places(side).draft(draft.id), 303)


def _from_analysis(side: Side, analysis_id: UUID) -> Any:
    """Begin a draft with what an analysis suggests."""
    analysis = get_analysis(analysis_id, current_user)
    with saying_no(tell=lambda reason: _page(side, 422, reason.message)):
        client_id = company_for(current_user, analysis.client_id or as_uuid(request.form.get("client_id")))
        draft = begin_suggested_draft(analysis, client_id=client_id, actor=current_user)
    return redirect(Places(side).draft(draft.id), 303)


def edit(side: Side, automation_id: UUID) -> Any:
    """Open the person's draft of the automation, a new one if they have none."""
    automation = get_automation(automation_id, current_user, lock=True)
    with saying_no(at=Places(side).automation(automation_id)):
        draft = draft_of(automation, actor=current_user)
    return redirect(Places(side).draft(draft.id), 303)


def copy(side: Side, automation_id: UUID) -> Any:
    """Begin another automation with what this one does."""
    automation = get_automation(automation_id, current_user)
    workflow = automations.version_of(automation, automation.version_number).workflow
    with saying_no(at=Places(side).automation(automation_id)):
        draft = begin_draft(
            f"Copy of {automation.name}",
            workflow,
            client_id=automation.client_id,
            actor=current_user,
            minutes_saved=automation.minutes_saved,
        )
    return redirect(Places(side).draft(draft.id), 303)
