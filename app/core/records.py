"""Loading, creating and changing records of any resource: what the domains' operations are made of."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import now
from app.core.errors import Conflict, FieldError, NotFound
from app.core.ids import new_id
from app.core.resources import Resource, reference
from app.extensions import db

SLUG_LENGTH = 140


class SlugTaken(Conflict):
    code = "slug-taken"

    def __init__(self, slug: str) -> None:
        message = f"The slug “{slug}” is taken. Choose another, or leave it empty to have one made from the name."
        super().__init__(message, errors=[FieldError("/slug", message, "taken")])


class AlreadyArchived(Conflict):
    code = "already-archived"

    def __init__(self, record: Any) -> None:
        super().__init__(f"“{record.name}” is archived already.")


class NotArchived(Conflict):
    code = "not-archived"

    def __init__(self, record: Any) -> None:
        super().__init__(f"“{record.name}” is not archived.")


class IsArchived(Conflict):
    code = "archived"

    def __init__(self, record: Any) -> None:
        super().__init__(f"“{record.name}” is archived. Restore it before you change it.")


def get_record(resource: Resource, ref: str | UUID, *, for_update: bool = False, archived: bool = True) -> Any:
    """The record of that id or slug, with what its answers need loaded.

    `for_update` locks its row until the transaction ends, and reads it afresh. `archived=False` hides archived ones.
    """
    model = resource.model
    key = reference(ref) if isinstance(ref, str) else ref
    found = model.id == key if isinstance(key, UUID) else model.slug == key
    query = select(model).where(found).options(*resource.load_options)
    if not archived:
        query = query.where(model.archived_at.is_(None))
    if for_update:
        query = query.with_for_update(of=model).execution_options(populate_existing=True)
    record = None if isinstance(key, str) and "\0" in key else db.session.scalar(query)
    if record is None:
        raise NotFound(f"There is no such {resource.singular}.")
    return record


def slug_of(name: str) -> str:
    """The slug that a name makes: small ASCII letters and digits between single hyphens; `item` where none are left."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[: SLUG_LENGTH - 10].strip("-") or "item"


def insert_records(model: Any, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Insert rows of a model that has a slug, and give the records in the same order.

    A row with no `slug` gets one made from its `name`, with `-2`, `-3` … where that is taken; two writers who arrive
    at once each get their own. A row that names its slug raises `SlugTaken` when it is in use. All rows must have the
    same fields.
    """
    moment = now()
    waiting = {new_id(): {"created_at": moment, "updated_at": moment, **row} for row in rows}
    order = list(waiting)
    made: dict[UUID, Any] = {}
    statement = insert(model).on_conflict_do_nothing(index_elements=["slug"]).returning(model)
    first = True
    while waiting:
        tried: set[str] = set()
        batch = []
        for key, row in waiting.items():
            slug = _next_slug(model, row, tried, first=first)
            tried.add(slug)
            batch.append({**row, "id": key, "slug": slug})
        for record in db.session.scalars(statement, batch):
            made[record.id] = record
            del waiting[record.id]
        first = False
    return [made[key] for key in order]


def _next_slug(model: Any, row: Mapping[str, Any], tried: set[str], *, first: bool) -> str:
    """The slug to try for a row: its own or the plain one at first, later the first number that is free."""
    own = row.get("slug")
    if own:
        if not first or own in tried:
            raise SlugTaken(own)
        return str(own)
    base = slug_of(row["name"])
    if first and base not in tried:
        return base
    start = 2
    for size in (10, 100, 1_000, 10_000, 100_000):
        numbered = [f"{base}-{number}" for number in range(start, start + size)]
        taken = tried.union(db.session.scalars(select(model.slug).where(model.slug.in_(numbered))))
        free = next((slug for slug in numbered if slug not in taken), None)
        if free is not None:
            return free
        start += size
    raise SlugTaken(base)


def apply_changes(record: Any, changes: Mapping[str, Any]) -> None:
    """Write changed fields to a record that is locked for update; equal values are left alone.

    A slug of None leaves the slug as it is: a new name does not move it.
    """
    if record.is_archived:
        raise IsArchived(record)
    changes = {name: value for name, value in changes.items() if not (name == "slug" and value is None)}
    slug = changes.get("slug")
    if slug is not None and slug != record.slug:
        _require_free_slug(record, slug)
    for name, value in changes.items():
        if getattr(record, name) != value:
            setattr(record, name, value)


def _require_free_slug(record: Any, slug: str) -> None:
    model = type(record)
    if db.session.scalar(select(model.id).where(model.slug == slug, model.id != record.id)):
        raise SlugTaken(slug)


def archive_record(record: Any) -> None:
    if record.is_archived:
        raise AlreadyArchived(record)
    record.archived_at = now()


def restore_record(record: Any) -> None:
    if not record.is_archived:
        raise NotArchived(record)
    record.archived_at = None


def touch(record: Any) -> None:
    """Move the record's version although only its parts changed, so that whoever reads it sees that it did."""
    record.updated_at = now()
