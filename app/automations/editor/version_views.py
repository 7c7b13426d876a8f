"""The versions of an automation: who deployed which when, what is different between two, and going back to one."""

import itertools
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request
from flask_login import current_user

from app.automations import operations as automations
from app.automations.drawing.workflows import draw_workflow
from app.automations.editor.comparing import changes_between, summary_of
from app.automations.editor.finding import get_automation, versions_of
from app.automations.editor.places import Places
from app.automations.models import Automation
from app.core.sides import Side
from app.identity.policy import can
from app.web.refusals import saying_no
from app.web.steps import LAYOUTS

PAGE = 25


def index(side: Side, automation_id: UUID) -> str:
    """All versions, each with what it changed."""
    automation = get_automation(automation_id, current_user)
    found = versions_of(automation, before=_number(request.args.get("before")), limit=PAGE + 1)
    shown = found[:PAGE]
    said = {
        one.number: summary_of(changes_between(earlier.workflow, one.workflow))
        for one, earlier in itertools.pairwise(found)
    }
    return _page(
        side, automation, "automations/versions.html", versions=shown, said=said,
        next_before=shown[-1].number if len(found) > PAGE else None,
    )  # fmt: skip


def show(side: Side, automation_id: UUID, number: int) -> str:
    """One version as it was deployed, and what it changed."""
    automation = get_automation(automation_id, current_user)
    version = automations.version_of(automation, number)
    earlier = _number(request.args.get("from"))
    earlier = number - 1 if earlier is None else earlier
    before = automations.version_of(automation, earlier) if earlier > 0 else None
    changes = changes_between(before.workflow, version.workflow) if before else []
    return _page(
        side, automation, "automations/version.html", version=version, before=before, changes=changes,
        summary=summary_of(changes), drawing=draw_workflow(version.workflow),
        numbers=[one.number for one in versions_of(automation, limit=200)],
    )  # fmt: skip


def compare(side: Side, automation_id: UUID) -> Any:
    """Lead to the comparison that the form asks for."""
    automation = get_automation(automation_id, current_user)
    number = _number(request.args.get("to")) or automation.version_number
    earlier = _number(request.args.get("from")) or max(1, number - 1)
    return redirect(f"{Places(side).automation(automation_id)}/versions/{number}?from={earlier}", 303)


def restore(side: Side, automation_id: UUID, number: int) -> Any:
    """Deploy an earlier version again."""
    automation = get_automation(automation_id, current_user, lock=True)
    there = f"{Places(side).automation(automation_id)}/versions"
    with saying_no(at=there):
        automations.restore_version(automation, number, actor=current_user)
        now = automation.version_number
    flash(f"Restored version {number} as version {now}.", "success")
    return redirect(there, 303)


def _page(side: Side, automation: Automation, template: str, **context: Any) -> str:
    places = Places(side)
    return render_template(
        template, layout=LAYOUTS[side], places=places, here=places.automation(automation.id), automation=automation,
        may_write=can(current_user, "automations:write"), **context,
    )  # fmt: skip


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
