"""Telling news to everybody of a company, or to staff."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core.news import tell
from app.core.permissions import STAFF
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User


def tell_company(client_id: UUID, kind: str, **values: Any) -> None:
    """Let everybody of the company know who is active."""
    _tell_each(User.client_id == client_id, kind, values)


def tell_staff(kind: str, **values: Any) -> None:
    _tell_each(User.role.in_([role.value for role in STAFF]), kind, values)


def _tell_each(those: Any, kind: str, values: dict[str, Any]) -> None:
    with as_system("staff are told of what companies do, and hidden from them"):
        people: Sequence[UUID] = db.session.scalars(select(User.id).where(those, User.status == "active")).all()
    for user_id in people:
        tell(user_id, kind, **values)
