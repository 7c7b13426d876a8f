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
from app.crud import Presentation, pages
from app.web import guards
from app.web.guards import Audience
from app.web.steps import LAYOUTS

View = Callable[..., Any]
READ, WRITE = guards.permission("matches:read"), guards.permission("matches:write")
TITLES: Mapping[Side, str] = {STAFF: "Matches", COMPANY: "Assistants", EXPERT: "Assignments"}
OWN, OWN_WRITE = guards.permission("profile:read"), guards.permission("profile:write")


def _of_matches(side: Side) -> Blueprint:
    """Staff begin with the list of all matches, a company with what waits and who works for it."""
    mine = side == COMPANY
    bp = pages(
        matches,
        side,
        without=("history",),
        presentation=Presentation(
            index="matches/engagements.html" if mine else "records/index.html",
            list_at="/engagements" if mine else "",
            show="matches/show.html",
            find=partial(matching.find, side),
            context=partial(matching.shown, side),
        ),
    )
    if mine:
        _add(bp, side, "", "overview", listing.overview, to=READ)
    _add(bp, side, "/new", "new", requesting.new, "GET", "POST", to=_writing(side))
    matching.steps_for(side, _writing(side)).add_to(bp)
    return bp


def _of_requests(side: Side) -> Blueprint:
    bp = pages(
        requests,
        side,
        without=("history",),
        presentation=Presentation(
            index="matches/requests.html",
            show="matches/request.html",
            find=requesting.find,
            context=partial(requesting.shown, side),
        ),
    )
    _add(bp, side, "/<ref>/what-if", "what_if", requesting.show_what_if, to=guards.STAFF if side == STAFF else READ)
    requesting.steps_for(side, _writing(side)).add_to(bp)
    return bp


def _of_assistant() -> Blueprint:
    bp = Blueprint("assignments", __name__, url_prefix=matches.base(EXPERT))
    _add(bp, EXPERT, "", "overview", listing.assignments, to=OWN)
    _add(bp, EXPERT, "/<ref>", "show", matching.show, to=OWN)
    matching.steps_for(EXPERT, OWN_WRITE).add_to(bp)
    return bp


def _writing(side: Side) -> Audience:
    return guards.STAFF if side == STAFF else WRITE


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
    *(_seen_from(of(side), side) for side in (COMPANY, STAFF) for of in (_of_requests, _of_matches)),
    _seen_from(_of_assistant(), EXPERT),
)
