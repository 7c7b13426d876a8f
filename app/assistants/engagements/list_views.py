"""Requests and engagements at a glance: a company's, and an assistant's."""

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template
from flask_login import current_user
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import joinedload

from app.assistants.engagements.kinds import matches
from app.assistants.engagements.queries import own_assignments
from app.assistants.engagements.steps import OVER
from app.assistants.models import Match, MatchRequest
from app.core.sides import Side
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from app.identity.policy import is_staff

FEW, MANY, PAGE = 5, 50, 20
_MATCH_PARTS = (joinedload(Match.assistant), joinedload(Match.review), joinedload(Match.request))


def overview(side: Side) -> Any:
    """A company's start: what waits for a decision, who works for it, what is behind it."""
    if is_staff(current_user):
        return redirect(matches.base(), 303)
    mine = Match.client_id == current_user.client_id
    open_ones = _requests(MatchRequest.client_id == current_user.client_id, MatchRequest.status == "open")
    return render_template(
        "matches/overview.html",
        requests=open_ones,
        proposals=proposals_by_request(open_ones),
        running=_matches(mine, Match.status == "accepted", limit=MANY),
        past=_matches(mine, Match.status.in_(OVER), limit=FEW),
    )


def assignments(side: Side) -> str:
    """An assistant's own: what is proposed, what runs, what is over."""
    mine = own_assignments(current_user)
    running = _matches(mine, Match.status == "accepted", limit=MANY)
    proposed = _matches(mine, Match.status == "proposed", MatchRequest.status == "open", limit=MANY, via_request=True)
    past = _matches(mine, Match.status.in_(OVER), limit=FEW * 2)
    return render_template(
        "matches/assignments.html",
        running=running,
        proposed=proposed,
        past=past,
        companies=company_names([*running, *proposed, *past]),
    )


def company_names(matches: Sequence[Match]) -> dict[Any, str]:
    """What the companies of the matches are called, for an assistant, who can't see companies otherwise."""
    ids = {match.client_id for match in matches}
    if not ids:
        return {}
    with as_system("an expert sees the names of the companies that they work for"):
        return dict(db.session.execute(select(Client.id, Client.name).where(Client.id.in_(ids))).all())


def proposals_by_request(requests: Sequence[MatchRequest]) -> dict[Any, tuple[int, int]]:
    """For each request how many proposals are open, and how many people were proposed at all."""
    ids = [found.id for found in requests]
    if not ids:
        return {}
    open_ones = func.count(case((Match.status == "proposed", 1)))
    rows = db.session.execute(
        select(Match.request_id, open_ones, func.count()).where(Match.request_id.in_(ids)).group_by(Match.request_id)
    )
    return {request_id: (waiting, every) for request_id, waiting, every in rows}


def _requests(*those: ColumnElement[bool]) -> Sequence[MatchRequest]:
    newest = select(MatchRequest).where(*those).order_by(MatchRequest.created_at.desc(), MatchRequest.id.desc())
    return db.session.scalars(newest.limit(PAGE)).all()


def _matches(*those: ColumnElement[bool], limit: int, via_request: bool = False) -> Sequence[Match]:
    newest = select(Match).where(*those).order_by(Match.created_at.desc(), Match.id.desc())
    if via_request:
        newest = newest.join(MatchRequest, MatchRequest.id == Match.request_id)
    return db.session.scalars(newest.options(*_MATCH_PARTS).limit(limit)).unique().all()
