"""What can go wrong with mailed links and passwords."""

from sqlalchemy.exc import IntegrityError

from app.auth.errors import EmailTaken, LooksTaken, UsernameTaken
from app.core.errors import Conflict, DomainError, FieldError, Invalid


class BadLink(Invalid):
    """The mailed token is wrong, was used, is late, or what it was to change has changed since; nobody hears which."""

    code = "bad-link"

    def __init__(self) -> None:
        message = "This link doesn’t work, or no longer: each works once, and for a short time. Ask for a new one."
        super().__init__(message, errors=[FieldError("/token", message, self.code)])


class WrongPassword(Invalid):
    code = "wrong-password"

    def __init__(self) -> None:
        message = "This isn’t your present password."
        super().__init__(message, errors=[FieldError("/current", message, self.code)])


class SamePassword(Invalid):
    code = "same-password"

    def __init__(self) -> None:
        message = "Choose another than the present one."
        super().__init__(message, errors=[FieldError("/new", message, self.code)])


class HasPassword(Conflict):
    code = "has-password"

    def __init__(self) -> None:
        super().__init__("This account has a password already. Change it by giving the present one.")


class SameAddress(Invalid):
    code = "same-address"

    def __init__(self) -> None:
        message = "This is your address already."
        super().__init__(message, errors=[FieldError("/email", message, self.code)])


class AlreadyConfirmed(Conflict):
    code = "already-confirmed"

    def __init__(self) -> None:
        super().__init__("Your e-mail address is confirmed already.")


def taken(error: IntegrityError, *, username: str, email: str) -> DomainError | None:
    """Which of them somebody else was faster with; None where the error says something else."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    known = {
        "users_username_key": UsernameTaken(username),
        "users_name_skeleton_key": LooksTaken(),
        "users_email_key": EmailTaken(email),
    }
    return known.get(name or "")
