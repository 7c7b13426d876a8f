"""The pages of making automations, each for staff under /admin and for companies under /dashboard."""

from collections.abc import Callable
from functools import wraps
from json import dumps
from typing import Any

from flask import Blueprint, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.automations.editor import (
    deploy_views,
    draft_views,
    gallery_views,
    page_views,
    start_views,
    try_views,
    version_views,
)
from app.automations.editor.pasting import in_order
from app.automations.editor.places import Places
from app.core.sides import COMPANY, STAFF, Side
from app.identity.policy import is_staff
from app.web import guards

View = Callable[..., Any]
_DRAFT = "/drafts/<uuid:draft_id>"
_STEP = f"{_DRAFT}/steps/<step_id>"
_VERSIONS = "/<uuid:automation_id>/versions"
_FORM = ("GET", "POST")
_ONE = frozenset({gallery_views.use, start_views.begin, start_views.copy, page_views.start})
"""Views that make something, once for each form that is sent."""
_READS = (version_views.index, version_views.show, version_views.compare)

_ROUTES: tuple[tuple[str, str, View, tuple[str, ...]], ...] = (
    ("/new", "new", start_views.new, ("GET",)),
    ("/new", "begin", start_views.begin, ("POST",)),
    ("/gallery", "gallery", gallery_views.gallery, ("GET",)),
    ("/gallery/<slug>", "template", gallery_views.template, ("GET",)),
    ("/gallery/<slug>", "use", gallery_views.use, ("POST",)),
    ("/<uuid:automation_id>/draft", "edit", start_views.edit, ("POST",)),
    ("/<uuid:automation_id>/copy", "copy", start_views.copy, ("POST",)),
    ("/<uuid:automation_id>/run", "start", page_views.start, ("POST",)),
    ("/<uuid:automation_id>/about", "about", page_views.about, _FORM),
    ("/<uuid:automation_id>/owner", "change_owner", page_views.change_owner, _FORM),
    (_DRAFT, "show", draft_views.show, ("GET",)),
    (f"{_DRAFT}/name", "change_name", draft_views.change_name, ("POST",)),
    (f"{_DRAFT}/trigger", "trigger", draft_views.trigger, _FORM),
    (f"{_DRAFT}/add", "add", draft_views.add, _FORM),
    (_STEP, "step", draft_views.step, ("GET",)),
    (_STEP, "change_step", draft_views.change_step, ("POST",)),
    (f"{_STEP}/test", "test", try_views.test, _FORM),
    (f"{_DRAFT}/undo", "undo", draft_views.take_back, ("POST",)),
    (f"{_DRAFT}/json", "as_json", draft_views.as_json, _FORM),
    (f"{_DRAFT}/workflow.json", "export", draft_views.export, ("GET",)),
    (f"{_DRAFT}/rehearse", "rehearse", try_views.rehearse, _FORM),
    (f"{_DRAFT}/deploy", "ask", deploy_views.ask, ("GET",)),
    (f"{_DRAFT}/deploy", "deploy", deploy_views.deploy, ("POST",)),
    (f"{_DRAFT}/take-over", "take_over", deploy_views.merge_theirs, ("POST",)),
    (f"{_DRAFT}/discard", "discard", deploy_views.give_up, ("POST",)),
    (_VERSIONS, "versions", version_views.index, ("GET",)),
    (f"{_VERSIONS}/compare", "compare", version_views.compare, ("GET",)),
    (f"{_VERSIONS}/<int:number>", "version", version_views.show, ("GET",)),
    (f"{_VERSIONS}/<int:number>/restore", "restore", version_views.restore, ("POST",)),
)


def _pages(side: Side) -> Blueprint:
    blueprint = Blueprint("automation_editor" if side == STAFF else "my_automation_editor", __name__)
    for path, name, view, methods in _ROUTES:
        bound = _for(side, view)
        permission = "automations:read" if view in _READS else "automations:write"
        bound.audience = guards.permission(permission, of_staff=side == STAFF)  # type: ignore[attr-defined]
        bound.makes_one = view in _ONE  # type: ignore[attr-defined]
        blueprint.add_url_rule(Places(side).base + path, name, bound, methods=methods)
    if side != STAFF:
        blueprint.before_request(_staff_led_home)
    return blueprint


def _for(side: Side, view: View) -> View:
    @wraps(view)
    def bound(**path: Any) -> Any:
        return view(side, **path)

    return bound


def _staff_led_home() -> Response | None:
    """Staff come to the same page of theirs."""
    if not is_staff(current_user) or request.method != "GET":
        return None
    there = Places(STAFF).base + request.full_path.removeprefix(Places(COMPANY).base).removesuffix("?")
    return redirect(there, 303)


blueprints = (_pages(STAFF), _pages(COMPANY))


@blueprints[0].app_template_filter("json_text")
def json_text(value: Any) -> str:
    """A value as JSON that people read."""
    return dumps(value, ensure_ascii=False, indent=2)


blueprints[0].add_app_template_filter(in_order, "workflow_order")
