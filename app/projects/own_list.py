"""The list of projects as a person may read it."""

from typing import Any, TypeVar

from app.core.errors import NotFound
from app.core.lists import ListQuery, Page, fetch
from app.extensions import db
from app.identity.companies import NO_SUCH
from app.identity.identities import Identity
from app.identity.policy import is_staff
from app.projects.queries import WITH_PARTS
from app.projects.resources import PROJECTS, projects

Q = TypeVar("Q", bound=ListQuery)


def fetch_projects(query: ListQuery, person: Identity, *, options: Any = WITH_PARTS, exact_total: bool = False) -> Page:
    """A page of the projects that the person sees."""
    narrowed = narrow_to(query, person)
    staff = is_staff(person)
    return fetch(db.session, PROJECTS, narrowed, staff=staff, entities=True, options=options, exact_total=exact_total)


def narrow_to(query: Q, person: Identity) -> Q:
    """The query held to the person's company's projects, or an expert's own teams'. Raises NotFound for a client who
    names another's company."""
    held = projects.held_to(person)
    asked = getattr(query, "client_id", None)
    if asked not in (None, held.get("client_id", asked)):
        raise NotFound(NO_SUCH)
    return query.model_copy(update=dict(held))
