"""Where the pages of matches stand: /dashboard/matches, /admin/matches, /dashboard/assignments."""

from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from typing import Any

from flask import Blueprint

from app.assistants.engagements import list_views as listing
from app.assistants.engagements import views as matching
from app.assistants.engagements.kinds import matches, requests
from app.assistants.requests import views as requesting
from app.core.sides import COMPANY, EXPERT, STAFF, Side
from app.crud import pages
from app.web import guards
from app.web.guards import Audience
from app.web.steps import LAYOUTS

View = Callable[..., Any]
READ, WRITE = guards.permission("matches:read"), guards.permission("matches:write")
TITLES: Mapping[Side, str] = {STAFF: "Matches", COMPANY: "Assistants", EXPERT: "Assignments"}
OWN, OWN_WRITE = guards.permission("profile:read"), guards.permission("profile:write")


def _of_company() -> Blueprint:
    bp = Blueprint("my_matches", __name__, url_prefix=matches.base(COMPANY))
    add = partial(_add, bp, COMPANY)
    add("", "overview", listing.overview, to=READ)
    add("/requests", "requests", listing.requests, to=READ)
    add("/engagements", "engagements", listing.engagements, to=READ)
    _add_requests(bp, COMPANY, READ, WRITE)
    _add_match(bp, COMPANY, READ, WRITE)
    return bp


def _of_staff() -> Blueprint:
    """The list of all matches is that of any kind of record; what is done with one is not."""
    bp = pages(matches, without=("show", "history"))
    _add(bp, STAFF, "/requests", "requests", listing.requests, to=guards.STAFF)
    _add_requests(bp, STAFF, guards.STAFF, guards.STAFF)
    _add_match(bp, STAFF, guards.STAFF, guards.STAFF)
    return bp


def _of_assistant() -> Blueprint:
    bp = Blueprint("assignments", __name__, url_prefix=matches.base(EXPERT))
    _add(bp, EXPERT, "", "overview", listing.assignments, to=OWN)
    _add_match(bp, EXPERT, OWN, OWN_WRITE)
    return bp


def _add_requests(bp: Blueprint, side: Side, reading: Audience, writing: Audience) -> None:
    one = "/requests/<uuid:request_id>"
    _add(bp, side, "/new", "new", requesting.new, "GET", "POST", to=writing)
    _add(bp, side, one, "request", requesting.show, to=reading)
    _add(bp, side, f"{one}/what-if", "what_if", requesting.show_what_if, to=reading)
    requesting.steps_for(side, writing).add_to(bp)


def _add_match(bp: Blueprint, side: Side, reading: Audience, writing: Audience) -> None:
    one = "/<uuid:match_id>"
    _add(bp, side, one, "show", matching.show, to=reading)
    matching.steps_for(side, writing).add_to(bp)


def _add(bp: Blueprint, side: Side, rule: str, name: str, view: View, *methods: str, to: Audience) -> None:
    def bound(**path: Any) -> Any:
        return view(side, **path)

    update_wrapper(bound, view)
    bound.audience = to  # type: ignore[attr-defined]
    bp.add_url_rule(rule, name, bound, methods=methods or ("GET",))


def _seen_from(bp: Blueprint, side: Side) -> Blueprint:
    """Tell the templates from which side they are looked at, and where its pages are."""
    bp.context_processor(
        lambda: {
            "side": side,
            "side_title": TITLES[side],
            "layout": LAYOUTS[side],
            "base": matches.base(side),
            "match_url": lambda match: matches.url(match, side),
            "request_url": lambda request_id: requests.url(request_id, side),
        }
    )
    return bp


blueprints = (
    _seen_from(_of_company(), COMPANY),
    _seen_from(_of_staff(), STAFF),
    _seen_from(_of_assistant(), EXPERT),
)
