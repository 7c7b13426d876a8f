"""What can go wrong at the door."""

from app.core.errors import Conflict, Invalid, Refused, Unauthorized
from app.core.rules import enforces

LOOKS_TAKEN = "This looks like a user name that is taken. Choose another."


class WrongCredentials(Unauthorized):
    """The name is unknown or the password is wrong; nobody hears which."""

    says = "The user name or the password is wrong."


class AccountSuspended(Unauthorized):
    """Said only to somebody who knows the password."""

    says = "This account is suspended. Ask your administrator to open it again."


class SignInEnded(Unauthorized):
    """The refresh token is unknown, late or used before; whatever was issued under it has ended."""

    says = "This sign-in has ended. Sign in again."


class UsernameTaken(Conflict):
    at = "/username"

    def __init__(self, username: str) -> None:
        super().__init__(f"The user name “{username}” is taken.")


@enforces("users_name_skeleton_key", says=LOOKS_TAKEN, at={"username": LOOKS_TAKEN})
class LooksTaken(Invalid):
    """Nobody could tell the name from another user's."""

    code, at = "username-looks-taken", "/username"
    says = LOOKS_TAKEN


class EmailTaken(Conflict):
    at = "/email"

    def __init__(self, email: str) -> None:
        super().__init__(f"There is an account with the address {email}.")


class OtpRequired(Unauthorized):
    """The password was right, and a one-time code is needed besides."""

    def __init__(self, *, takes_code: bool = True) -> None:
        super().__init__(
            "Send the code of your authenticator app, or a recovery code, as “otp”."
            if takes_code
            else "This account's second factor is a passkey, which is used in the portal. Set up an authenticator app "
            "there to sign in here."
        )


class WrongOtp(Unauthorized):
    """The one-time code or recovery code is wrong, late or used; nobody hears which."""

    says = "The code is wrong, or was used before. Wait for the next one, and try that."


class SecondFactorRequired(Refused):
    """The account must have a second factor, and has none yet."""

    says = "This account must have a second factor. Set one up first."


class TwoFactorOn(Conflict):
    says = "Two-factor sign-in is on already. Turn it off to set up another app."


class TwoFactorOff(Conflict):
    says = "Two-factor sign-in is not on."


class WrongPasskey(Unauthorized):
    """The passkey, or what the device answered, isn't one that counts here."""

    def __init__(self, message: str = "This passkey isn’t known here, or its answer came too late. Try again.") -> None:
        super().__init__(message)


class WrongProof(Invalid):
    """Somebody who has signed in has given a wrong password or code once more. `field` is `password` or `otp`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, at=f"/{field}", wrong=f"wrong_{field}")
