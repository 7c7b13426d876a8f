"""Answers as short as the caller takes them: texts are packed on their way out, by zstd or else by gzip.

Each coding of an answer has a tag of its own, `"x-zstd"` beside `"x"`. What callers send back is read as `"x"`, whoever
packed the answer: this, or a proxy that marks tags in the same way. So nothing inside knows of codings.
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Protocol

from flask import Flask
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

CODINGS = ("zstd", "gzip")
SMALLEST = 860
"""Bytes below which packing saves no packet."""
FLUSH_EVERY = 64 * 1024
LONGEST_WHOLE = 4 * 1024 * 1024
TYPES = frozenset(
    {
        "text/html", "text/plain", "text/css", "text/csv", "text/javascript", "image/svg+xml",
        "application/json", "application/problem+json", "application/schema+json",
    }
)  # fmt: skip
SECRETS = ("/api/auth/", "/api/api-keys", "/api/oauth/", "/oauth/")
"""Paths whose answers hold tokens: their length says nothing of them (BREACH). The token of a page's form is signed
with its time, so that no two pages bear the same."""
_MARK = re.compile(r'[-:;]+(?:zstd|gzip|br|deflate)(?=")')
_ZSTD_LEVEL, _GZIP_LEVEL, _GZIP = 3, 5, zlib.MAX_WBITS | 16


class Packer(Protocol):
    def pack(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _Zstd:
    def __init__(self) -> None:
        self._packer = zstd.ZstdCompressor(level=_ZSTD_LEVEL)

    def pack(self, data: bytes) -> bytes:
        return self._packer.compress(data)

    def flush(self) -> bytes:
        return self._packer.flush(zstd.ZstdCompressor.FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._packer.flush()


class _Gzip:
    def __init__(self) -> None:
        self._packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)

    def pack(self, data: bytes) -> bytes:
        return self._packer.compress(data)

    def flush(self) -> bytes:
        return self._packer.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._packer.flush()


PACKERS: dict[str, Callable[[], Packer]] = {"zstd": _Zstd, "gzip": _Gzip}


def packed(data: bytes, coding: str) -> bytes:
    """The whole in that coding."""
    packer = PACKERS[coding]()
    return packer.pack(data) + packer.finish()


class Lasting(list[bytes]):
    """A body that will be sent again: what it is in each coding is kept in `packed`."""

    def __init__(self, body: bytes, packed: dict[str, bytes]) -> None:
        super().__init__([body])
        self.packed = packed


@lru_cache(maxsize=256)
def coding_for(accepted: str) -> str | None:
    """The coding to answer in, by `Accept-Encoding`; None is as it is."""
    wanted = parse_accept_header(accepted, Accept)
    plain = wanted.quality("identity") if "identity" in accepted else 0
    best = max(CODINGS, key=lambda coding: (wanted.quality(coding), -CODINGS.index(coding)))
    return best if wanted.quality(best) > 0 and wanted.quality(best) >= plain else None


class Compression:
    """Goes around the whole application."""

    def __init__(self, wsgi: Wsgi) -> None:
        self._wsgi = wsgi

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ.get("HTTP_IF_NONE_MATCH")
        for name in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"):
            if name in environ:
                environ[name] = _MARK.sub("", environ[name])
        told: list[Any] = []

        def hear(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
            told[:] = [status, headers, *rest]
            return lambda _: None

        parts = self._wsgi(environ, hear)
        status, headers, *rest = told
        if status.startswith("304"):
            start_response(status, _with_the_tag_that_was_asked_for(headers, asked or ""), *rest)
            return parts
        if not _may_be_packed(environ, status, headers):
            start_response(status, headers, *rest)
            return parts
        coding = coding_for(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if coding is None:
            start_response(status, _varied(headers), *rest)
            return parts
        length, headers = _length(headers), [*_marked(_varied(headers), coding), ("Content-Encoding", coding)]
        if environ["REQUEST_METHOD"] == "HEAD":
            start_response(status, headers, *rest)
            return parts
        if length is None or length > LONGEST_WHOLE:
            start_response(status, headers, *rest)
            return Streamed(parts, PACKERS[coding]())
        body = _packed_whole(parts, coding)
        start_response(status, [*headers, ("Content-Length", str(len(body)))], *rest)
        return [body]


def _packed_whole(parts: Iterable[bytes], coding: str) -> bytes:
    kept = parts.packed if isinstance(parts, Lasting) else {}
    if coding not in kept:
        try:
            kept[coding] = packed(b"".join(parts), coding)
        finally:
            getattr(parts, "close", lambda: None)()
    return kept[coding]


class Streamed:
    """A body that is packed as it comes, and sent on as it comes."""

    def __init__(self, parts: Iterable[bytes], packer: Packer) -> None:
        self._parts = parts
        self._made = self._pack(packer)

    def __iter__(self) -> Iterator[bytes]:
        return self._made

    def close(self) -> None:
        getattr(self._parts, "close", lambda: None)()

    def _pack(self, packer: Packer) -> Iterator[bytes]:
        held = FLUSH_EVERY
        for part in self._parts:
            held += len(part)
            made = packer.pack(part)
            if held >= FLUSH_EVERY:
                made, held = made + packer.flush(), 0
            if made:
                yield made
        yield packer.finish()


def _length(headers: Headers) -> int | None:
    """How long the body says that it is; None of one that comes as it is made."""
    return next((int(value) for name, value in headers if name.lower() == "content-length"), None)


def _may_be_packed(environ: Environ, status: str, headers: Headers) -> bool:
    if status[0] not in "245" or status.startswith(("204", "206")) or "HTTP_RANGE" in environ:
        return False
    told = {name.lower(): value for name, value in headers}
    if "content-encoding" in told or "no-transform" in told.get("cache-control", ""):
        return False
    kind, length = told.get("content-type", "").partition(";")[0], _length(headers)
    if kind not in TYPES or (length is not None and length < SMALLEST):
        return False
    return not str(environ["PATH_INFO"]).replace("/api/v1/", "/api/", 1).startswith(SECRETS)


def _varied(headers: Headers) -> Headers:
    named = next((value for name, value in headers if name.lower() == "vary"), "")
    if "accept-encoding" in named.lower():
        return headers
    kept = [header for header in headers if header[0].lower() != "vary"]
    return [*kept, ("Vary", f"{named}, Accept-Encoding" if named else "Accept-Encoding")]


def _marked(headers: Headers, coding: str) -> Headers:
    """The headers of the packed answer, without those that its length changes."""
    apart = ("content-length", "accept-ranges")
    return [
        (name, f'{value[:-1]}-{coding}"' if name == "ETag" else value)
        for name, value in headers
        if name.lower() not in apart
    ]


def _with_the_tag_that_was_asked_for(headers: Headers, asked: str) -> Headers:
    """A 304 names the answer that the caller holds, in its coding."""
    tag = next((value for name, value in headers if name == "ETag"), "")
    known = [f'"{each}"' for each in parse_etags(asked) if _MARK.sub("", f'"{each}"') == tag]
    if not known or known[0] == tag:
        return headers
    return _varied([(name, known[0] if name == "ETag" else value) for name, value in headers])


def init_app(app: Flask) -> None:
    app.wsgi_app = Compression(app.wsgi_app)  # type: ignore[method-assign]
