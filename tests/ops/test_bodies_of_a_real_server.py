"""Bodies as they come over a socket, to the web server of `make run`."""

import select
import socket
import time
from contextlib import ExitStack
from urllib.request import urlopen

import pytest

from app.web.places import WAITING_FROM_ONE_ADDRESS
from tests.live import serving

pytestmark = pytest.mark.committed
MEBIBYTE = 1024 * 1024


@pytest.fixture
def port(app, committed_db, tmp_path):
    with serving(app, committed_db, tmp_path) as address:
        yield int(address.rsplit(":", 1)[1])


def send(port, path, pieces, *, length=None, kind="application/json", ends=True):
    """Send a body in chunks, or with a length, as far as the server takes it: the status, how much was sent, and how
    long it took."""
    began, sent = time.monotonic(), 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n{size}\r\n\r\n"
        connection.sendall(head.encode())
        try:
            for piece in pieces:
                connection.sendall(piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
            if length is None and ends:
                connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        if not ends:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except OSError:
            pass
    return int(answer.split(b" ", 2)[1]) if answer else None, sent, time.monotonic() - began


def many(size):
    yield b'{"username": "'
    for _ in range(size // 65536):
        yield b"a" * 65536
    yield b'"}'


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/register", "/api/v1/auth/refresh"])
def test_stranger_who_sends_too_much_hears_so_at_once(port, path):
    for size in (MEBIBYTE, 2 * MEBIBYTE, 200 * MEBIBYTE):
        status, sent, seconds = send(port, path, many(size))
        assert status == 413
        assert sent < 16 * MEBIBYTE
        assert seconds < 5
    assert send(port, path, many(2 * MEBIBYTE), length=2 * MEBIBYTE + 16)[0] == 413
    assert send(port, path, many(MEBIBYTE // 2))[0] in (401, 422)


def test_form_that_is_too_large_is_refused_too(port):
    pieces = [b"username=", *(b"a" * 65536 for _ in range(64))]
    for path in ("/login", "/oauth/token"):
        assert send(port, path, pieces, kind="application/x-www-form-urlencoded")[0] == 413


def test_body_that_breaks_off_is_not_read_as_if_it_were_whole(port):
    whole = b'{"refresh_token": "abc"}'
    assert send(port, "/api/auth/refresh", [whole], length=len(whole))[0] == 401
    assert send(port, "/api/auth/refresh", [whole], length=len(whole) + 10, ends=False)[0] in (400, None)


def begin(port, path="/api/auth/login", *, size="Content-Length: 24", address="127.0.0.1"):
    """Promise a body, and send nothing of it."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0))
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n{size}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def status_of(connection):
    connection.settimeout(20)
    return int(connection.recv(65536).split(b" ", 2)[1])


def test_nobody_waits_for_those_who_promise_a_body_and_send_none(port):
    sizes = ["Content-Length: 24", "Transfer-Encoding: chunked"] * 25
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(begin(port, size=size)) for size in sizes]
        time.sleep(0.5)
        for path in ("/healthz", "/login", "/api/products"):
            began = time.monotonic()
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                assert answer.status == 200
            assert time.monotonic() - began < 2
        # One address may hold up some; the others of it hear so, and other addresses aren't concerned.
        told, _never, _failed = select.select(slow, [], [], 0)
        assert [status_of(connection) for connection in told] == [503] * (len(slow) - WAITING_FROM_ONE_ADDRESS)
        with begin(port, address="127.0.0.2") as other:
            other.sendall(b'{"username": "a"}       ')
            assert status_of(other) == 422
        # Nobody waits for what is too large anyway.
        with begin(port, size="Content-Length: 60000000", address="127.0.0.3") as large:
            assert status_of(large) == 413


def test_body_that_comes_late_is_taken(port):
    with begin(port) as one, begin(port, size="Transfer-Encoding: chunked") as chunked:
        time.sleep(0.5)
        one.sendall(b'{"username": "a"}       ')
        assert status_of(one) == 422
        chunked.sendall(b'5\r\n{"use\r\n')
        time.sleep(0.2)
        chunked.sendall(b'c\r\nrname": "a"}\r\n0\r\n\r\n')
        assert status_of(chunked) == 422
