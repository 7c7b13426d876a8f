"""Who asks, as far as a request needs to know: a picture of the user and the sign-in, taken when they were looked up.

`current_user` is an `Identity`, or `Nobody`. It is no record: whoever changes the user loads it (`queries.get_user`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from app.core.audit import NamedActor
from app.core.permissions import Role
from app.identity.models import Application, Client, User, UserSession


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody who has signed in, or a program that somebody has let in."""

    id: UUID | None
    """None for an application that acts for its company alone."""
    username: str
    email: str
    role: str
    status: str
    client_id: UUID | None
    company: str | None
    """The company's name."""
    company_role: str | None
    limits: frozenset[str] | None
    timezone: str | None
    theme: str | None
    email_confirmed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    kind: str
    """How it came in: `portal`, `api`, `oauth`, `key`."""
    session_id: UUID | None
    """None for an API key."""
    scopes: frozenset[str] | None = None
    """What the sign-in is narrowed to; None narrows nothing."""
    methods: tuple[str, ...] = ()
    confirmed_at: datetime | None = None
    must_add_factor: bool = False
    """Whether a second factor must be set up before anything else; see `auth/mfa/policy.py`."""
    impersonator: NamedActor | None = None
    """The member of staff who sees the portal through the person's eyes."""
    expires_at: datetime | None = None
    """When the sign-in is over at the latest."""
    application_id: UUID | None = None
    key_id: UUID | None = None
    requests_per_minute: int | None = None
    """An API key's own limit, in place of the usual."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def narrowed_to(self) -> frozenset[str] | None:
        """The permissions that the company's owner and the sign-in leave; None is all of the role's."""
        if self.limits is None or self.scopes is None:
            return self.limits if self.scopes is None else self.scopes
        return self.limits & self.scopes

    @property
    def is_person(self) -> bool:
        """Whether it is the person, not a program that was let in for a part, nor staff who look through their eyes."""
        return self.id is not None and self.scopes is None and self.impersonator is None

    @property
    def is_owner(self) -> bool:
        return self.company_role == "owner"

    def get_id(self) -> str:
        return self._id_as_text

    @cached_property
    def _id_as_text(self) -> str:
        return str(self.id or self.application_id)


class Owed(StrEnum):
    """What a sign-in lacks of the second factor that its user must have: the factor, or its proof."""

    FACTOR = "factor"
    PROOF = "proof"


class Nobody:
    """The current user where nobody has signed in."""

    id = None
    username = "anonymous"
    email = ""
    role = company_role = None
    client_id = company = None
    timezone = theme = None
    narrowed_to = scopes = impersonator = session_id = None
    is_authenticated = is_active = is_person = is_owner = must_add_factor = False
    is_anonymous = True

    def get_id(self) -> None:
        return None


def identity_of(
    user: User, session: UserSession, impersonator: NamedActor | None = None, *, must_add_factor: bool = False
) -> Identity:
    """The picture of a user who came in by that sign-in."""
    return Identity(
        **picture_of(user),
        kind=session.kind,
        session_id=session.id,
        scopes=None if session.scopes is None else frozenset(session.scopes),
        methods=tuple(session.methods),
        confirmed_at=session.confirmed_at,
        must_add_factor=must_add_factor,
        impersonator=impersonator,
        expires_at=session.expires_at,
        application_id=session.application_id,
    )


def picture_of(user: User) -> dict[str, Any]:
    """The fields of an `Identity` that tell of the user alone, however they came in."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "status": user.status,
        "client_id": user.client_id,
        "company": user.client.name if user.client else None,
        "company_role": user.company_role,
        "limits": None if user.limits is None else frozenset(user.limits),
        "timezone": user.timezone,
        "theme": user.theme,
        "email_confirmed_at": user.email_confirmed_at,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def identity_of_application(application: Application, company: Client | None, session: UserSession) -> Identity:
    """The picture of an application that acts for its company alone; one without a company sees no company's rows."""
    return Identity(
        id=None,
        username=application.name,
        email="",
        role=Role.CLIENT.value,
        status="active",
        client_id=application.client_id,
        company=company.name if company else None,
        company_role=None,
        limits=None,
        timezone=None,
        theme=None,
        email_confirmed_at=None,
        created_at=application.created_at,
        updated_at=application.updated_at,
        kind=session.kind,
        session_id=session.id,
        scopes=frozenset(session.scopes or ()),
        application_id=application.id,
    )
