"""Whose day it is where an expert's work is concerned: that of the account's time zone, else of the calendar's."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select

from app.assistants.models import Assistant
from app.core.clock import here, today_in
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User


def zone_of_account(user_id: UUID | None) -> str | None:
    """The time zone that the account states; else, where it is the one that asks, that of the browser; else that of the
    person's calendar, if there is one."""
    return here().zone if user_id is None else zones_of_accounts([user_id]).get(user_id)


def zones_of_accounts(user_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """`zone_of_account` of many people at once."""
    asks = here()
    known: dict[UUID, str | None] = {asks.person_id: asks.zone} if asks.person_id in user_ids and asks.zone else {}
    others = set(user_ids) - known.keys()
    query = (
        select(User.id, User.timezone, Assistant.timezone)
        .outerjoin(Assistant, Assistant.user_id == User.id)
        .where(User.id.in_(others))
    )
    if others:
        with as_system("time zones of people of other companies; nothing else comes out"):
            known |= {user_id: stated or own for user_id, stated, own in db.session.execute(query)}
    return known


def today_of_account(user_id: UUID | None) -> date:
    """The present day of the person; without one, of whoever asks."""
    return today_in(zone_of_account(user_id))


def today_of_assistant(assistant: Assistant) -> date:
    """The present day of somebody who works for companies."""
    return today_of_account(assistant.user_id) if assistant.user_id else today_in(assistant.timezone)
