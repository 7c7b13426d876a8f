"""Announcing to companies that somebody whose hours they have is away."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from app.assistants.calendars.date_queries import today_of_assistant
from app.assistants.models import Assistant, Reservation, TimeOff
from app.core.audit import Actor
from app.core.events import publish
from app.core.kinds import get_kind
from app.core.sides import COMPANY, Side
from app.core.tenancy import as_system
from app.extensions import db


def announce_absence(assistant: Assistant, spell: TimeOff, actor: Actor) -> None:
    """Announce it to each company that has hours on days of the spell that are still to come."""
    if spell.ends_on < today_of_assistant(assistant):
        return
    for client_id, url in _companies(assistant.id, spell.starts_on, spell.ends_on).items():
        days: dict[str, Any] = {"first": spell.starts_on, "last": spell.ends_on}
        name = assistant.name
        publish("assistant.absent", about=assistant, client_id=client_id, actor=actor, name=name, url=url, **days)


def page_of_hours(match_id: UUID | None, project_id: UUID | None, side: Side) -> str:
    """Where that side sees what hours are reserved for."""
    return get_kind("matches" if match_id else "projects").url(match_id or project_id, side)


def _companies(assistant_id: UUID, first: date, last: date) -> dict[UUID, str]:
    """Each company, with the page of what the hours are for; an engagement before a project."""
    query = (
        select(Reservation.client_id, Reservation.match_id, Reservation.project_id)
        .where(
            Reservation.assistant_id == assistant_id,
            Reservation.starts_on <= last,
            or_(Reservation.ends_on.is_(None), Reservation.ends_on >= first),
        )
        .order_by(Reservation.match_id.is_(None), Reservation.starts_on, Reservation.id)
    )
    with as_system("all companies that a changed calendar concerns are told"):
        rows: Any = db.session.execute(query).all()
    found: dict[UUID, str] = {}
    for client_id, match_id, project_id in rows:
        found.setdefault(client_id, page_of_hours(match_id, project_id, COMPANY))
    return found
