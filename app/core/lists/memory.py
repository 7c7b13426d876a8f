"""Pages that this process made lately, given again while nothing has changed.

Every page begins with a look at `data_versions` (`opening`). A page that was made under the same version holds what the
database would answer now, to whom the work stands for: the version moves with every commit that changes the list's
tables, and is read before the rows, so that a page is never older than what it is kept under. It is given again on
the day on which it was made, and to nobody whose day is another.
"""

from dataclasses import dataclass
from datetime import date

from app.core.bounded import Bounded
from app.core.clock import today_here
from app.core.lists.opening import Opening
from app.core.lists.page import Page
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.sessions import AnySession
from app.core.tenancy import TenantContext, current_tenant
from app.core.versions import PerDatabase

PAGES = 64

_Key = tuple[TenantContext, ListSpec, str, date]


def _key(spec: ListSpec, query: ListQuery) -> _Key:
    """All that a page may differ by. The day is in it because “late” and “this week” change without any commit."""
    return (current_tenant(), spec, query.model_dump_json(), today_here())


_memories: PerDatabase[Bounded[_Key, tuple[int, Page]]] = PerDatabase(lambda: Bounded(PAGES))
forget_all = _memories.clear
"""Have every page made anew: for measuring."""


@dataclass(frozen=True)
class Memory:
    """Where a page is kept: under the version that the opening of its list has found."""

    pages: Bounded[_Key, tuple[int, Page]]
    key: _Key
    version: int

    def recall(self) -> Page | None:
        """The page, if it was made and is current."""
        version, page = self.pages.get(self.key) or (None, None)
        if version != self.version:
            return None
        self.pages.touch(self.key)
        return page

    def keep(self, page: Page) -> None:
        self.pages.put(self.key, (self.version, page))


def memory_of(session: AnySession, spec: ListSpec, query: ListQuery, opening: Opening) -> Memory | None:
    """Where the page is kept in the memory of the session's database.

    None where it can't be: in a transaction that has changed what it shows, on a connection of its own, and for a
    search, whose words any table may have taught.
    """
    pages = None if opening.search is not None else _memories.of(session)
    return None if pages is None or opening.version is None else Memory(pages, _key(spec, query), opening.version)
