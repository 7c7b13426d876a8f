"""Rate limits in a real Redis, which several machines share."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.web import limits
from app.web.limits import Limiter, redis_storage
from tests import factories

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of the test's own, on a socket. Yields its address and its process."""
    socket = tmp_path / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not socket.exists():
        assert process.poll() is None, "redis-server did not start"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"unix://{socket}", process
    process.kill()
    process.wait()


def test_two_machines_count_together(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    one, other = Limiter(redis_storage(redis[0])), Limiter(redis_storage(redis[0]))
    allowed = 0
    for _ in range(8):
        for machine in (one, other):
            standing = machine.hit("sign-in", "somebody", "192.0.2.1")
            assert standing is not None
            allowed += standing.allowed
    assert allowed == 10


def test_requests_go_on_uncounted_while_redis_is_away(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    limiter = Limiter(redis_storage(redis[0]))
    assert limiter.hit("requests", "address:192.0.2.1") is not None
    redis[1].kill()
    redis[1].wait()
    assert limiter.hit("requests", "address:192.0.2.1") is None


def test_what_was_counted_can_be_given_back_and_forgotten(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    one, other = Limiter(redis_storage(redis[0])), Limiter(redis_storage(redis[0]))
    for _ in range(5):
        one.hit("otp", "anna", "address:192.0.2.1")
    standing = other.look("otp", "anna", "address:192.0.2.1")
    assert standing is not None
    assert (standing.allowed, standing.remaining) == (False, 0)
    other.give_back("otp", "anna", "address:192.0.2.1")
    standing = one.look("otp", "anna", "address:192.0.2.1")
    assert standing is not None
    assert (standing.allowed, standing.remaining) == (True, 1)
    for _ in range(9):
        other.give_back("otp", "anna", "address:192.0.2.1")
    standing = one.look("otp", "anna", "address:192.0.2.1")
    assert standing is not None
    assert standing.remaining == 5
    one.hit("otp", "anna", "address:192.0.2.1")
    one.clear("otp", "anna", "address:192.0.2.1")
    standing = other.look("otp", "anna", "address:192.0.2.1")
    assert standing is not None
    assert standing.remaining == 5


def test_known_browsers_and_strangers_are_told_apart_in_redis(
    redis: tuple[str, subprocess.Popen[bytes]], app: Flask, make_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, limits.EXTENSION, Limiter(redis_storage(redis[0])))
    user, browser = make_user(), app.test_client()

    def sign_in(client: Any, password: str) -> int:
        return int(client.post("/login", data={"username": user.username, "password": password}).status_code)

    assert sign_in(browser, factories.PASSWORD) == 303
    assert [sign_in(app.test_client(), "wrong horse battery") for _ in range(10)] == [422] * 9 + [429]
    assert sign_in(browser, factories.PASSWORD) == 303
