from typing import Any

import pytest
from flask import Flask
from limits.storage import MemoryStorage

from app.web import limits


@pytest.fixture
def limited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limits on that everybody else's tests go without."""
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(MemoryStorage()))


@pytest.fixture
def hashings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one entry with each Argon2 computation."""
    done: list[str] = []

    class Counting:
        def __init__(self, hasher: Any) -> None:
            self._hasher = hasher

        def hash(self, password: bytes) -> str:
            done.append("hash")
            return str(self._hasher.hash(password))

        def verify(self, password_hash: str, password: bytes) -> bool:
            done.append("verify")
            return bool(self._hasher.verify(password_hash, password))

        def check_needs_rehash(self, password_hash: str) -> bool:
            return bool(self._hasher.check_needs_rehash(password_hash))

    passwords = app.extensions["passwords"]
    monkeypatch.setattr(passwords, "_hasher", Counting(passwords._hasher))
    return done
