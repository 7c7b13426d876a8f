"""Deploying a draft, after a look at what that changes, and giving one up."""

from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template
from flask_login import current_user

from app.automations.editor.comparing import summary_of
from app.automations.editor.operations import (
    changes_by_others,
    changes_of_draft,
    deploy_draft,
    discard,
    get_draft,
    take_over,
)
from app.automations.editor.places import Places
from app.automations.editor.showing import Shown
from app.automations.models import Automation
from app.core.addresses import API, outside_address
from app.core.sides import Side
from app.web.refusals import saying_no
from app.web.steps import LAYOUTS


def ask(side: Side, draft_id: UUID, status: int = 200) -> Any:
    """What deploying would change, what others changed meanwhile, and what is still wrong."""
    draft = get_draft(draft_id, current_user)
    shown, places = Shown(draft), Places(side)
    changes = changes_of_draft(draft)
    page = render_template(
        "automations/deploy.html", layout=LAYOUTS[side], side=side, places=places, here=places.draft(draft_id),
        shown=shown, draft=draft, changes=changes, summary=summary_of(changes), theirs=changes_by_others(draft),
        drawing=shown.drawing(places.draft(draft_id)),
    )  # fmt: skip
    return make_response(page, status)


def deploy(side: Side, draft_id: UUID) -> Any:
    draft = get_draft(draft_id, current_user, lock=True)
    if Shown(draft).problems:
        return ask(side, draft_id, 422)
    places = Places(side)
    had = draft.automation.signing_secret if draft.automation else None
    with saying_no(at=f"{places.draft(draft_id)}/deploy"):
        automation = deploy_draft(draft, actor=current_user)
        number, name, automation_id = automation.version_number, automation.name, automation.id
        secret = automation.signing_secret
    if secret is not None and secret != had:
        return _with_secret(side, automation, secret)
    flash(f"Deployed version {number} of “{name}”.", "success")
    return redirect(places.automation(automation_id), 303)


def _with_secret(side: Side, automation: Automation, secret: str) -> Response:
    """The signing secret, which is shown this once."""
    page = render_template(
        "automations/deployed.html", layout=LAYOUTS[side], places=Places(side), automation=automation, secret=secret,
        webhook_url=f"{outside_address()}{API}/hooks/{automation.token}",
    )  # fmt: skip
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def merge_theirs(side: Side, draft_id: UUID) -> Any:
    """Put into the draft what others deployed meanwhile."""
    draft = get_draft(draft_id, current_user, lock=True)
    there = f"{Places(side).draft(draft_id)}/deploy"
    with saying_no(at=there):
        conflicts = take_over(draft)
    for one in conflicts:
        flash(one, "warning")
    flash("The changes are now part of your draft.", "success")
    return redirect(there, 303)


def give_up(side: Side, draft_id: UUID) -> Any:
    draft = get_draft(draft_id, current_user, lock=True)
    automation_id, places, name = draft.automation_id, Places(side), draft.name
    with saying_no(at=places.draft(draft_id)):
        discard(draft)
    flash(f"Discarded draft “{name}”.", "success")
    return redirect(places.automation(automation_id) if automation_id else places.base, 303)
