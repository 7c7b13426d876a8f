from typing import Annotated

from pydantic import Field

from app.auth.schemas import Secret
from app.core.schemas import Input, Line, Output, TimeOut

Otp = Annotated[str, Line(64, min_length=1)]


class TwoFactorOut(Output):
    """How a user's two-factor sign-in stands."""

    on: bool
    confirmed_at: TimeOut | None
    recovery_codes_left: int


class AppToAddOut(Output):
    """What an authenticator app is told, this once."""

    secret: Annotated[str, Field(description="In base32.")]
    otpauth_uri: Annotated[str, Field(description="The same for a QR code.")]


class ConfirmTwoFactorInput(Input):
    """The first code of the app."""

    otp: Annotated[Otp, Field(title="Code")]


class TwoFactorInput(Input):
    """What changes two-factor sign-in once it is on: the password, and a code or a recovery code."""

    password: Annotated[Secret, Field(title="Password")]
    otp: Annotated[Otp, Field(title="Code")]


class RecoveryCodesOut(Output):
    """Recovery codes, told this once. Each is good once, in place of a code of the app."""

    recovery_codes: list[str]
