"""News of accounts, for whoever tells people: `app/notifications` listens.

    tell(user.id, "password-changed", device="Firefox on Windows", address="203.0.113.7")

A listener runs in the transaction of what it hears of; what it writes and enqueues counts if that does, and only then.
Values are texts, numbers or ids. A secret (`link`) is passed on to the mail alone, which is stored sealed.
"""

from typing import Any
from uuid import UUID

from blinker import Signal

KINDS = frozenset(
    {
        "api-key-created",  # name
        "api-key-revoked",  # name
        "application-granted",  # name
        "application-revoked",  # name
        "email-change-asked",  # new: told to the old address before anything changes
        "email-changed",  # old, new: mailed to both
        "email-confirm",  # address, link
        "invitation",  # company, by, link
        "merged",  # into
        "passkey-added",  # name
        "passkey-copied",  # name: its counter went back, and it was refused
        "passkey-removed",  # name
        "password-changed",
        "password-reset",  # link: somebody asked for a new password
        "provider-linked",  # name
        "provider-unlinked",  # name
        "recovery-code-used",  # left
        "restored",
        "role-changed",  # old, new
        "seen-as",  # by
        "session-ended",  # device
        "sign-in-new-browser",  # device, address
        "suspended",
        "token-theft",  # device
        "two-factor-off",
        "two-factor-on",
    }
)

told = Signal("What has happened to an account. Sent with `user_id`, `kind` and `values`.")


def tell(user_id: UUID, kind: str, **values: Any) -> None:
    """Let the user know. Raises ValueError for a kind that nobody has words for."""
    if kind not in KINDS:
        raise ValueError(f"there is no news of the kind {kind!r}")
    told.send(user_id, kind=kind, values=values)
