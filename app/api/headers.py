"""The headers of the API, as its documentation tells of them."""

from typing import Any


def _request(name: str, about: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": about, "schema": {"type": "string", **schema}}


def _answer(about: str, example: str, kind: str = "string") -> dict[str, Any]:
    return {"description": about, "schema": {"type": kind}, "example": int(example) if kind == "integer" else example}


REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    header["name"]: header
    for header in (
        _request("X-Request-ID", "A name for this request, such as `shop-4711`; the answer and our logs repeat it."),
        _request(
            "If-None-Match", 'The `ETag` that you hold, such as `"5b1d9f0c2a7e4d3b"`; 304 says that it is still good.'
        ),
        _request(
            "If-Match",
            "The `ETag` that your change rests on, or `*`; 412 says that it is not current any more. A tag that a "
            "proxy made weak or marked is the same tag.",
        ),
        _request(
            "Idempotency-Key",
            "A name of your own for this request, best a new UUID. Sent again within 24 hours with the same body, it "
            "gives the first answer again and does nothing twice.",
            minLength=1,
            maxLength=255,
            pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        ),
        _request(
            "Prefer",
            "`count=exact` has a long list counted to the end; otherwise `X-Total-Count` may be a lower bound.",
        ),
    )
}

ANSWER_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": _answer("Names this request, here and in our logs.", "0b9d3c1e8f2a4c5d9e7f6a1b2c3d4e5f"),
    "ETag": _answer("Names this representation; for `If-None-Match` and `If-Match`.", '"5b1d9f0c2a7e4d3b8f6a1c20"'),
    "Location": _answer("Where the new object is.", "/api/products/019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10"),
    "Link": _answer(
        "Ready addresses of the next and the previous page (RFC 8288).",
        '<https://portal.example.com/api/products?cursor=WyJh>; rel="next"',
    ),
    "X-Total-Count": _answer("How many rows match.", "214", "integer"),
    "X-Total-Count-Relation": _answer(
        "`at-least` where more rows match than are counted; ask with `Prefer: count=exact`.", "at-least"
    ),
    "X-Search-Correction": _answer(
        "Misspelt words of `q` that were put right, form-encoded: `wrong=right`.", "analitycs=analytics"
    ),
    "RateLimit-Limit": _answer("Requests that are allowed in the present window.", "600", "integer"),
    "RateLimit-Remaining": _answer("Requests that are left in it.", "599", "integer"),
    "RateLimit-Reset": _answer("Seconds until it ends.", "60", "integer"),
    "Retry-After": _answer("Seconds to wait before the next try.", "12", "integer"),
    "WWW-Authenticate": _answer("How to sign in.", 'Bearer realm="api"'),
    "Idempotency-Replayed": _answer("`true` where this is the answer of an earlier request with the same key.", "true"),
    "Deprecation": _answer("Since when this is not to be used any more (RFC 9745).", "@1798761600"),
    "Sunset": _answer("When it goes away (RFC 8594).", "Sat, 31 Jul 2027 23:59:59 GMT"),
}
