"""What happens to an account, and what its owner is told of it. All of it is private."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from app.core.events import PERSON, EventType, Message, declare

NOT_ME = "If that wasn’t you, change your password now and end the sign-ins that you don’t know."
ASK_US = "If you think that this is a mistake, ask your administrator."
IGNORE = "If you didn’t ask for this, do nothing: without the link nothing changes."

_KEYS = ("See your API keys", "account_keys.index")
_APPLICATIONS = ("See connected apps", "account_applications.index")
_SESSIONS = ("See where you are signed in", "account_sessions.index")
_TWO_FACTOR = ("See your second factor", "mfa.two_factor")
_PASSKEYS = ("See your passkeys", "passkeys.index")
_SIGN_IN = ("Sign in", "auth.login")
_EMAIL = ("See your e-mail address", "registration_account.email")


def _type(
    name: str, title: str, text: str, *message: Any, values: Mapping[str, Any] = {}, secret: bool = False, **more: Any
) -> EventType:
    """Its values are what its message names and whom it is mailed to: texts, but for those that `values` says."""
    told = Message(PERSON, title, text, *message, **more)
    named = (field for _, field, _, _ in Formatter().parse(title + text) if field)
    texts: dict[str, Any] = dict.fromkeys([*told.mail_to, *named], str)
    return EventType(name, {**texts, **values}, (told,), private=True, secret=secret)


EVENTS = (
    _type(
        "api_key.created",
        "The API key “{name}” was made",
        "A new API key, “{name}”, opens your account’s data to programs.",
        _KEYS,
        "If that wasn’t you, revoke the key and change your password.",
    ),
    _type(
        "api_key.revoked",
        "The API key “{name}” was revoked",
        "The key “{name}” opens nothing any more.",
        _KEYS,
    ),
    _type(
        "application.granted",
        "“{name}” may use your account",
        "You let the application “{name}” in. You can take that back at any time.",
        _APPLICATIONS,
        "If that wasn’t you, take it back now and change your password.",
    ),
    _type(
        "application.revoked",
        "“{name}” may no longer use your account",
        "What “{name}” was let in for has ended.",
        _APPLICATIONS,
    ),
    # Told to the old address, whatever the account's is by then.
    _type(
        "user.email_change_requested",
        "A new e-mail address was asked for",
        "Somebody who is signed in as you wants {new} to be your address. It changes once the link that was sent there "
        "is opened.",
        _EMAIL,
        "If that wasn’t you, change your password now: that makes the link useless.",
        mail_to=("old",),
    ),
    _type(
        "user.email_changed",
        "Your e-mail address has changed",
        "It was {old}, and is {new} from now on.",
        _EMAIL,
        "If that wasn’t you, tell your administrator at once.",
        mail_to=("old", "new"),
    ),
    _type(
        "user.email_confirmation_requested",
        "Confirm your e-mail address",
        "Open the link to confirm that {address} is yours. It works once, and for three days.",
        ("Confirm the address", "{link}"),
        IGNORE,
        in_inbox=False,
        mail_to=("address",),
        secret=True,
    ),
    _type(
        "user.invited",
        "You are invited to the DIG|LIT portal",
        "{inviter} invites you to {company}. Open the link to choose a user name and a password. It works once, and "
        "for seven days.",
        ("Accept the invitation", "{link}"),
        "If you don’t know what this is about, do nothing.",
        in_inbox=False,
        secret=True,
    ),
    _type(
        "user.merged",
        "Your account was joined with another",
        "From now on you are “{into}”; sign in with that name.",
        _SIGN_IN,
        ASK_US,
    ),
    _type(
        "user.passkey_added",
        "The passkey “{name}” was added",
        "It can be used to sign in from now on.",
        _PASSKEYS,
        NOT_ME,
    ),
    _type(
        "user.passkey_removed",
        "The passkey “{name}” was removed",
        "It can no longer be used to sign in.",
        _PASSKEYS,
        NOT_ME,
    ),
    # Its counter had gone back.
    _type(
        "user.passkey_refused",
        "Your passkey “{name}” was refused",
        "Somebody tried to sign in with “{name}”, and its counter had gone back: there may be a copy of it.",
        _PASSKEYS,
        "Remove the passkey, and add it again on the device that you have in your hands.",
    ),
    _type(
        "user.password_changed",
        "Your password has changed",
        "All other sign-ins have ended; sign in there with the new password.",
        _SESSIONS,
        "If that wasn’t you, choose “Forgot your password?” on the sign-in page now.",
    ),
    _type(
        "user.password_reset_requested",
        "Choose a new password",
        "Somebody, you we hope, asked for a new password. Open the link to choose one. It works once, and for an hour.",
        ("Choose a new password", "{link}"),
        IGNORE,
        in_inbox=False,
        secret=True,
    ),
    _type(
        "user.provider_linked",
        "You can sign in with {name}",
        "Your account is linked with {name} from now on.",
        ("See your sign-in providers", "account_providers.index"),
        NOT_ME,
    ),
    _type(
        "user.provider_unlinked",
        "{name} no longer signs you in",
        "The link between your account and {name} was removed.",
        ("See your sign-in providers", "account_providers.index"),
        NOT_ME,
    ),
    _type(
        "user.recovery_code_used",
        "A recovery code was used",
        "Somebody signed in with one of your recovery codes. Codes that are left: {left}.",
        _TWO_FACTOR,
        NOT_ME,
        values={"left": int},
    ),
    _type("user.restored", "Your account is open again", "You can sign in as before.", _SIGN_IN),
    _type(
        "user.role_changed",
        "Your role has changed",
        "It was {old}, and is {new} from now on.",
        advice=ASK_US,
    ),
    _type(
        "user.viewed_as",
        "{viewer} looked at the portal as you",
        "A member of staff, {viewer}, sees the portal through your account, to help you. Nothing can be changed that "
        "way.",
        advice="If you didn’t ask for help, tell your administrator.",
    ),
    _type(
        "session.ended",
        "A sign-in was ended",
        "The sign-in on {device} has ended.",
        _SESSIONS,
        by_mail=False,
    ),
    _type(
        "user.signed_in_from_new_browser",
        "A sign-in from a new browser",
        "Somebody signed in to your account with {device}, from {address}.",
        _SESSIONS,
        NOT_ME,
    ),
    _type("user.suspended", "Your account is suspended", "You can’t sign in for now.", _SIGN_IN, ASK_US),
    _type(
        "user.token_theft_detected",
        "A copied sign-in was shut out",
        "The sign-in on {device} was used from two places, so somebody may have copied it. It has ended.",
        _SESSIONS,
        "Sign in again, and change your password if you are not sure why this happened.",
    ),
    _type(
        "user.two_factor_disabled",
        "Your second factor is off",
        "A password is enough to sign in from now on.",
        _TWO_FACTOR,
        NOT_ME,
    ),
    _type(
        "user.two_factor_enabled",
        "Your second factor is on",
        "Signing in asks for a code from now on.",
        _TWO_FACTOR,
        NOT_ME,
    ),
)
declare(*EVENTS)
