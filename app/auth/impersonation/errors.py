"""What can go wrong with seeing as a customer."""

from app.core.errors import Conflict, Refused


class OnlyCustomersAreSeen(Refused):
    """Staff are never seen as by staff: that would lend one the other's rights."""

    code = "only-customers-are-seen"
    says = "Only clients and experts can be seen as, never staff."


class NotToBeSeen(Conflict):
    """There is nothing to see: the account isn't active."""

    code = "not-to-be-seen"
    says = "This account is not active, so there is nothing to see through it."


class NothingChangesNow(Refused):
    """While somebody sees the portal as a customer, nothing can be changed."""

    code = "nothing-changes-while-seeing"

    def __init__(self, seen: str) -> None:
        super().__init__(f"You are seeing the portal as {seen}. You can look, but nothing can be changed meanwhile.")
