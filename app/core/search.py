"""Search over all kinds of records at once, for the command palette."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    case,
    cast,
    desc,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session, scoped_session

from app.core import resources
from app.core.ranking import BEGINS, Ranking
from app.core.resources import Resource
from app.core.words import Search, understand

CANDIDATES = 60
"""So many records of a kind are ranked at most; a word that more have is too common to tell them apart."""


@dataclass(frozen=True)
class Found:
    """A record that the palette offers."""

    resource: Resource
    id: UUID
    slug: str | None
    name: str


def _any_kind(_resource: Resource) -> bool:
    return True


def palette(
    session: Session | scoped_session[Session], q: str, limit: int = 8, *, of: Callable[[Resource], bool] = _any_kind
) -> list[Found]:
    """The records that match best, of every kind that is `of` interest, by the tiers of `Ranking`."""
    search, exactly = understand(session, q), understand(session, q, exactly=True)
    if not search.terms:
        return []
    session.execute(text("select set_config('plan_cache_mode', 'force_custom_plan', true)"))
    kinds = {resource.key: resource for resource in resources.every() if resource.listing.searchable and of(resource)}
    if not kinds:
        return []
    parts = [
        part
        for resource in kinds.values()
        for part in _parts(resource, search if resource.listing.words_are_public else exactly)
    ]
    best: dict[UUID, Found] = {}
    for row in session.execute(union_all(*parts).order_by("place", desc("weight"), "sorted", "id")):
        best.setdefault(row.id, Found(kinds[row.key], row.id, row.slug, row.name))
    return list(best.values())[:limit]


def _parts(resource: Resource, search: Search) -> list[Select[Any]]:
    """The candidates of one kind: by the beginning of the name, by the words of the name, by any words."""
    model, ranking = resource.model, Ranking(resource.model, search)
    chosen = (
        literal(resource.key).label("key"), model.id.label("id"),
        (model.slug if resource.has_slug else null()).label("slug"), model.name.label("name"),
        ranking.name.label("sorted"),
    )  # fmt: skip
    there = [model.archived_at.is_(None)] if resource.listing.is_archivable else []
    vector: ColumnElement[Any] = literal_column(f"{resource.table}.search")
    begins = (
        select(*chosen, literal(BEGINS).label("place"), literal(0.0, Float).label("weight"))
        .where(*there, ranking.begins(ranking.name))
        .order_by(ranking.name, model.id)
        .limit(CANDIDATES)
    )
    with_words = select(*chosen, *ranking.columns, vector.label("vector")).where(*there).limit(CANDIDATES)
    found = [with_words.where(clause).subquery() for clause in (ranking.in_name, search.matches(vector))]
    return [select(begins.subquery()), *(_ranked(rows, ranking) for rows in found)]


def _ranked(rows: Any, ranking: Ranking) -> Select[Any]:
    place = ranking.tier(rows)
    weight = case(
        (place == BEGINS, literal(0.0, Float)), else_=cast(func.ts_rank(rows.c.vector, ranking.search.tsquery), Float)
    )
    columns = [rows.c[name] for name in ("key", "id", "slug", "name", "sorted")]
    return select(*columns, place.label("place"), weight.label("weight"))
