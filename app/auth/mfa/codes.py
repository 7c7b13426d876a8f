"""One-time codes of authenticator apps (RFC 6238: SHA-1, 30 seconds, 6 digits) and recovery codes for paper."""

import hmac
import re
import secrets
from hashlib import sha256
from urllib.parse import quote
from uuid import UUID

import pyotp
from flask import current_app

from app.core.clock import now
from app.core.sealing import derived_key
from config import Settings

ISSUER = "DIG|LIT"
STEP_SECONDS = 30
DRIFT = 1
"""How many steps an app's clock may be early or late."""

RECOVERY_CODES = 10
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS, _GROUP_LENGTH = 3, 4
_LOOK_ALIKE = str.maketrans("oil", "011")
_SIX_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_BETWEEN = re.compile(r"[\s\u2010-\u2015-]+")


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 (section 4) recommends."""
    return pyotp.random_base32(32)


def otpauth_uri(secret: str, email: str) -> str:
    """What an authenticator app reads from the QR code."""
    label = quote(f"{ISSUER}:{email}", safe=":@")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(ISSUER)}&algorithm=SHA1&digits=6&period=30"


def plain(code: str) -> str:
    """A code as it was typed, without the spaces and hyphens that people put between its groups."""
    return _BETWEEN.sub("", code)


def is_of_app(code: str) -> bool:
    """Whether it has the shape of an app's code; anything else may be a recovery code."""
    return _SIX_DIGITS.fullmatch(plain(code)) is not None


def step_of(secret: str, code: str, *, after: int | None) -> int | None:
    """The time step whose code it is, near this moment and later than `after`; None where it is none.

    A code is good once (RFC 6238, section 5.2): whoever accepts it keeps its step, and asks for later ones from then.
    """
    app, typed = pyotp.TOTP(secret), plain(code)
    this = int(now().timestamp()) // STEP_SECONDS
    if not is_of_app(typed):
        return None
    fitting = [
        step
        for step in range(this - DRIFT, this + DRIFT + 1)
        if hmac.compare_digest(app.generate_otp(step), typed) and (after is None or step > after)
    ]
    return fitting[0] if fitting else None


def new_recovery_codes() -> list[str]:
    """Codes of 60 random bits each, in small letters and digits that can't be taken for one another."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def hashes_of(code: str, user_id: UUID) -> list[bytes]:
    """What the database may know of a recovery code: a keyed hash (HMAC-SHA-256, RFC 2104), under today's key first.

    The key is the application's, so that a copy of the database can't be searched for codes; those that were made under
    an earlier SECRET_KEY stay good.
    """
    settings: Settings = current_app.config["SETTINGS"]
    text = plain(code).casefold().translate(_LOOK_ALIKE)
    message = user_id.bytes + text.encode("utf-8", "surrogatepass")
    keys = [derived_key(secret, "recovery-codes") for secret in (settings.secret_key, *settings.secret_key_fallbacks)]
    return [hmac.digest(key, message, sha256) for key in keys]


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH))
