"""What a company, or an assistant, is to know of engagements at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select

from app.assistants.models import Assistant, Match, MatchRequest, Review
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client

MOST = 8


@dataclass(frozen=True)
class OpenRequest:
    """A request that nobody was accepted for yet, with the number of proposals that wait."""

    id: UUID
    skills: list[str]
    hours_per_week: Decimal
    start_date: date
    proposals: int


@dataclass(frozen=True)
class Engagement:
    """Hours of an assistant that a company has, or has had without saying how it was (`is_over`)."""

    id: UUID
    name: str
    company: str
    hours_per_week: Decimal
    starts_on: date
    ends_on: date | None
    is_over: bool


def open_requests(client_id: UUID) -> list[OpenRequest]:
    """The newest first."""
    proposals = (
        select(func.count())
        .where(Match.request_id == MatchRequest.id, Match.status == "proposed")
        .correlate(MatchRequest)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            MatchRequest.id, MatchRequest.skills, MatchRequest.hours_per_week, MatchRequest.start_date, proposals
        )
        .where(MatchRequest.client_id == client_id, MatchRequest.status == "open")
        .order_by(MatchRequest.created_at.desc(), MatchRequest.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return [OpenRequest(key, [skill["name"] for skill in skills], *rest) for key, skills, *rest in rows]


def engagements_of_company(client_id: UUID) -> list[Engagement]:
    """Those that run or are to begin, and those that are over and wait for a review."""
    unreviewed = Match.status.in_(("completed", "ended")) & Review.id.is_(None)
    return _engagements((Match.client_id == client_id) & ((Match.status == "accepted") | unreviewed))


def engagements_of_expert(user_id: UUID) -> list[Engagement]:
    with as_system("an expert sees the names of the companies that they work for"):
        return _engagements((Assistant.user_id == user_id) & (Match.status == "accepted"))


def _engagements(which: ColumnElement[bool]) -> list[Engagement]:
    rows: Sequence[Any] = db.session.execute(
        select(
            Match.id,
            Assistant.name,
            Client.name,
            Match.hours_per_week,
            Match.starts_on,
            func.coalesce(Match.ended_on, Match.ends_on),
            (Match.status != "accepted").label("is_over"),
        )
        .join(Assistant, Assistant.id == Match.assistant_id)
        .join(Client, Client.id == Match.client_id)
        .outerjoin(Review, Review.match_id == Match.id)
        .where(which)
        .order_by(literal_column("is_over"), Match.starts_on.desc(), Match.id)
        .limit(MOST)
    ).all()
    return [Engagement(*row) for row in rows]
