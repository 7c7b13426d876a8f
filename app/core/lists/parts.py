"""The parts that a list consists of, one after the other. Most have one; a search with the best match first has one for
each tier, so that every page, whichever part it lies in, is read by an index."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from app.core.lists.conditions import found_by
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.names import by_name
from app.core.ranking import BEGINS, ELSEWHERE, IN_NAME, WHOLE, Ranking
from app.core.words import Search


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that belong together, in the order of `key` and then of the id. `conditions` tell that they are found, and
    in this part; those in `within` are told by the index of the key."""

    number: int
    key: Any
    downward: bool
    conditions: tuple[ColumnElement[bool], ...] = ()
    within: tuple[ColumnElement[bool], ...] = ()


def undivided(spec: ListSpec, query: ListQuery, search: Search | None = None) -> Part:
    """The whole list as one part."""
    sort, downward = spec.sort_of(query.sort)
    return Part(0, sort.expression, downward, found_by(spec, search))


def parts_of(spec: ListSpec, query: ListQuery, search: Search | None) -> tuple[Part, ...]:
    """The parts of the list that the query asks for, in order. Together they hold each row that matches once: whatever
    has the words whole has them, and whatever has them in its name has them."""
    rest = undivided(spec, query, search)
    if not query.is_ranked or search is None:
        return (rest,)
    ranking = Ranking(spec.label, search)
    begins, whole, in_name = ranking.begins(ranking.name), ranking.whole, ranking.in_name
    return (
        Part(BEGINS, ranking.name, False, (in_name,), (begins,)),
        Part(WHOLE, rest.key, rest.downward, (whole, ~begins)),
        Part(IN_NAME, rest.key, rest.downward, (in_name, ~whole, ~begins)),
        Part(ELSEWHERE, rest.key, rest.downward, (*rest.conditions, ~in_name)),
    )


def type_of_key(spec: ListSpec, query: ListQuery, part: int) -> Any:
    """The type of the key by which the rows of a part are sorted. Raises `LookupError` where there is no such part."""
    if part not in ((BEGINS, WHOLE, IN_NAME, ELSEWHERE) if query.is_ranked else (0,)):
        raise LookupError(part)
    if query.is_ranked and part == BEGINS:
        return by_name(spec.label).type
    return undivided(spec, query).key.type
