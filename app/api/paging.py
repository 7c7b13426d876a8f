"""A page of a list as the API answers it: a bare array, its neighbours in `Link`, its size in `X-Total-Count`."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from app.api.operation import Answer
from app.core.addresses import absolute_api
from app.core.lists import ListQuery, ListSpec, Page, fetch
from app.extensions import db

TOTAL = "X-Total-Count"
RELATION = "X-Total-Count-Relation"
CORRECTION = "X-Search-Correction"


def wants_exact_count() -> bool:
    """Whether the caller would rather wait than hear `at-least` (`Prefer: count=exact`, RFC 7240)."""
    asked = request.headers.getlist("Prefer")
    return any(part.strip().lower() == "count=exact" for line in asked for part in line.split(","))


def list_answer(
    spec: ListSpec,
    query: ListQuery,
    *,
    staff: bool,
    options: Sequence[Any] = (),
    hydrate: Callable[[Sequence[Any]], None] | None = None,
    **held: Any,
) -> Answer:
    """The page of a list that is asked for. `held` has filters that hold whatever is asked."""
    exact, query = wants_exact_count(), query.model_copy(update=held)
    page = fetch(db.session, spec, query, staff=staff, entities=True, options=options, exact_total=exact)
    if hydrate is not None:
        hydrate(page.rows)
    return page_answer(page, exact_asked=exact)


def page_answer(page: Page, *, exact_asked: bool) -> Answer:
    """The answer that carries this page."""
    headers = {TOTAL: str(page.total), "Vary": "Prefer"}
    if exact_asked:
        headers["Preference-Applied"] = "count=exact"
    elif not page.total_is_exact:
        headers[RELATION] = "at-least"
    links = [_link(name, cursor) for name, cursor in (("next", page.next_cursor), ("prev", page.prev_cursor)) if cursor]
    if links:
        headers["Link"] = ", ".join(links)
    if page.corrections:
        headers[CORRECTION] = urlencode(page.corrections)
    return Answer(page.rows, headers=headers)


def _link(name: str, cursor: str) -> str:
    given: list[tuple[str, Any]] = [
        (key, value) for key, values in request.args.lists() if key != "cursor" for value in values
    ]
    address = f"{absolute_api(request.path.removeprefix('/api'))}?{urlencode([*given, ('cursor', cursor)])}"
    return f'<{address}>; rel="{name}"'
