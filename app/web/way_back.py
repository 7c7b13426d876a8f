"""The way back from a record leads to the list as it was left: with its filters, its search, its sort and its page.

A list's links carry its query along as `list`, the pages of the record hand it on, and the list's address is made of it
again. It lies in the address alone, so that each tab has its own; and it is only ever the query of a list that the page
belongs to, so that it leads nowhere else: that of `/admin/products` for `/admin/products/…`, or of one below it
(`requests?status=open` for `/admin/matches/requests`).
"""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, request
from markupsafe import Markup

LONGEST = 4_000
MOST = 40
NAME = "list"
_BELOW = re.compile(r"[a-z]+(?:-[a-z]+)*")


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        with_list=with_list, from_list=from_list, list_besides=list_besides, list_field=list_field
    )
    app.after_request(_hand_on)


def tail(query: str) -> str:
    """What the list of this page, with that query, adds to the addresses of its records."""
    below = request.path.removeprefix(_base()).strip("/")
    return f"?{urlencode({NAME: f'{below}?{query}' if below else query})}" if query else ""


def from_list(url: str) -> str:
    """The address of a record of the list that this page shows, with the way back to the list."""
    return _add(url, tail(_own(request.query_string.decode("latin-1"))))


def with_list(url: str) -> str:
    """The address, with the list that the person came from: as its query where it is the list's own address, handed on
    where it is of a record on it; any other stays as it is."""
    below, query = _given()
    base = _base()
    if not query or NAME in dict(parse_qsl(urlsplit(url).query)):
        return url
    if url == (f"{base}/{below}" if below else base):
        return f"{url}?{query}"
    if not url.startswith(f"{base}/"):
        return url
    return _add(url, f"?{urlencode({NAME: f'{below}?{query}' if below else query})}")


def list_besides(urls: Sequence[str]) -> str:
    """The list that the person came from, where none of these addresses is it."""
    below, query = _given()
    url = f"{_base()}/{below}" if below else _base()
    return f"{url}?{query}" if query and url not in urls and url != request.path else ""


def list_field() -> Markup:
    """What hands the list on in a form that is sent by GET."""
    below, query = _given()
    value = f"{below}?{query}" if below else query
    return Markup('<input type="hidden" name="{}" value="{}">').format(NAME, value) if query else Markup("")


def _base() -> str:
    return "/".join(request.path.split("/")[:3])


def _add(url: str, more: str) -> str:
    page, mark, place = url.partition("#")
    return page + (f"&{more[1:]}" if "?" in page and more else more) + mark + place


def _given() -> tuple[str, str]:
    """Where below its base the list is, and its query."""
    given = request.args.get(NAME, "")
    if len(given) > LONGEST:
        return "", ""
    below, mark, query = given.partition("?")
    if not mark or not _BELOW.fullmatch(below):
        below, query = "", given
    return below, _own(query)


def _own(query: str) -> str:
    """What is the list's own in a query; of a list that asks for so much nothing is kept."""
    try:
        pairs = parse_qsl(query, max_num_fields=MOST)
    except ValueError:
        return ""
    return urlencode([(name, value) for name, value in pairs if name != NAME])


def _hand_on(response: Response) -> Response:
    if response.status_code in (302, 303) and NAME in request.args:
        location = response.headers["Location"]
        if not urlsplit(location).netloc:
            response.headers["Location"] = with_list(location)
    return response
