"""News of accounts (see `app/core/news.py`).

    tell(user.id, "password-changed", device="Firefox on Windows", address="203.0.113.7")

A secret (`link`) is passed on to the mail alone, which is stored sealed.
"""

from app.core.news import declare, tell, told

KINDS = declare(
    "auth",
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
    },
)

__all__ = ["KINDS", "tell", "told"]
