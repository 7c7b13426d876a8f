"""What can go wrong with mailed links and passwords."""

from sqlalchemy.exc import IntegrityError

from app.auth.errors import EmailTaken, LooksTaken, UsernameTaken
from app.core.errors import Conflict, DomainError, Invalid


class BadLink(Invalid):
    """The mailed token is wrong, was used, is late, or what it was to change has changed since; nobody hears which."""

    at = "/token"
    says = "This link doesn’t work, or no longer: each works once, and for a short time. Ask for a new one."


class WrongPassword(Invalid):
    at = "/current"
    says = "This isn’t your present password."


class SamePassword(Invalid):
    at = "/new"
    says = "Choose another than the present one."


class HasPassword(Conflict):
    says = "This account has a password already. Change it by giving the present one."


class SameAddress(Invalid):
    at = "/email"
    says = "This is your address already."


class AlreadyConfirmed(Conflict):
    says = "Your e-mail address is confirmed already."


def taken(error: IntegrityError, *, username: str, email: str) -> DomainError | None:
    """Which of them somebody else was faster with; None where the error says something else."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    known = {
        "users_username_key": UsernameTaken(username),
        "users_name_skeleton_key": LooksTaken(),
        "users_email_key": EmailTaken(email),
    }
    return known.get(name or "")
