from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.schemas import Input, Output, TimeOut, line

TokenDelivery = Literal["cookie", "body"]
Secret = Annotated[str, Field(min_length=1, max_length=1024)]


class LoginInput(Input):
    """What a user signs in with: the user name or the e-mail address, and the password."""

    username: line(254, min_length=1, title="User name or e-mail address")  # type: ignore[valid-type]
    password: Annotated[Secret, Field(title="Password")]
    otp: Annotated[str | None, Field(max_length=64, title="One-time code")] = None
    token_delivery: Annotated[TokenDelivery, Field(description="Where the refresh token goes.")] = "cookie"


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
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    refresh_token: str | None = None
    user: UserOut
