"""What can go wrong with accounts that are linked to a provider's."""

from app.core.errors import Conflict, NotFound


class LinkedElsewhere(Conflict):
    """The provider's account opens another account here already."""

    code = "linked-elsewhere"

    def __init__(self, provider: str) -> None:
        super().__init__(f"That account at {provider} is linked with another account here. Unlink it there first.")


class LastWayIn(Conflict):
    """Without the link its owner could not sign in any more."""

    code = "last-way-in"
    says = "This is the only way into your account. Set a password or add a passkey first."


class NotLinked(NotFound):
    code = "not-linked"
    says = "There is no such link; it may be removed already."
