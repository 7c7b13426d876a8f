"""How much a request may bring. A view that takes files says more: `view.largest_body = 64 * MEGABYTE`."""

from functools import cached_property
from typing import IO, cast

from flask import Flask, Request, current_app, request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import LimitedStream, get_input_stream

MEGABYTE = 1024 * 1024
LARGEST_FORM = 2 * MEGABYTE


class WholeBody(LimitedStream):
    """A body that is read to its end or not at all.

    One that goes on past the limit raises `RequestEntityTooLarge` wherever it is read, and one that breaks off before
    the length that it promised `ClientDisconnected`. The framework's own stream takes both for whole.
    """

    def __init__(self, stream: IO[bytes], limit: int, promised: int | None) -> None:
        super().__init__(stream, limit, is_max=True)
        self._promised = promised or 0

    def on_exhausted(self) -> None:
        if self._stream.read(1):
            super().on_exhausted()

    def on_disconnect(self, error: Exception | None = None) -> None:
        if self.tell() < self._promised:
            raise ClientDisconnected
        super().on_disconnect(error)

    def readall(self) -> bytes:
        found = super().readall()
        if found and self.is_exhausted:
            self.on_exhausted()
        return found


class SizedRequest(Request):
    """A request whose body is read up to `max_content_length`, whether it says its length or comes in chunks."""

    @cached_property
    def stream(self) -> IO[bytes]:
        limit = self.max_content_length
        stream = get_input_stream(self.environ, max_content_length=limit)
        if limit is None or "wsgi.input_terminated" not in self.environ:
            return stream
        return cast("IO[bytes]", WholeBody(self.environ["wsgi.input"], limit, self.content_length))


def init_app(app: Flask) -> None:
    app.request_class = SizedRequest
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_MEMORY_SIZE=LARGEST_FORM)
    app.before_request(_make_room)


def told_limit() -> int:
    """How many megabytes this request may bring, as people are told: of files, without the form around them."""
    limit = request.max_content_length or LARGEST_FORM
    return (limit - MEGABYTE if limit > LARGEST_FORM else limit) // MEGABYTE


def _make_room() -> None:
    largest = getattr(current_app.view_functions.get(request.endpoint or ""), "largest_body", None)
    if largest is not None:
        request.max_content_length = largest
