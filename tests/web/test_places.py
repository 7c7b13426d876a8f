"""Places to work at are taken when the body has come, and left when the answer has been sent."""

import io
import threading

import pytest

from app.core.database_errors import Unavailable
from app.web.places import HELD, PLACES, SERVER, WAITING_FROM_ONE_ADDRESS, Places, Queue


def environ_of(body=None, *, length=True, **more):
    environ = {"REQUEST_METHOD": "POST", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": SERVER}
    if body is not None:
        environ["wsgi.input"] = body if isinstance(body, Body) else Body(body)
        environ |= {"CONTENT_LENGTH": str(len(body))} if length else {"HTTP_TRANSFER_ENCODING": "chunked"}
    return environ | more


class Body(io.BytesIO):
    """Notes how many places were free whenever it was read."""

    def __init__(self, data):
        super().__init__(data)
        self.free = []
        self.places = None

    def __len__(self):
        return len(self.getbuffer())

    def read(self, size=-1):
        self.free.append(self.places._places.free)
        return super().read(size)


def sent(wsgi, environ):
    found = Places(wsgi)
    if "wsgi.input" in environ:
        environ["wsgi.input"].places = found
    return found, found(environ, None)


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("size", [1, HELD, HELD + 1, 3 * HELD])
def test_body_is_whole_and_waited_for_without_a_place(size, length):
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    body = Body(data)

    def wsgi(environ, _start):
        return [environ["wsgi.input"].read()]

    found, answer = sent(wsgi, environ_of(body, length=length))
    assert answer == [data]
    assert set(body.free) == {PLACES}
    assert found._places.free == PLACES
    assert not found._waiting


def test_pieces_are_as_small_as_asked_for():
    def wsgi(environ, _start):
        return list(iter(lambda: environ["wsgi.input"].read(3), b""))

    assert sent(wsgi, environ_of(b"12345678"))[1] == [b"123", b"456", b"78"]


def test_work_is_over_when_the_answer_is_made_or_closed():
    found = Places(lambda environ, _start: environ["answer"])
    found(environ_of(answer=[b""]), None)
    assert found._places.free == PLACES
    streamed = found(environ_of(answer=iter([b"1", b"2"])), None)
    assert found._places.free == PLACES - 1
    assert list(streamed) == [b"1", b"2"]
    for _twice in range(2):
        streamed.close()
        assert found._places.free == PLACES


def test_failure_leaves_no_place_taken():
    def wsgi(_environ, _start):
        raise ZeroDivisionError

    for environ in (environ_of(), environ_of(b"1"), environ_of(b"1" * (HELD + 2))):
        with pytest.raises(ZeroDivisionError):
            sent(wsgi, environ)
    found = Places(wsgi)

    class Broken(Body):
        def read(self, size=-1):
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        found(environ_of(Broken(b"1")), None)
    assert (found._places.free, found._waiting) == (PLACES, {})


def test_so_many_of_one_address_may_wait():
    deepest = []

    def wsgi(environ, _start):
        try:
            return [environ["wsgi.input"].read(1)]
        except Unavailable as error:
            return [str(error.status).encode()]

    found = Places(wsgi)

    class Nested(Body):
        """While it is waited for, the next one comes."""

        def read(self, size=-1):
            deepest.append(found(environ_of(Nested(b"1")), None))
            return io.BytesIO.read(self, size)

    assert found(environ_of(Nested(b"1")), None) == [b"1"]
    assert deepest == [[b"503"], *[[b"1"]] * (WAITING_FROM_ONE_ADDRESS - 1)]
    assert not found._waiting


def test_other_servers_have_threads_of_their_own():
    found = Places(lambda _environ, _start: iter([b""]))
    found(environ_of(SERVER_SOFTWARE="another"), None)
    assert found._places.free == PLACES


def test_length_need_not_be_told_in_http_2():
    body = Body(b"abc")
    environ = environ_of(body, SERVER_PROTOCOL="HTTP/2")
    del environ["CONTENT_LENGTH"]
    assert sent(lambda environ, _start: [environ["wsgi.input"].read()], environ)[1] == [b"abc"]
    assert body.free


def test_who_came_first_works_first():
    """Whoever leaves and comes again waits behind those who were there."""
    places, order = Queue(1), []

    def work(name):
        places.acquire()
        order.append(name)
        places.release()

    places.acquire()
    others = [threading.Thread(target=work, args=[name]) for name in range(3)]
    for number, other in enumerate(others, 1):
        other.start()
        while len(places.waiting) < number:
            other.join(0.001)
    places.release()
    work("again")
    for other in others:
        other.join()
    assert order == [0, 1, 2, "again"]
    assert places.free == 1
