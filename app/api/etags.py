"""ETags: the same words for the same representation, and what the caller's conditions say about them."""

from hashlib import blake2b

from flask import request
from werkzeug.http import parse_etags

from app.core.errors import PreconditionFailed


def etag_of(*parts: bytes) -> str:
    """The strong tag of a representation, without its quotes."""
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(part)
        digest.update(b"\0")
    return digest.hexdigest()


def is_known(etag: str) -> bool:
    """Whether the caller holds this representation already (`If-None-Match`)."""
    return holds(request.environ.get("HTTP_IF_NONE_MATCH"), etag)


def holds(tags: str | None, etag: str) -> bool:
    """Whether such a header names this tag. A proxy that compresses makes tags weak, or marks them (which is read
    elsewhere as if it hadn't): the representation is the same."""
    return tags is not None and parse_etags(tags).contains_weak(etag)


def two_part(state: str, etag: str) -> str:
    """The tag of an object some of whose members change by themselves: `state` is the tag of the others. A change rests
    on the first part, a kept answer on both."""
    return f"{state}.{etag}"


def require_match(state: str) -> None:
    """Refuse when the caller made the change for another state of the object (`If-Match`)."""
    tags = request.environ.get("HTTP_IF_MATCH", "").strip()
    if not tags:
        return
    sent = parse_etags(tags)
    if not sent.star_tag and all((tag or "").partition(".")[0] != state for tag in sent.as_set(include_weak=True)):
        raise PreconditionFailed(
            "The object has changed since you read it. Read it again, and make your change on that."
        )
