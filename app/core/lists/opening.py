"""The first query of every page: how large the table is, what the search means, and how the planner is to work."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.words import Search, understand

_OPEN = text("""
    select coalesce(sum(total), 0)::bigint as total, coalesce(sum(live), 0)::bigint as live,
           set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
           set_config('random_page_cost', '1.1', true), set_config('max_parallel_workers_per_gather', '0', true)
      from data_versions where table_name = :table
""")


@dataclass(frozen=True)
class Opening:
    """The rows of the table as `data_versions` counts them, and the search of the query, if there is one."""

    total: int
    live: int
    search: Search | None

    def whole(self, query: ListQuery) -> int:
        """How many rows there are without search and filters."""
        return {"active": self.live, "archived": self.total - self.live, "all": self.total}[query.shows]


def open_list(session: Session | scoped_session[Session], spec: ListSpec, query: ListQuery) -> Opening:
    """Look at the table, read the words, and have the planner see the values that a list is asked for with.

    A plan made for any value would walk an index for a rare word as it does for a common one. The settings end with
    the transaction.
    """
    total, live, *_ = session.execute(_OPEN, {"table": spec.table}).one()
    return Opening(total, live, understand(session, query.q) if query.q else None)
