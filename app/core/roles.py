"""The three roles that an installation has at the database's server, named after its database.

Roles belong to the whole server: were they called the same everywhere, two installations on one server (staging and
production) could open each other's databases. Migrations and `core/rls_upkeep.py` write the labels `diglit_app`,
`diglit_staff` and `diglit_tenant`; `named` puts the names in.
"""

import hashlib
import re
from dataclasses import dataclass

from flask import Flask
from psycopg.conninfo import conninfo_to_dict

from config import Settings, libpq_url

_LABEL = re.compile(r"\bdiglit_(app|staff|tenant)\b")
_LONGEST = 32
EMBEDDED = "diglit"


@dataclass(frozen=True)
class Roles:
    """Their names: letters, digits and underscores alone, so that they need no quotes."""

    application: str
    """As which processes come in; it has no rights of its own."""
    staff: str
    """Sees all rows."""
    tenant: str
    """Sees the rows of a company and a user."""

    @classmethod
    def called(cls, name: str) -> "Roles":
        plain = re.sub(r"[^a-z0-9_]", "_", name.lower())[:_LONGEST]
        suffix = plain if plain == name else f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return cls(f"diglit_app_{suffix}", f"diglit_staff_{suffix}", f"diglit_tenant_{suffix}")

    def named(self, statement: str) -> str:
        """The statement with the names in place of the labels."""
        by_label = {"app": self.application, "staff": self.staff, "tenant": self.tenant}
        return _LABEL.sub(lambda found: by_label[found[1]], statement)


def roles_of(settings: Settings) -> Roles:
    """The roles of the installation with these settings."""
    return Roles.called(settings.database_roles or _database(settings) or EMBEDDED)


def _database(settings: Settings) -> str | None:
    # A pooler may know it by another name; past it, it has its own.
    url = settings.database_direct_url or settings.database_url
    if not url:
        return None
    parts = conninfo_to_dict(libpq_url(url))
    return str(parts.get("dbname") or parts.get("user") or "") or None


_own = Roles.called(EMBEDDED)


def own() -> Roles:
    """The roles of this process's installation."""
    return _own


def use(roles: Roles) -> None:
    """Make them this process's."""
    global _own  # noqa: PLW0603 - a process belongs to one installation, and its settings to the process
    _own = roles


def init_app(app: Flask) -> None:
    use(roles_of(app.config["SETTINGS"]))
