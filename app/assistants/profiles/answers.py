"""Assistants as the API answers with them, in JSON: kept in memory beside the index until one changes."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.assistants.matching.index import own_index
from app.assistants.models import Assistant
from app.assistants.profiles.schemas import AssistantOut
from app.extensions import db

_ONE = TypeAdapter(AssistantOut)


def assistants_as_json(ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The JSON of each of those assistants who is there."""
    index = own_index()
    if index is None:
        return _made(ids)
    edition, kept = index.answers_for(ids)
    missing = [key for key in ids if key not in kept]
    if missing:
        made = _made(missing)
        index.keep_answers(edition, made)
        kept |= made
    return kept


def _made(ids: Sequence[UUID]) -> dict[UUID, bytes]:
    chosen = select(Assistant).where(Assistant.id.in_(ids)).options(selectinload(Assistant.skill_links))
    found = db.session.scalars(chosen.execution_options(populate_existing=True))
    return {one.id: _ONE.dump_json(_ONE.validate_python(one, from_attributes=True), by_alias=True) for one in found}
