"""Columns that only the application can read: what it must get back in clear, and a copy of the database must not tell.

A value is sealed with AES-256-GCM (NIST SP 800-38D) under a key that is derived from SECRET_KEY for one purpose
(HKDF-SHA256, RFC 5869). The first byte names the format, the next four the key, so that a value which was sealed under
an earlier SECRET_KEY (`SECRET_KEY_FALLBACKS`) still opens, and is sealed anew when it is written next.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

FORMAT = b"\x01"
NONCE_BYTES = 12
KEY_MARK_BYTES = 4
EXTENSION = "sealing"


class Unreadable(Exception):
    """The value was not sealed with any key that this process has, or it was changed since."""


def derived_key(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, so that no two uses of SECRET_KEY share one."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"diglit/{purpose}".encode()).derive(secret.encode())


@dataclass(frozen=True)
class _Key:
    mark: bytes
    cipher: AESGCM


class Seals:
    """Seals with the newest secret, and opens what any of them sealed."""

    def __init__(self, newest: str, *earlier: str) -> None:
        self._secrets = (newest, *earlier)
        self._keys: dict[str, Sequence[_Key]] = {}

    def seal(self, plain: bytes, purpose: str) -> bytes:
        key = self._of(purpose)[0]
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + key.mark + nonce + key.cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed for that purpose. Raises Unreadable."""
        start = 1 + KEY_MARK_BYTES
        mark, nonce, text = sealed[1:start], sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        if sealed[:1] == FORMAT:
            for key in self._of(purpose):
                if key.mark == mark:
                    try:
                        return key.cipher.decrypt(nonce, text, purpose.encode())
                    except (InvalidTag, ValueError):
                        break
        raise Unreadable(f"a sealed value ({purpose}) can't be opened with SECRET_KEY or SECRET_KEY_FALLBACKS")

    def _of(self, purpose: str) -> Sequence[_Key]:
        if purpose not in self._keys:
            keys = [derived_key(secret, f"seal/{purpose}") for secret in self._secrets]
            self._keys[purpose] = [_Key(hashlib.sha256(key).digest()[:KEY_MARK_BYTES], AESGCM(key)) for key in keys]
        return self._keys[purpose]


class Sealed(TypeDecorator[str]):
    """A text column that is sealed on its way into the database: `mapped_column(Sealed("two-factor"))`."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seals().seal(value.encode(), self.purpose)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return opened(value, self.purpose)


def opened(value: Any, purpose: str) -> str | None:
    """The text of a sealed column, as a statement that goes past SQLAlchemy finds it. Raises Unreadable."""
    return None if value is None else seals().open(bytes(value), purpose).decode()


def seals() -> Seals:
    """The seals of this application."""
    found: Seals = current_app.extensions[EXTENSION]
    return found


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    app.extensions[EXTENSION] = Seals(settings.secret_key, *settings.secret_key_fallbacks)
