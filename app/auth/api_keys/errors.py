from app.core.errors import Conflict, Invalid, Refused


class ScopeNotHeld(Invalid):
    """A key may do no more than its person."""

    code = "scope-not-held"

    def __init__(self, scope: str, at: int) -> None:
        super().__init__(f"You may not do “{scope}” yourself, and so no key of yours may.", at=f"/scopes/{at}")


class LimitTooHigh(Invalid):
    code, at = "limit-too-high", "/requests_per_minute"

    def __init__(self, most: int) -> None:
        super().__init__(f"Up to {most} requests a minute can be chosen here. Ask us where you need more.")


class TooManyKeys(Conflict):
    code = "too-many-keys"

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} API keys. Revoke one that is out of use first.")


class AlreadyReplaced(Conflict):
    code = "already-replaced"
    says = "This key has a successor already. Replace that one instead, or revoke this one."


class KeyExpired(Conflict):
    code = "key-expired"
    says = "This key has expired. Make a new one."


class NotYourKey(Refused):
    code = "not-your-key"
    says = "Only the person whose key it is can replace it. You can revoke it."


class AddressNotAllowed(Refused):
    """Said to somebody who has the key, and so may know that it is one."""

    code = "address-not-allowed"

    def __init__(self, address: str) -> None:
        super().__init__(f"This API key may not be used from {address}.")
