"""What becomes of a proposal: the operations of the steps that `steps.py` declares, from the proposal to the review.

With the first of the people whom a request brought it is filled, and the other
proposals are withdrawn. Whoever accepts locks the request, then the match; the reservation's trigger locks the
assistant, and refuses hours that somebody faster has taken.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from app.assistants.calendars.date_queries import today_of_account
from app.assistants.engagements.schemas import CompleteForm, DeclineForm, EndForm, ReviewInput
from app.assistants.engagements.steps import MATCH
from app.assistants.models import Assistant, Match, MatchRequest, Reservation, Review
from app.assistants.requests.steps import REQUEST
from app.core.audit import Actor
from app.core.clock import now
from app.core.errors import Conflict, Invalid, Refused
from app.core.events import publish
from app.core.steps import lock
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from app.jobs.queue import enqueue


class RequestIsClosed(Conflict):
    code = "request-closed"
    says = "This request is closed. Make a new one to find somebody."


class TimeIsOver(Conflict):
    says = "The time that was asked for is over. Make a new request to find somebody."


class DayOutOfRange(Invalid):
    at, wrong = "/on", "out_of_range"

    def __init__(self, earliest: date, until: str) -> None:
        super().__init__(f"Choose a day from {earliest.isoformat()} to {until}.")


class NotOver(Conflict):
    says = "An engagement is reviewed when it is completed or has ended."


class AlreadyReviewed(Conflict):
    says = "This engagement has been reviewed already."


class OnlyTheCompanyReviews(Refused):
    code = "not-the-company"
    says = "Only the company reviews an engagement."


WITHDRAW = "assistants.withdraw_proposals"
LONGEST_NOTICE = timedelta(days=366)


def take_step(match: Match, status: str, *, note: str = "", on: date | None = None, actor: Actor) -> Match:
    """Bring the match to that status; `on` says from when the hours are free, where the step frees any."""
    taken: Match = MATCH.take(match, MATCH.towards(match, status).verb, note=note, on=on, actor=actor)
    return taken


def _in_the_way(match: Match) -> Conflict | None:
    if match.assistant.is_archived:
        return Conflict(f"{match.assistant.name} takes no more work.")
    return RequestIsClosed() if match.request.status == "closed" else None


@MATCH.does("accept", unless=_in_the_way)
def accept_match(match: Match, note: str = "", *, actor: Actor) -> Match:
    """Take the assistant on: the hours are reserved from the day asked for, or from today if that has passed. The
    request is filled, and its other proposals are withdrawn.

    Raises Conflict where the match isn't proposed any more, the request is closed, or the hours are not free.
    """
    request = lock(match.request)
    match = MATCH.locked(match, "accept", actor=actor)
    begins = max(match.starts_on, today_of_account(actor.id))
    if match.ends_on is not None and match.ends_on < begins:
        raise TimeIsOver
    match.starts_on, match.note = begins, note
    _decide(match, "accepted", actor)
    if request.status == "open":
        request.status = "filled"
    db.session.add(_reservation(match))
    db.session.flush()
    _withdraw_open(request)
    _announce("match.accepted", match, actor, hours=match.hours_per_week, start=match.starts_on)
    return match


@MATCH.does("decline", form=DeclineForm)
def decline_match(match: Match, note: str = "", *, actor: Actor) -> Match:
    """Say no to a proposal, as the company or as the assistant. Nothing was reserved, and nothing is."""
    match = MATCH.locked(match, "decline", actor=actor)
    match.note = note
    _decide(match, "declined", actor)
    db.session.flush()
    _announce("match.declined", match, actor)
    return match


@MATCH.does("complete", form=CompleteForm)
def complete_match(match: Match, on: date | None = None, *, note: str = "", actor: Actor) -> Match:
    """The work is done. `on` (today) is the first day on which the hours are free again."""
    this = today_of_account(actor.id)
    on = on or this
    match = MATCH.locked(match, "complete", actor=actor)
    _require_day(match, on, this, latest=this, until="today")
    _finish(match, "completed", on, note)
    _announce("match.completed", match, actor, day=on)
    return match


@MATCH.does("end", form=EndForm)
def end_match(match: Match, on: date | None = None, note: str = "", *, actor: Actor) -> Match:
    """End an engagement before its time, as either side may. `on` (today) is the first day on which the hours are free
    again; a day to come is notice given."""
    this = today_of_account(actor.id)
    on = on or this
    match = MATCH.locked(match, "end", actor=actor)
    last = match.ends_on + timedelta(days=1) if match.ends_on else this + LONGEST_NOTICE
    _require_day(match, on, this, latest=max(last, this), until="the day after it would end anyhow")
    _finish(match, "ended", on, note)
    _announce("match.ended", match, actor, day=on, reason=note or "No reason was given.")
    return match


def _reviewed_already(match: Match) -> Conflict | None:
    return AlreadyReviewed() if match.review is not None else None


@MATCH.does("review", form=ReviewInput, unless=_reviewed_already, instead=lambda _: NotOver())
def review_match(match: Match, stars: int, comment: str = "", *, actor: Actor) -> Review:
    """Say how it was, once, after the engagement is over."""
    match = MATCH.locked(match, "review", actor=actor)
    review = Review(
        match_id=match.id,
        assistant_id=match.assistant_id,
        client_id=match.client_id,
        user_id=actor.id,
        stars=stars,
        comment=comment,
    )
    db.session.add(review)
    db.session.flush()
    db.session.expire(match, ["review"])
    _announce("match.reviewed", match, actor, stars=stars)
    return review


@MATCH.does("withdraw")
def withdraw_match(match: Match, *, actor: Actor) -> Match:
    """Take a proposal back, as staff may."""
    match = MATCH.locked(match, "withdraw", actor=actor)
    match.status = "withdrawn"
    db.session.flush()
    _announce("match.withdrawn", match, actor)
    return match


@REQUEST.does("close", instead=lambda _: RequestIsClosed())
def close_request(request: MatchRequest, *, actor: Actor) -> MatchRequest:
    """The company needs nobody (else) for it: proposals that are still open go with it, engagements stay."""
    request = REQUEST.locked(request, "close", actor=actor)
    request.status = "closed"
    _withdraw_open(request)
    db.session.flush()
    return request


def withdraw_proposals_of(*assistants: Assistant) -> int:
    """Take back what is proposed of assistants who leave, as a part of the caller's act; how many proposals it were.

    The caller holds the assistants' rows, and whoever is just accepting waits for them: a proposal that is locked is
    passed over here, and withdrawn by a job after the commit.
    """
    theirs = Match.assistant_id.in_([assistant.id for assistant in assistants])
    is_open = (theirs, Match.status == "proposed")
    with as_system("proposals to all companies are withdrawn when an assistant leaves"):
        free = select(Match.id).where(*is_open).order_by(Match.id).with_for_update(skip_locked=True)
        withdrawn = db.session.scalars(
            update(Match)
            .where(Match.id.in_(db.session.scalars(free).all()))
            .values(status="withdrawn", updated_at=now())
            .returning(Match)
        ).all()
        left = set(db.session.scalars(select(Match.assistant_id).where(*is_open)))
        for match in withdrawn:
            _announce("match.withdrawn", match, None)
    for assistant_id in sorted(left):
        enqueue(db.session, WITHDRAW, assistant_id=assistant_id)
    return len(withdrawn)


def _announce(name: str, match: Match, actor: Actor | None, **values: Any) -> None:
    assistant, request = match.assistant, match.request
    with as_system("an assistant sees no companies, and its name is told to both sides"):
        company = db.session.get_one(Client, match.client_id).name
    publish(
        name,
        about=match,
        within=request,
        user_id=assistant.user_id,
        label=assistant.name,
        actor=actor,
        by=_side_of(match, actor),
        company=company,
        name=assistant.name,
        **values,
    )


def _side_of(match: Match, actor: Actor | None) -> str:
    """For which side of the match somebody acts; whoever is neither the company nor the assistant is staff."""
    if getattr(actor, "client_id", None) == match.client_id:
        return "company"
    return "assistant" if actor and actor.id and actor.id == match.assistant.user_id else "staff"


def _withdraw_open(request: MatchRequest) -> None:
    """Take back what is still proposed for a request that needs nobody more."""
    db.session.execute(
        update(Match)
        .where(Match.request_id == request.id, Match.status == "proposed")
        .values(status="withdrawn", updated_at=now())
    )


def _decide(match: Match, status: str, actor: Actor) -> None:
    match.status = status
    match.decided_at = now()
    match.decided_by_id = actor.id


def _reservation(match: Match) -> Reservation:
    return Reservation(
        assistant_id=match.assistant_id,
        client_id=match.client_id,
        match_id=match.id,
        hours_per_week=Decimal(match.hours_per_week),
        starts_on=match.starts_on,
        ends_on=match.ends_on,
    )


def _require_day(match: Match, on: date, this: date, *, latest: date, until: str) -> None:
    earliest = min(match.starts_on, this)
    if not earliest <= on <= latest:
        raise DayOutOfRange(earliest, until)


def _finish(match: Match, status: str, on: date, note: str) -> None:
    match.status, match.ended_on, match.note = status, on, note
    reservation = db.session.scalar(select(Reservation).where(Reservation.match_id == match.id).with_for_update())
    if reservation is not None:
        _free(reservation, on)
    db.session.flush()


def _free(reservation: Reservation, on: date) -> None:
    """Give the hours back from that day on; what lies before stays reserved, as it was."""
    if on <= reservation.starts_on:
        db.session.delete(reservation)
    elif reservation.ends_on is None or reservation.ends_on >= on:
        reservation.ends_on = on - timedelta(days=1)
