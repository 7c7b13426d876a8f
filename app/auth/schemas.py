import re
from typing import Annotated, Literal
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.auth.passwords.hashing import MAX_LENGTH
from app.core.schemas import Input, JsonSchemaExtra, Line, Output, TimeOut
from app.identity.combining_marks import are_in_place, without_marks
from app.identity.confusables import is_of_one_script


def _without_at(value: str) -> str:
    if not USERNAME.fullmatch(without_marks(value)) or not are_in_place(value):
        raise PydanticCustomError("username", "Use letters or digits, and dots, hyphens and underscores.")
    if not is_of_one_script(value):
        raise PydanticCustomError("username", "Use letters of one script, such as Latin alone or Cyrillic alone.")
    return value


def _email_address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise PydanticCustomError("email", "Write an address such as name@example.com.") from None


USERNAME = re.compile(r"[\w.-]*[^\W_][\w.-]*")
"""No user name has an @ in it, so that none can pass for another user's e-mail address; and none is of signs alone."""

Username = Annotated[str, Line(60, min_length=1), AfterValidator(_without_at)]
Email = Annotated[str, Line(254, min_length=3), AfterValidator(_email_address), JsonSchemaExtra(format="email")]

TokenDelivery = Literal["cookie", "body"]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH, strip_whitespace=False)]


class LoginInput(Input):
    """What a user signs in with: the user name or the e-mail address, and the password."""

    username: Annotated[str, Line(254, min_length=1), Field(title="User name or e-mail address")]
    password: Annotated[Secret, Field(title="Password")]
    otp: Annotated[str | None, Field(max_length=64, title="One-time code")] = None
    token_delivery: Annotated[TokenDelivery, Field(description="Where the refresh token goes.")] = "cookie"  # noqa: S105


class RefreshInput(Input):
    """What goes on with a sign-in. Without `refresh_token`, that of the cookie counts."""

    refresh_token: Annotated[str, StringConstraints(max_length=200, strip_whitespace=False)] | None = None


class UserOut(Output):
    """A user."""

    id: UUID
    username: str
    email: str
    role: str
    status: str
    client_id: UUID | None
    timezone: str | None
    theme: str | None
    created_at: TimeOut
    updated_at: TimeOut


class MeOut(UserOut):
    """The user who asks, and what that user may do."""

    permissions: list[str]


class TokensOut(Output):
    """A sign-in of the API. `refresh_token` is there when it was asked for in the body; otherwise it is in a cookie."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int
    refresh_token: Annotated[str | None, Field(exclude_if=lambda value: value is None)] = None
    user: UserOut


class SessionOut(Output):
    """A sign-in that is open. `current` is the one that the call comes under."""

    id: UUID
    kind: Literal["portal", "api"]
    device: str
    address: str
    created_at: TimeOut
    last_used_at: TimeOut
    current: bool
