from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import MemoryStorage

from app.identity.models import User
from app.web import limits
from tests import factories
from tests.conftest import program_with


@pytest.fixture
def sign_in(db_session: Any) -> Callable[[FlaskClient, User], FlaskClient]:
    """`sign_in(client, user)` signs a user in to the portal, through the page: here it is what is tested."""

    def sign_in(client: FlaskClient, user: User) -> FlaskClient:
        answer = client.post("/login", data={"username": user.username, "password": factories.PASSWORD})
        assert answer.status_code == 303, f"{user} could not sign in: {answer.status}"
        return client

    return sign_in


@pytest.fixture
def api(app: Flask, db_session: Any) -> Callable[[User], FlaskClient]:
    """`api(user)` is a program that sends the user's access token."""

    def api(user: User) -> FlaskClient:
        program = app.test_client()
        answer = program.post("/api/auth/login", json={"username": user.username, "password": factories.PASSWORD})
        assert answer.status_code == 200, f"{user} got no token: {answer.text}"
        return program_with(app, answer.json["access_token"])

    return api


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
