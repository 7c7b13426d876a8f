"""The list page."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from flask import Response
from flask_login import current_user
from markupsafe import Markup

from app.core.changes.columns import amounts_of
from app.core.clock import now
from app.core.kinds import Kind, listing_of
from app.crud.listed import Listed, label_of, offered_values, read_list
from app.crud.presentation import Presentation, serves
from app.crud.rows import draw_rows
from app.identity.policy import can, is_staff
from app.web import htmx
from app.web.filters import readers_zone

TIMES_LAST = 10
"""Seconds for which “3 minutes ago” may be said again."""


def index(kind: Kind, presentation: Presentation) -> Response:
    """The page, or for htmx its results alone. A query that can't be used is told, and the rest of it answered."""
    listed = read_list(
        listing_of(kind).spec,
        kind.base() + presentation.list_at,
        names=presentation.takes,
        usual=presentation.usual,
        held=kind.held_to(current_user),
        options=presentation.loads,
        staff=is_staff(current_user),
    )
    offered = {} if htmx.wants_fragment() else _offered(listed)
    filing = kind.filing
    may_change = can(current_user, kind.write_permission) and serves("bulk")
    changes_many = filing is not None and filing.takes_bulk and may_change
    selectable = changes_many or presentation.is_selectable
    problems = [f"{label_of(listed.spec, name)}: {message}" for name, message in listed.wrong.items()]
    if listed.notice:
        problems.append(listed.notice)
    response = htmx.page_or_fragment(
        presentation.index,
        presentation.results,
        listed.status,
        kind=kind,
        listed=listed,
        results=presentation.results,
        rows=_rows(kind, listed, selectable=selectable) if presentation.loads is None else None,
        selectable=selectable,
        offered=offered,
        problems=problems,
        amounts=amounts_of(filing.input) if filing else (),
        **(presentation.list_context(listed) if presentation.list_context else {}),
    )
    return htmx.show_url(response, listed.canonical, replace=_goes_on_typing(listed.asked.get("q", "")))


def _offered(listed: Listed) -> dict[str, Sequence[str]]:
    """What the filters suggest. It lies with the page, for what it comes from counts to the page's version."""
    found: dict[str, Sequence[str]] | None = listed.page.drawn.get("offered")
    if found is None:
        found = listed.page.drawn["offered"] = offered_values(listed.spec.filters)
    return found


def _rows(kind: Kind, listed: Listed, *, selectable: bool) -> Markup:
    """The rows as HTML, drawn once for all readers of a page who see its times alike."""
    key = ("rows", readers_zone(), selectable, int(now().timestamp()) // TIMES_LAST)
    drawn = listed.page.drawn
    found: Markup | None = drawn.get(key)
    if found is None:
        for old in [known for known in list(drawn) if known[0] == "rows" and known[3] != key[3]]:
            drawn.pop(old, None)
        found = drawn[key] = draw_rows(listed, kind.base(), selectable=selectable)
    return found


def _goes_on_typing(q: str) -> bool:
    """Whether the search is the one of the page with more or fewer letters: Back then leads to before all of them."""
    here = parse_qs(urlsplit(htmx.current_page() or "").query)
    before = here.get("q", [""])[0]
    return bool(before and q) and before != q and (q.startswith(before) or before.startswith(q))
