"""What changes applications and what people let them do."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from app.auth.oauth import queries
from app.auth.oauth.schemas import ApplicationInput
from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.errors import FieldError, Invalid, NotFound
from app.core.events import publish
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import sessions
from app.identity.models import Application, Client, Grant, User
from app.identity.policy import is_admin
from app.identity.scopes import in_order
from app.identity.sessions import hash_of

SECRET_PREFIX = "dls_"  # noqa: S105 - how one is recognised where it was left lying about


@dataclass(frozen=True)
class NewApplication:
    """An application, and its secret, which the database doesn't know. One that is public has none."""

    application: Application
    secret: str | None


def register_application(body: ApplicationInput, *, person: Any, actor: Actor) -> NewApplication:
    """Make an application: an owner for their own company, an administrator for the one that is named, if any."""
    audit_as(db.session, actor=actor, action="create")
    client_id = _company_for(body, person)
    _check(body)
    secret = None if body.public else _new_secret()
    application = Application(
        client_id=client_id,
        identifier=secrets.token_hex(16),
        secret_hash=hash_of(secret) if secret else None,
        name=body.name,
        redirect_uris=body.redirect_uris,
        grant_types=list(body.grant_types),
        scopes=body.scopes,
        public=body.public,
        created_by_id=person.id,
    )
    db.session.add(application)
    db.session.flush()
    return NewApplication(application, secret)


def _company_for(body: ApplicationInput, person: Any) -> UUID | None:
    if not is_admin(person):
        if body.company_id not in (None, person.client_id):
            raise NotFound("There is no such company.")
        return UUID(str(person.client_id))
    if body.company_id is None or db.session.get(Client, body.company_id) is not None:
        return body.company_id
    raise Invalid(
        "Some of what was sent can't be taken as it is.",
        errors=[FieldError("/company_id", "There is no such company.", "unknown-company")],
    )


def _check(body: ApplicationInput) -> None:
    """Refuse what doesn't go together, each at its field."""
    kinds, wrong = body.grant_types, []
    if "authorization_code" in kinds and not body.redirect_uris:
        told = "Write a redirect address: it is where people are sent back to."
        wrong.append(FieldError("/redirect_uris", told, "missing"))
    if "refresh_token" in kinds and "authorization_code" not in kinds:
        told = "“refresh_token” goes on with what “authorization_code” began: take both."
        wrong.append(FieldError("/grant_types", told, "grant_types"))
    if "client_credentials" in kinds and body.public:
        told = "“client_credentials” proves itself with a secret, which a public application can't keep."
        wrong.append(FieldError("/grant_types", told, "grant_types"))
    if wrong:
        raise Invalid("Some of what was sent can't be taken as it is.", errors=wrong)


def rotate_secret(application: Application, *, actor: Actor) -> NewApplication:
    """Give the application a new secret; the old one opens nothing from now on. What was issued goes on."""
    if application.public:
        raise Invalid("A public application has no secret.")
    audit_as(db.session, actor=actor, action="rotate-secret")
    secret = _new_secret()
    application.secret_hash = hash_of(secret)
    db.session.flush()
    return NewApplication(application, secret)


def delete_application(application: Application, *, actor: Actor) -> None:
    """Take the application away: everybody's grants and all its sign-ins end with it."""
    audit_as(db.session, actor=actor, action="revoke")
    application.revoked_at = now()
    db.session.flush()
    given = update(Grant).where(Grant.application_id == application.id, Grant.revoked_at.is_(None))
    # People of other companies let it in, too.
    with as_system("people of all companies let an application in"):
        db.session.execute(given.values(revoked_at=now(), updated_at=now()))
        sessions.end_sessions_of_application(application.id)


def grant(user: User, application: Application, scopes: list[str], *, actor: Actor) -> Grant:
    """Let the application do that much for the person, on top of what it may already. They are told of what is new."""
    audit_as(db.session, actor=actor, action="grant")
    moment = now()
    fresh = insert(Grant).values(
        user_id=user.id, application_id=application.id, scopes=scopes, created_at=moment, updated_at=moment
    )
    unless_one_is_open = fresh.on_conflict_do_nothing(
        index_elements=["user_id", "application_id"], index_where=Grant.revoked_at.is_(None)
    )
    made = db.session.scalar(unless_one_is_open.returning(Grant.id))
    kept = queries.find_grant(user.id, application.id, for_update=True)
    assert kept is not None, "it was there, or was made just now"
    widened = not set(scopes) <= set(kept.scopes)
    if widened:
        kept.scopes = in_order({*kept.scopes, *scopes})
    if made is not None or widened:
        publish("application.granted", about=application, user_id=user.id, actor=actor, name=application.name)
    db.session.flush()
    return kept


def revoke_grant(user_id: UUID, application: Application, *, actor: Actor) -> bool:
    """Take back what the person let the application do: its tokens stop at once. Tells whether there was anything."""
    kept = queries.find_grant(user_id, application.id, for_update=True)
    if kept is None:
        return False
    audit_as(db.session, actor=actor, action="revoke")
    kept.revoked_at = now()
    sessions.end_sessions_of_application(application.id, user_id=user_id)
    publish("application.revoked", about=application, user_id=user_id, actor=actor, name=application.name)
    db.session.flush()
    return True


def _new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(32)
