"""What can go wrong at the door."""

from app.core.errors import Conflict, FieldError, Unauthorized


class WrongCredentials(Unauthorized):
    """The name is unknown or the password is wrong; nobody hears which."""

    code = "wrong-credentials"

    def __init__(self) -> None:
        super().__init__("The user name or the password is wrong.")


class AccountSuspended(Unauthorized):
    """Said only to somebody who knows the password."""

    code = "account-suspended"

    def __init__(self) -> None:
        super().__init__("This account is suspended. Ask your administrator to open it again.")


class SignInEnded(Unauthorized):
    """The refresh token is unknown, late or used before; whatever was issued under it has ended."""

    code = "sign-in-ended"

    def __init__(self) -> None:
        super().__init__("This sign-in has ended. Sign in again.")


class UsernameTaken(Conflict):
    code = "username-taken"

    def __init__(self, username: str) -> None:
        message = f"The user name “{username}” is taken."
        super().__init__(message, errors=[FieldError("/username", message, self.code)])


class EmailTaken(Conflict):
    code = "email-taken"

    def __init__(self, email: str) -> None:
        message = f"There is an account with the address {email}."
        super().__init__(message, errors=[FieldError("/email", message, self.code)])
