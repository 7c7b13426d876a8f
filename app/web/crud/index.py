"""The list page."""

from flask import Response

from app.core.changes.columns import amounts_of
from app.core.resources import Resource
from app.web import htmx
from app.web.crud.listed import label_of, offered_values, read_list


def index(resource: Resource) -> Response:
    """The page, or for htmx its results alone. A query that can't be used is told, and the rest of it answered."""
    listed = read_list(resource)
    offered = {} if htmx.wants_fragment() else offered_values(resource.listing.filters)
    problems = [f"{label_of(resource, name)}: {message}" for name, message in listed.wrong.items()]
    if listed.notice:
        problems.append(listed.notice)
    response = htmx.page_or_fragment(
        "records/index.html",
        "records/_results.html",
        listed.status,
        resource=resource,
        listed=listed,
        offered=offered,
        problems=problems,
        amounts=amounts_of(resource.input),
    )
    return htmx.push_url(response, listed.canonical)
