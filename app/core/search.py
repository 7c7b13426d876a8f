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

from app.core.kinds import Kind, Listing, listings
from app.core.ranking import BEGINS, Ranking
from app.core.words import Search, understand

CANDIDATES = 60
"""So many records of a kind are ranked at most; a word that more have is too common to tell them apart."""


@dataclass(frozen=True)
class Found:
    """A record that the palette offers."""

    kind: Kind
    id: UUID
    slug: str | None
    name: str


def _any_kind(_kind: Kind) -> bool:
    return True


def palette(
    session: Session | scoped_session[Session], q: str, limit: int = 8, *, of: Callable[[Kind], bool] = _any_kind
) -> list[Found]:
    """The records that match best, of every kind that is `of` interest, by the tiers of `Ranking`."""
    search, exactly = understand(session, q), understand(session, q, exactly=True)
    if not search.terms:
        return []
    session.execute(text("select set_config('plan_cache_mode', 'force_custom_plan', true)"))
    known = {one.kind.key: one for one in listings() if one.spec.searchable and of(one.kind)}
    if not known:
        return []
    parts = [
        part
        for listing in known.values()
        for part in _parts(listing, search if listing.spec.words_are_public else exactly)
    ]
    best: dict[UUID, Found] = {}
    for row in session.execute(union_all(*parts).order_by("place", desc("weight"), "sorted", "id")):
        best.setdefault(row.id, Found(known[row.key].kind, row.id, row.slug, row.name))
    return list(best.values())[:limit]


def _parts(listing: Listing, search: Search) -> list[Select[Any]]:
    """The candidates of one kind: by the beginning of the name, by the words of the name, by any words."""
    kind = listing.kind
    model, ranking = kind.model, Ranking(listing.spec.label, search)
    chosen: tuple[Any, ...] = (
        literal(kind.key).label("key"), model.id.label("id"),
        (model.slug if kind.has_slug else null()).label("slug"), kind.label.label("name"),
        ranking.name.label("sorted"),
    )  # fmt: skip
    there = [model.archived_at.is_(None)] if kind.is_archivable else []
    vector: ColumnElement[Any] = literal_column(f"{kind.table}.search")
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
