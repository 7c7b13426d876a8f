"""The words for every kind of news: what stands in the inbox, and what is mailed. Those of accounts (see
`app/auth/events.py`) stand here, those of assistants and projects in `wording_work.py`.

`{name}` stands for a value that comes with the news. Values are put in as they are; they are never read as patterns.
"""

from app.notifications.wording_work import WORK
from app.notifications.words import Words

NOT_ME = "If that wasn’t you, change your password now and end the other sign-ins in your account."
ASK_US = "If you don’t know why, ask your administrator."
IGNORE = "If you didn’t ask for this, do nothing: without the link nothing changes."

_KEYS = ("See your API keys", "/account/api-keys")
_APPLICATIONS = ("See connected apps", "/account/applications")
_SESSIONS = ("See where you are signed in", "/account/sessions")
_TWO_FACTOR = ("See your second factor", "/account/two-factor")
_PASSKEYS = ("See your passkeys", "/account/passkeys")

_ACCOUNTS: dict[str, Words] = {
    "api-key-created": Words(
        "The API key “{name}” was made",
        "A new API key, “{name}”, opens your account’s data to programs.",
        _KEYS,
        "If that wasn’t you, revoke the key and change your password.",
    ),
    "api-key-revoked": Words("The API key “{name}” was revoked", "The key “{name}” opens nothing any more.", _KEYS),
    "application-granted": Words(
        "“{name}” may use your account",
        "You let the application “{name}” in. You can take that back at any time.",
        _APPLICATIONS,
        "If that wasn’t you, take it back now and change your password.",
    ),
    "application-revoked": Words(
        "“{name}” may no longer use your account", "What “{name}” was let in for has ended.", _APPLICATIONS
    ),
    "email-change-asked": Words(
        "A new e-mail address was asked for",
        "Somebody who is signed in as you wants {new} to be your address. It changes once the link that was sent there "
        "is opened.",
        ("See your e-mail address", "/account/email"),
        "If that wasn’t you, change your password now: that makes the link useless.",
    ),
    "email-changed": Words(
        "Your e-mail address has changed",
        "It was {old}, and is {new} from now on.",
        ("See your e-mail address", "/account/email"),
        "If that wasn’t you, tell your administrator at once.",
        to=("old", "new"),
    ),
    "email-confirm": Words(
        "Confirm your e-mail address",
        "Open the link to confirm that {address} is yours. It works once, and for three days.",
        ("Confirm the address", "{link}"),
        IGNORE,
        in_inbox=False,
        to=("address",),
    ),
    "invitation": Words(
        "You are invited to the DIG|LIT portal",
        "{by} invites you to {company}. Open the link to choose a user name and a password. It works once, and for "
        "seven days.",
        ("Accept the invitation", "{link}"),
        "If you don’t know what this is about, do nothing.",
        in_inbox=False,
    ),
    "merged": Words(
        "Your account was joined with another",
        "From now on you are “{into}”; sign in with that name.",
        ("Sign in", "/login"),
        ASK_US,
    ),
    "passkey-added": Words(
        "The passkey “{name}” was added", "It can be used to sign in from now on.", _PASSKEYS, NOT_ME
    ),
    "passkey-copied": Words(
        "Your passkey “{name}” was refused",
        "Somebody tried to sign in with “{name}”, and its counter had gone back: there may be a copy of it.",
        _PASSKEYS,
        "Remove the passkey, and add it again on the device that you have in your hands.",
    ),
    "passkey-removed": Words(
        "The passkey “{name}” was removed", "It can no longer be used to sign in.", _PASSKEYS, NOT_ME
    ),
    "password-changed": Words(
        "Your password has changed",
        "All other sign-ins have ended; sign in there with the new password.",
        _SESSIONS,
        "If that wasn’t you, choose “Forgot your password?” on the sign-in page now.",
    ),
    "password-reset": Words(
        "Choose a new password",
        "Somebody, you we hope, asked for a new password. Open the link to choose one. It works once, and for an hour.",
        ("Choose a new password", "{link}"),
        IGNORE,
        in_inbox=False,
    ),
    "provider-linked": Words(
        "You can sign in with {name}",
        "Your account is linked with {name} from now on.",
        ("See your sign-in providers", "/account/providers"),
        NOT_ME,
    ),
    "provider-unlinked": Words(
        "{name} no longer signs you in",
        "The link between your account and {name} was removed.",
        ("See your sign-in providers", "/account/providers"),
        NOT_ME,
    ),
    "recovery-code-used": Words(
        "A recovery code was used",
        "Somebody signed in with one of your recovery codes. Codes that are left: {left}.",
        _TWO_FACTOR,
        NOT_ME,
    ),
    "restored": Words("Your account is open again", "You can sign in as before.", ("Sign in", "/login")),
    "role-changed": Words("Your role has changed", "It was {old}, and is {new} from now on.", advice=ASK_US),
    "seen-as": Words(
        "{by} looked at the portal as you",
        "A member of staff, {by}, sees the portal through your account, to help you. Nothing can be changed that way.",
        advice="If you didn’t ask for help, tell your administrator.",
    ),
    "session-ended": Words("A sign-in was ended", "The sign-in on {device} has ended.", _SESSIONS, by_mail=False),
    "sign-in-new-browser": Words(
        "A sign-in from a new browser",
        "Somebody signed in to your account with {device}, from {address}.",
        _SESSIONS,
        NOT_ME,
    ),
    "suspended": Words("Your account is suspended", "You can’t sign in for now.", ("Sign in", "/login"), ASK_US),
    "token-theft": Words(
        "A copied sign-in was shut out",
        "The sign-in on {device} was used from two places, so somebody may have copied it. It has ended.",
        _SESSIONS,
        "Sign in again, and change your password if you are not sure why this happened.",
    ),
    "two-factor-off": Words(
        "Your second factor is off", "A password is enough to sign in from now on.", _TWO_FACTOR, NOT_ME
    ),
    "two-factor-on": Words("Your second factor is on", "Signing in asks for a code from now on.", _TWO_FACTOR, NOT_ME),
}

WORDS: dict[str, Words] = {**_ACCOUNTS, **WORK}
