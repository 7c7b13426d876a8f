"""What a row must be like to be on a list."""

from sqlalchemy import ColumnElement, literal_column

from app.core.errors import Refused
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.sessions import AnySession
from app.core.tenancy import current_tenant
from app.core.words import Search, understand


def refuse_what_is_for_staff(spec: ListSpec, query: ListQuery) -> None:
    """Raise `Refused` if the query asks for archived rows, or filters by what only staff know."""
    if query.shows != "active":
        raise Refused("Archived records are shown to staff only.")
    for filter_ in spec.filters:
        if filter_.staff_only and getattr(query, filter_.name) is not None:
            raise Refused(f"The filter “{filter_.name}” is for staff only.")


def for_staff(spec: ListSpec) -> set[str]:
    """The parameters that are refused to others."""
    return {"archived", "include_archived", *(filter_.name for filter_ in spec.filters if filter_.staff_only)}


def is_whole(spec: ListSpec, query: ListQuery) -> bool:
    """Whether nothing but being archived keeps a row off the list: no filter, and no row-level security."""
    in_sight = current_tenant().sees_all or not _has_tenants(spec)
    return in_sight and not query.q and all(getattr(query, filter_.name) is None for filter_ in spec.filters)


def _has_tenants(spec: ListSpec) -> bool:
    if spec.read_by_all:
        return False
    columns = spec.model.__table__.columns
    return not spec.words_are_public or "client_id" in columns or "user_id" in columns


def search_of(session: AnySession, spec: ListSpec, query: ListQuery) -> Search | None:
    """What the query searches for, read as the list reads it; None if it searches for nothing.

    Only what everybody may read is put right or taken by its stem: a person or a company is meant as it is written.
    """
    return understand(session, query.q, exactly=not spec.words_are_public) if query.q else None


def conditions_of(spec: ListSpec, query: ListQuery, search: Search | None) -> list[ColumnElement[bool]]:
    given = ((filter_, getattr(query, filter_.name)) for filter_ in spec.filters)
    clauses = [filter_.clause(value) for filter_, value in given if value is not None]
    if spec.is_archivable and query.shows == "active":
        clauses.append(spec.model.archived_at.is_(None))
    elif spec.is_archivable and query.shows == "archived":
        clauses.append(spec.model.archived_at.is_not(None))
    return [*clauses, *found_by(spec, search)]


def found_by(spec: ListSpec, search: Search | None) -> tuple[ColumnElement[bool], ...]:
    """What a row must be like to be found; nothing without a search."""
    return () if search is None else (search.matches(literal_column(f"{spec.table}.search")),)
