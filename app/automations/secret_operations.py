"""Secrets of companies: set, replaced and deleted. Their values are read by the steps that send them, and by nobody."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.errors import NoSuchSecret, SecretIsUsed
from app.automations.models import Secret
from app.automations.queries import users_of_secrets
from app.automations.schemas import SecretInput
from app.core.audit import Actor, audit_as
from app.core.ids import is_id
from app.core.records import touch
from app.extensions import db
from app.identity.companies import company_for
from app.identity.identities import Identity
from app.identity.policy import is_staff

MOST_NAMED = 3


def find_secret(reference: str, *, seen_by: Identity, lock: bool = False) -> Secret:
    """The secret of that id, or for somebody of a company of that name. Raises `NoSuchSecret`."""
    found = Secret.id == UUID(reference) if is_id(reference) else Secret.name == reference
    query = select(Secret).where(found)
    if not is_staff(seen_by):
        query = query.where(Secret.client_id == seen_by.client_id)
    elif not is_id(reference):
        raise NoSuchSecret
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    secret = db.session.scalars(query).one_or_none()
    if secret is None:
        raise NoSuchSecret
    return secret


def set_secret(values: SecretInput, /, *, actor: Identity) -> Secret:
    """Keep a secret of the company; one that is there by this name gets the new value."""
    client_id = company_for(actor, values.client_id)
    query = select(Secret).where(Secret.client_id == client_id, Secret.name == values.name).with_for_update()
    there = db.session.scalars(query).one_or_none()
    if there is not None:
        return change_secret(there, {"value": values.value}, actor=actor)
    audit_as(db.session, actor=actor, action="create")
    secret = Secret(client_id=client_id, name=values.name, value=values.value)
    db.session.add(secret)
    db.session.flush()
    return secret


def change_secret(secret: Secret, changes: Mapping[str, Any], /, *, actor: Actor) -> Secret:
    """Give it a new value, which runs use from their next step on. Callers hold the row."""
    audit_as(db.session, actor=actor, action="rotate-secret")
    if "value" in changes:
        secret.value = changes["value"]
        touch(secret)
    db.session.flush()
    return secret


def delete_secret(secret: Secret, /, *, actor: Actor) -> None:
    """Raises `SecretIsUsed` where a workflow names it. Callers hold the row."""
    audit_as(db.session, actor=actor, action="delete")
    users = users_of_secrets([secret.client_id]).get((secret.client_id, secret.name), [])
    if names := [f"“{one.name}”" for one in users if not one.is_archived]:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        raise SecretIsUsed(f"{', '.join(names[:MOST_NAMED])}{more} would fail without {secret.name}.")
    db.session.delete(secret)
    db.session.flush()
