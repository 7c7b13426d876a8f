"""What is taken where people register, confirm an address or choose a password."""

from typing import Annotated

from pydantic import Field

from app.auth.passwords.hashing import MAX_LENGTH, MIN_LENGTH
from app.auth.schemas import Email, TokenDelivery, Username
from app.core.schemas import Input, JsonSchemaExtra, Line, Password

_HINT = f"{MIN_LENGTH} characters or more. A few unrelated words are easy to remember."

ChosenName = Annotated[
    Username, Field(title="User name", description="Letters, digits, dots, hyphens and underscores.")
]
NewPassword = Annotated[str, Password(MAX_LENGTH, help=_HINT), JsonSchemaExtra(minLength=MIN_LENGTH)]
KnownPassword = Annotated[str, Password(MAX_LENGTH)]
MailedToken = Annotated[str, Field(min_length=1, max_length=200, title="Token")]


class Registration(Input):
    """Somebody who registers, and the company that is made for them."""

    username: ChosenName
    email: Annotated[Email, Field(title="E-mail address")]
    company: Annotated[str, Line(120, min_length=1), Field(title="Company")]
    password: Annotated[NewPassword, Field(title="Password")]


class RegisterInput(Registration):
    """What a user registers with."""

    token_delivery: Annotated[TokenDelivery, Field(description="Where the refresh token goes.")] = "cookie"  # noqa: S105


class ForgotInput(Input):
    """Whose password is forgotten."""

    email: Annotated[Email, Field(title="E-mail address")]


class ResetInput(Input):
    """The mailed token, and the new password."""

    token: MailedToken
    password: Annotated[NewPassword, Field(title="New password")]


class ConfirmInput(Input):
    """The mailed token."""

    token: MailedToken


class PasswordInput(Input):
    """The present password and the new one."""

    current: Annotated[KnownPassword, Field(title="Present password")]
    new: Annotated[NewPassword, Field(title="New password")]


class FirstPasswordInput(Input):
    """A password for somebody who has none yet."""

    new: Annotated[NewPassword, Field(title="Password")]


class ChosenPasswordInput(Input):
    """The new password of somebody who came by a mailed link."""

    password: Annotated[NewPassword, Field(title="New password")]


class NewEmailInput(Input):
    """The address that is to be one's own."""

    email: Annotated[Email, Field(title="New e-mail address")]


class AcceptInput(Input):
    """What an invited person chooses."""

    username: ChosenName
    password: Annotated[NewPassword, Field(title="Password")]
