"""Whose day it is where an expert's work is concerned: that of the account's time zone, else of the calendar's."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from app.assistants.models import Assistant
from app.auth.models import User
from app.core.clock import here, today_in
from app.core.standing import as_system
from app.extensions import db


def zone_of_account(user_id: UUID | None) -> str | None:
    """The time zone that the account states; else, where it is the one that asks, that of the browser; else that of the
    person's calendar, if there is one."""
    asks = here()
    if user_id is None or (asks.person_id == user_id and asks.zone):
        return asks.zone
    with as_system():
        stated, own = db.session.execute(
            select(User.timezone, Assistant.timezone)
            .outerjoin(Assistant, Assistant.user_id == User.id)
            .where(User.id == user_id)
        ).first() or (None, None)
    return stated or own


def today_of_account(user_id: UUID | None) -> date:
    """The present day of the person; without one, of whoever asks."""
    return today_in(zone_of_account(user_id))


def today_of_assistant(assistant: Assistant) -> date:
    """The present day of somebody who works for companies."""
    return today_of_account(assistant.user_id) if assistant.user_id else today_in(assistant.timezone)
