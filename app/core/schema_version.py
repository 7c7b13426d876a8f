"""Whether the database's schema is the one that this code was written for.

The files of migrations are read here as text. Alembic, which runs them, would load each of them and itself into every
process that is asked whether it is ready.
"""

import re
from functools import lru_cache

from sqlalchemy import Connection, inspect, text

from config import ROOT

BASE_TABLES = frozenset({"users", "projects", "events", "rls_snapshot"})
"""Tables without which nothing is served. Any release has them, whatever its revision."""


_REVISIONS = re.compile(r'^(?:down_)?revision = (?:"(\w+)"|None)$', re.MULTILINE)


@lru_cache(maxsize=1)
def revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revision, as a set of one, and all that there are."""
    known, replaced = set(), set()
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        revision, down = _REVISIONS.findall(path.read_text("utf-8"))
        known.add(revision)
        replaced.add(down)
    return frozenset(known - replaced), frozenset(known)


def is_current(connection: Connection) -> bool:
    """Whether nothing is left to migrate. A schema newer than this code counts: a release replaces its processes one
    after the other, and its migrations bear the previous release."""
    heads, known = revisions()
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = frozenset(connection.scalars(text("select version_num from alembic_version")))
    return found == heads or bool(found - known)


def find_missing_tables(connection: Connection) -> list[str]:
    """Which tables are missing from a schema that counts as current. If any are, its revision is unknown because it
    was never released, not because it is newer than this code."""
    return sorted(BASE_TABLES.difference(inspect(connection).get_table_names()))
