"""The rules about people and companies, by name."""

from app.core.errors import Conflict, FieldError, Invalid
from app.identity.models import Client, User


class OwnAccount(Conflict):
    code = "own-account"

    def __init__(self) -> None:
        super().__init__("You can’t change your own role or state. Ask another administrator.")


class LastAdministrator(Conflict):
    code = "last-administrator"

    def __init__(self) -> None:
        super().__init__("This is the last administrator who can sign in. Make another one first.")


class LastOwner(Conflict):
    code = "last-owner"

    def __init__(self) -> None:
        super().__init__("This is the company’s last owner. Make somebody else an owner first.")


class IsMerged(Conflict):
    code = "merged"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” was merged into another account, and stays closed. Take the merge back first.")


class CompanyNeeded(Invalid):
    code = "company-needed"

    def __init__(self) -> None:
        message = "A client belongs to a company: say which."
        super().__init__(message, errors=[FieldError("/client_id", message, self.code)])


class CompanyNotTaken(Invalid):
    code = "company-not-taken"

    def __init__(self) -> None:
        message = "Only a client belongs to a company."
        super().__init__(message, errors=[FieldError("/client_id", message, self.code)])


class UnknownCompany(Invalid):
    code = "unknown"

    def __init__(self) -> None:
        message = "There is no such company, or it is suspended."
        super().__init__(message, errors=[FieldError("/client_id", message, self.code)])


class OtherCompany(Conflict):
    code = "other-company"

    def __init__(self) -> None:
        super().__init__("Nobody is moved from one company into another. Merge the companies, or invite the person.")


class AlreadyHere(Conflict):
    code = "already-here"

    def __init__(self, user: User) -> None:
        message = f"{user.email} belongs to this company already."
        super().__init__(message, errors=[FieldError("/email", message, self.code)])


class AlreadyInvited(Conflict):
    code = "already-invited"

    def __init__(self, email: str) -> None:
        message = f"{email} is invited already. Send the invitation again from the list, if it got lost."
        super().__init__(message, errors=[FieldError("/email", message, self.code)])


class HasAccount(Conflict):
    code = "email-taken"

    def __init__(self, email: str) -> None:
        message = f"{email} has an account here already, so it can’t be invited. Use another address of that person."
        super().__init__(message, errors=[FieldError("/email", message, self.code)])


class NotInvited(Conflict):
    code = "not-invited"

    def __init__(self, user: User) -> None:
        super().__init__(f"{user.email} has no open invitation.")


class UnconfirmedInviter(Conflict):
    code = "unconfirmed"

    def __init__(self) -> None:
        super().__init__("Confirm your own e-mail address first; then you can invite others.")


class OwnersAreNotLimited(Conflict):
    code = "owner"

    def __init__(self) -> None:
        super().__init__("An owner may do all that the company may. Make the person a member first.")


class CannotMerge(Conflict):
    """The two are not of a kind that can become one."""

    code = "cannot-merge"


class CannotTakeApart(Conflict):
    """The merge can't be taken back."""

    code = "cannot-take-apart"


def company_is_closed(client: Client) -> IsMerged | None:
    return IsMerged(client.name) if client.merged_into_id is not None else None
