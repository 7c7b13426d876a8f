"""Reading a body up to a number of bytes, counted after it was unpacked."""

import zlib
from typing import Protocol

import httpx

PIECE = 65_536


class Undecodable(Exception):
    """The body is packed in a way that can't be read. The message is for people."""


class _Unpacking(Protocol):
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...


def read_body(answer: httpx.Response, most: int) -> tuple[bytes, bool]:
    """The body, and whether there was more of it.

    httpx would unpack whatever one read brings at once, and 64 KiB of it may hold 64 MiB: here no step makes more than
    what is still wanted.
    """
    unpacking = _unpacking(answer.headers.get("content-encoding", ""))
    body = bytearray()
    for packed in answer.iter_raw(PIECE):
        rest = packed
        while rest:
            piece, rest = _unpacked(unpacking, rest, most + 1 - len(body))
            body += piece
            if len(body) > most:
                return bytes(body[:most]), True
    return bytes(body), False


def _unpacked(unpacking: _Unpacking | None, packed: bytes, room: int) -> tuple[bytes, bytes]:
    if unpacking is None:
        return packed[:room], b""
    if unpacking.eof:
        return b"", b""
    try:
        return unpacking.decompress(packed, room), unpacking.unconsumed_tail
    except zlib.error:
        raise Undecodable("The answer couldn’t be decompressed.") from None


def _unpacking(header: str) -> _Unpacking | None:
    match [part.strip().lower() for part in header.split(",") if part.strip() not in ("", "identity")]:
        case []:
            return None
        case ["gzip" | "x-gzip" | "deflate"]:
            return _Zlib()
    raise Undecodable("The answer uses an unsupported compression.")


class _Zlib:
    """gzip, zlib, or bare deflate, which some servers send when they say deflate."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        try:
            made = self._inner.decompress(data, max_length)
        except zlib.error:
            if self._begun:
                raise
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            made = self._inner.decompress(data, max_length)
        self._begun = True
        return made

    @property
    def unconsumed_tail(self) -> bytes:
        return self._inner.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._inner.eof
