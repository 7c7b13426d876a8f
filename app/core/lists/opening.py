"""The first query of every page: how large the table is, what the search means, and how the planner is to work."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.versions import VERSION
from app.core.words import TYPED, TYPED_EXACTLY, Search, spelled, with_joined

_SETTINGS = f"""
    select coalesce(sum(total) filter (where table_name = :table), 0)::bigint as total,
           coalesce(sum(live) filter (where table_name = :table), 0)::bigint as live,
           {VERSION} as version,
           set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
           set_config('random_page_cost', '1.1', true), set_config('max_parallel_workers_per_gather', '0', true)
      from data_versions where table_name = any(:tables)
"""  # noqa: S608
_OPEN = text(_SETTINGS)
_OPEN_SEARCH = text(f"select * from ({_SETTINGS}) sizes left join ({TYPED}) words on true order by place")  # noqa: S608
_OPEN_EXACT_SEARCH = text(
    f"select * from ({_SETTINGS}) sizes left join ({TYPED_EXACTLY}) words on true order by place"  # noqa: S608
)


@dataclass(frozen=True)
class Opening:
    """The rows of the table as `data_versions` counts them, and the search of the query, if there is one."""

    total: int
    live: int
    version: int | None
    """Moves with every commit that changes what the list shows; none in a transaction that has changed it itself."""
    search: Search | None

    def whole(self, query: ListQuery) -> int:
        """How many rows there are without search and filters."""
        return {"active": self.live, "archived": self.total - self.live, "all": self.total}[query.shows]


def open_list(session: Session | scoped_session[Session], spec: ListSpec, query: ListQuery) -> Opening:
    """Look at the table, read the words, and have the planner see the values that a list is asked for with.

    A plan made for any value would walk an index for a rare word as it does for a common one. The settings end with
    the transaction.
    """
    tables = {"table": spec.table, "tables": [spec.table, *spec.depends_on]}
    if not query.q:
        sizes = session.execute(_OPEN, tables).one()
        return Opening(sizes.total, sizes.live, sizes.version, None)
    opening = _OPEN_SEARCH if spec.words_are_public else _OPEN_EXACT_SEARCH
    rows = session.execute(opening, {**tables, "q": spelled(query.q)}).all()
    search = with_joined(session, query.q, Search.of(row for row in rows if row.word is not None))
    return Opening(rows[0].total, rows[0].live, rows[0].version, search)
