"""Whether the database's schema is the one that this code was written for."""

from functools import lru_cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from config import ROOT

BASE_TABLES = frozenset({"users", "projects", "events", "rls_snapshot"})
"""Tables without which nothing is served. Any release has them, whatever its revision."""


@lru_cache(maxsize=1)
def _scripts() -> tuple[frozenset[str], frozenset[str]]:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    directory = ScriptDirectory.from_config(config)
    return frozenset(directory.get_heads()), frozenset(script.revision for script in directory.walk_revisions())


def is_current(connection: Connection) -> bool:
    """Whether nothing is left to migrate. A schema newer than this code counts: a release replaces its processes one
    after the other, and its migrations bear the previous release."""
    heads, known = _scripts()
    if not inspect(connection).has_table("alembic_version"):
        return False
    found = frozenset(connection.scalars(text("select version_num from alembic_version")))
    return found == heads or bool(found - known)


def find_missing_tables(connection: Connection) -> list[str]:
    """Which tables are missing from a schema that counts as current. If any are, its revision is unknown because it
    was never released, not because it is newer than this code."""
    return sorted(BASE_TABLES.difference(inspect(connection).get_table_names()))
