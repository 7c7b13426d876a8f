"""Pages that this process made lately, given again while nothing has changed.

Every page begins with a look at `data_versions` (`opening`). A page that was made under the same version holds what the
database would answer now, to whom the work stands for: the version moves with every commit that changes the list's
tables, and is read before the rows, so that a page is never older than what it is kept under. It is given again on
the day on which it was made, and to nobody whose day is another.
"""

import threading
from collections import OrderedDict
from datetime import date
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from app.core.clock import today_here
from app.core.lists.opening import Opening
from app.core.lists.page import Page
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.sessions import AnySession
from app.core.tenancy import TenantContext, current_tenant

PAGES = 64

_Key = tuple[TenantContext, ListSpec, str, date]


def _key(spec: ListSpec, query: ListQuery) -> _Key:
    """All that a page may differ by. The day is in it because “late” and “this week” change without any commit."""
    return (current_tenant(), spec, query.model_dump_json(), today_here())


class Memory:
    """The pages of one database that were asked for last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[_Key, tuple[int, Page]] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, spec: ListSpec, query: ListQuery, version: int | None) -> Page | None:
        """The page of that query, if it is current."""
        key = _key(spec, query)
        with self._lock:
            kept = self._pages.get(key)
            if kept is None or kept[0] != version:
                return None
            self._pages.move_to_end(key)
        return kept[1]

    def keep(self, spec: ListSpec, version: int | None, page: "Page") -> None:
        if version is None:
            return
        with self._lock:
            self._pages[_key(spec, page.query)] = (version, page)
            while len(self._pages) > PAGES:
                self._pages.popitem(last=False)


_memories: WeakKeyDictionary[Engine, Memory] = WeakKeyDictionary()


def forget_all() -> None:
    """Have every page made anew: for measuring."""
    _memories.clear()


def memory_of(session: AnySession, opening: Opening) -> Memory | None:
    """Where the pages of the session's database are kept.

    None where they can't be: in a transaction that has written, on a connection of its own, and for a search, whose
    words any table may have taught.
    """
    bind = session.get_bind()
    if opening.version is None or opening.search is not None or not isinstance(bind, Engine):
        return None
    return _memories.setdefault(bind, Memory())
