"""The way back from a record leads to the list as it was left: with its filters, its search, its sort and its page.

A list's links carry its query along as `list`, the pages of the record hand it on, and the list's address is made of it
again. It lies in the address alone, so that each tab has its own; and it is only ever the query of the list that the
page belongs to, so that it leads nowhere else.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, request

LONGEST = 4_000
NAME = "list"


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(with_list=with_list)
    app.after_request(_hand_on)


def tail(query: str) -> str:
    """What a list with that query adds to the addresses of its records."""
    return f"?{urlencode({NAME: query})}" if query else ""


def with_list(url: str) -> str:
    """The address, with the list that the person came from: as its query where it is the list's own address, handed on
    where it is of a record on it; any other stays as it is."""
    given, base = _given(), "/".join(request.path.split("/")[:3])
    if not given or "?" in url or "#" in url:
        return url
    if url == base:
        return f"{url}?{given}"
    return url + tail(given) if url.startswith(f"{base}/") else url


def _given() -> str:
    given = request.args.get(NAME, "")
    if len(given) > LONGEST:
        return ""
    return urlencode([(name, value) for name, value in parse_qsl(given, max_num_fields=40) if name != NAME])


def _hand_on(response: Response) -> Response:
    if response.status_code in (302, 303) and NAME in request.args:
        location = response.headers["Location"]
        if not urlsplit(location).netloc:
            response.headers["Location"] = with_list(location)
    return response
