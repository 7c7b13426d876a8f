"""Who must have a second factor: staff where `STAFF_SECOND_FACTOR` is `required`, and the people of a company that
asks for it."""

from collections.abc import Collection

from flask import current_app

from app.auth.mfa import queries
from app.core.permissions import STAFF
from app.identity.identities import Owed
from app.identity.models import User, UserSession

SECOND_FACTORS = frozenset({"otp", "recovery-code", "passkey"})
_PERSONS = ("portal", "api")


def is_obliged(user: User) -> bool:
    """Whether the user must have a second factor to go on."""
    if user.role in STAFF:
        return bool(current_app.config["SETTINGS"].staff_second_factor == "required")
    return user.client is not None and user.client.require_second_factor


def has_second_factor(methods: Collection[str]) -> bool:
    """Whether a sign-in that was proved by those had a second factor among them."""
    return not SECOND_FACTORS.isdisjoint(methods)


def owed(user: User, session: UserSession) -> Owed | None:
    """What somebody owes who must have a second factor: the factor itself where there is none, or the proof where
    this sign-in was let in without it. None for almost everybody, at the cost of no query.

    A sign-in from before the duty began owes the proof too, and one from before the factor was set up elsewhere:
    whoever has only the password doesn't get to choose the factor.
    """
    if session.kind not in _PERSONS or session.impersonator_id is not None or not is_obliged(user):
        return None
    if not queries.app_is_on(user.id) and not queries.has_passkey(user.id):
        return Owed.FACTOR
    return None if has_second_factor(session.methods) else Owed.PROOF
