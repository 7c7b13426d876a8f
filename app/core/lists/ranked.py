"""How the rows of a search are found with the best match first: all that match are gathered and ranked where they are
few, and else read part by part, the next one only where the page isn't full yet. Both ways give the same order."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, case, null, or_, select

from app.core.lists.cursor import Place
from app.core.lists.estimates import estimate
from app.core.lists.finding import COUNTED, Finder, Found, count_of
from app.core.lists.parts import Part, parts_of
from app.core.ranking import BEGINS, Ranking


class RankedFinder(Finder):
    """Finds the rows of one page of a search with the best match first; its part is the whole list."""

    def find(self) -> Found:
        if self.is_small:
            return self._gather_ranked() or self._find_in_parts(counted=True)
        gathering, counting = estimate(self.session, *self.planned)
        if self.is_worth_gathering(gathering):
            return self._gather_ranked() or self._find_in_parts(known=COUNTED)
        return self._find_in_parts(counted=self.is_worth_counting(counting))

    def _find_in_parts(self, *, counted: bool = False, known: int = 0) -> Found:
        rows: list[Any] = []
        for part in self._parts_ahead:
            missing = self.query.limit - len(rows)
            if missing < 0:
                break
            place = self.place if self.place is not None and self.place.part == part.number else None
            rows += self._finder(part, place, missing).find().rows
        total = self.session.scalar(select(self.number(counted=counted))) if counted else None
        return self.found(rows, total, known)

    def _finder(self, part: Part, place: Place | None, limit: int) -> Finder:
        query = self.query.model_copy(update={"limit": limit})
        return Finder(
            self.session, self.spec, query, place, self.opening, self.chosen, self.options, part,
            counts=False, backward=self.backward,
        )  # fmt: skip

    @property
    def _parts_ahead(self) -> Sequence[Part]:
        """The parts from the place on, in the direction of reading."""
        parts = self._parts[::-1] if self.backward else self._parts
        first = next((n for n, part in enumerate(parts) if self.place and part.number == self.place.part), 0)
        return parts[first:]

    def _gather_ranked(self) -> Found | None:
        """The page out of all that matches; None if that is too much."""
        assert self.opening.search is not None
        ranking = Ranking(self.spec.label, self.opening.search)
        gathered = self.gathered(*ranking.columns)
        tier = ranking.tier(gathered)
        ranked = select(
            gathered.c.list_id, gathered.c.list_key, tier.label("list_part"),
            case((tier == BEGINS, gathered.c.list_name)).label("list_name"),
        ).cte("ranked")  # fmt: skip
        page = select(ranked)
        if self.place is not None:
            page = page.where(self._behind(ranked, self.place))
        page = page.order_by(*self._ranks(ranked)).limit(self.query.limit + 1)
        return self._filled(page.cte("page"), gathered)

    def _filled(self, page: Any, gathered: Any) -> Found | None:
        more = (page.c.list_part, page.c.list_name)
        rows, total, _ = self.fill(page, count_of(gathered), null(), more, self._ranks(page))
        return self.out_of(rows, total)

    def _behind(self, rows: Any, place: Place) -> ColumnElement[bool]:
        """The rows on the asked side of the place."""
        part = next(part for part in self._parts if part.number == place.part)
        key = rows.c.list_name if part.number == BEGINS else rows.c.list_key
        beside = self._finder(part, place, 0).beside(key, rows.c.list_id, place)
        beyond = rows.c.list_part < place.part if self.backward else rows.c.list_part > place.part
        return or_(beyond, (rows.c.list_part == place.part) & beside)

    def _ranks(self, rows: Any) -> Sequence[Any]:
        """The order of the parts, of the names in the first, and of the rows in all others."""
        id_of_named = case((rows.c.list_name.is_not(None), rows.c.list_id))
        upward: list[Any] = [rows.c.list_part, rows.c.list_name, id_of_named]
        ranks = [rank.desc() for rank in upward] if self.backward else upward
        return *ranks, *self.order(rows.c.list_key, rows.c.list_id)

    @cached_property
    def _parts(self) -> tuple[Part, ...]:
        return parts_of(self.spec, self.query, self.opening.search)


def key_of(row: Any) -> Any:
    """The key by which a row is sorted in its part."""
    name = getattr(row, "list_name", None)
    return row.list_key if name is None else name
