"""The list page."""

from urllib.parse import parse_qs, urlsplit

from flask import Response
from flask_login import current_user

from app.auth.policy import can
from app.core.changes.columns import amounts_of
from app.core.resources import Resource
from app.web import htmx
from app.web.crud.listed import label_of, offered_values, read_list
from app.web.crud.rows import draw_rows


def index(resource: Resource) -> Response:
    """The page, or for htmx its results alone. A query that can't be used is told, and the rest of it answered."""
    listed = read_list(resource)
    offered = {} if htmx.wants_fragment() else offered_values(resource.listing.filters)
    may_write = can(current_user, resource.write_permission)
    problems = [f"{label_of(resource, name)}: {message}" for name, message in listed.wrong.items()]
    if listed.notice:
        problems.append(listed.notice)
    response = htmx.page_or_fragment(
        "records/index.html",
        "records/_results.html",
        listed.status,
        resource=resource,
        listed=listed,
        rows=draw_rows(resource.listing, listed.page.rows, listed.base, selectable=may_write),
        offered=offered,
        problems=problems,
        amounts=amounts_of(resource.input),
    )
    return htmx.show_url(response, listed.canonical, replace=_goes_on_typing(listed.asked.get("q", "")))


def _goes_on_typing(q: str) -> bool:
    """Whether the search is the one of the page with more or fewer letters: Back then leads to before all of them."""
    here = parse_qs(urlsplit(htmx.current_page() or "").query)
    before = here.get("q", [""])[0]
    return bool(before and q) and before != q and (q.startswith(before) or before.startswith(q))
