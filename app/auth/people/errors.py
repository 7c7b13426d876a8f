"""The rules about people and companies, by name."""

from app.core.errors import Conflict, Invalid
from app.identity.models import User


class OwnAccount(Conflict):
    says = "You can’t change your own role or state. Ask another administrator."


class LastAdministrator(Conflict):
    says = "This is the last administrator who can sign in. Make another one first."


class LastOwner(Conflict):
    says = "This is the company’s last owner. Make somebody else an owner first."


class IsMerged(Conflict):
    code = "merged"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” was merged into another one, and stays closed. Take the merge back first.")


class CompanyNeeded(Invalid):
    at = "/client_id"
    says = "A client belongs to a company: say which."


class CompanyNotTaken(Invalid):
    at = "/client_id"
    says = "Only a client belongs to a company."


class UnknownCompany(Invalid):
    code, at = "unknown", "/client_id"
    says = "There is no such company, or it is suspended."


class OtherCompany(Conflict):
    says = "Nobody is moved from one company into another. Merge the companies, or invite the person."


class AlreadyHere(Conflict):
    at = "/email"

    def __init__(self, user: User) -> None:
        super().__init__(f"{user.email} belongs to this company already.")


class AlreadyInvited(Conflict):
    at = "/email"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is invited already. Send the invitation again from the list, if it got lost.")


class HasAccount(Conflict):
    code, at = "email-taken", "/email"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{email} has an account here already, so it can’t be invited. Use another address of that person."
        )


class NotInvited(Conflict):
    def __init__(self, user: User) -> None:
        super().__init__(f"{user.email} has no open invitation.")


class UnconfirmedInviter(Conflict):
    code = "unconfirmed"
    says = "Confirm your own e-mail address first; then you can invite others."


class OwnersAreNotLimited(Conflict):
    code = "owner"
    says = "An owner may do all that the company may. Make the person a member first."


class CannotMerge(Conflict):
    """The two are not of a kind that can become one."""


class CannotTakeApart(Conflict):
    """The merge can't be taken back."""
