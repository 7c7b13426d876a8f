"""Requests to the provider: JSON back, in time, of a sane size, from the very address that was asked."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from app.core import exact_json
from app.integrations.openid.errors import BadAnswer, ProviderDown

SECONDS = 5.0
LONGEST = 15.0
"""So many seconds an answer may take in all, however steadily it trickles in."""
MOST_BYTES = 512 * 1024


def fetch_json(
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> dict[str, Any]:
    """The JSON object at that address. Raises ProviderDown or BadAnswer; a refusal (400, 401) is an answer, too."""
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    began = time.monotonic()
    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False, transport=transport) as client,
            client.stream(method, url, content=content, headers=sent) as answer,
        ):
            received = _read(answer, began)
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderDown(f"{type(error).__name__} at {httpx.URL(url).host}") from None
    if status >= 500 or status == 429:
        raise ProviderDown(f"status {status} from {httpx.URL(url).host}")
    if status not in (200, 400, 401):
        raise BadAnswer(f"status {status} from {httpx.URL(url).host}")
    return _object(received)


def _read(answer: httpx.Response, began: float) -> bytes:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise BadAnswer("an encoding that wasn't asked for")
    content = bytearray()
    for chunk in answer.iter_raw():
        content += chunk
        if len(content) > MOST_BYTES:
            raise BadAnswer("an answer that is too large")
        if time.monotonic() - began > LONGEST:
            raise ProviderDown("too slow")
    return bytes(content)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = exact_json.loads(content.decode())
    except (ValueError, RecursionError):
        raise BadAnswer("no JSON") from None
    if not isinstance(found, dict):
        raise BadAnswer("no JSON object")
    return found
