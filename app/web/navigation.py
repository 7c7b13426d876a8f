"""What stands in the navigation, in the palette and on the start page: what exists, and what the person may see.

Every kind with a list has an entry by being registered. Another page declares its own:

    declare(Entry("Users", "users.index", "users", section="People", permission="users:read"))
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_login import current_user

from app.core.kinds import listings
from app.identity.policy import Person, can, is_staff

CATALOGUE, CHANGES, SYSTEM = "Catalogue", "Changes", "System"
FIRST = ("", "Matching", "Projects", CATALOGUE)
"""The sections that people open all day; others follow as they are found, changes and the system last."""


@dataclass(frozen=True)
class Entry:
    """A page that can be gone to. `endpoint` is left out of sight until a view of that name exists."""

    label: str
    endpoint: str
    icon: str
    section: str = ""
    permission: str | None = None
    for_staff: bool = True
    words: str = ""
    """Other words under which the palette finds it."""
    key: str | None = None
    """The kind that the address names, where it is one of several that share a view."""
    for_owners: bool = False
    """Only for the owners of companies."""
    in_palette_only: bool = False

    def is_open_to(self, person: Person) -> bool:
        if self.for_owners and not getattr(person, "is_owner", False):
            return False
        return is_staff(person) == self.for_staff and (self.permission is None or can(person, self.permission))

    @property
    def url(self) -> str:
        return url_for(self.endpoint, key=self.key) if self.key else url_for(self.endpoint)


@dataclass(frozen=True)
class Link:
    """An entry as the layout draws it. `current` is `page` on the page itself and `true` on those below it."""

    label: str
    url: str
    icon: str
    current: str


@dataclass(frozen=True)
class Section:
    title: str
    entries: tuple[Link, ...]


_declared: list[Entry] = []


def declare(entry: Entry) -> None:
    if entry not in _declared:
        _declared.append(entry)


declare(Entry("Home", "portal.home", "home", words="start overview"))
declare(Entry("Changes", "changes.index", "history", CHANGES, "audit:read", words="imports bulk undo"))
declare(Entry("Audit", "portal.audit", "shield-check", CHANGES, "audit:read", words="log who did what"))
declare(Entry("Jobs", "portal.jobs", "stack-2", SYSTEM, "jobs:read", words="queue background worker failed"))
declare(Entry("API docs", "api.docs", "code", SYSTEM, words="rest openapi json documentation"))
declare(Entry("Home", "portal.dashboard", "home", for_staff=False, words="start overview"))
declare(Entry("Solutions", "portal.catalogue", "puzzle", CATALOGUE, "solutions:read", for_staff=False, key="solutions"))
declare(Entry("Services", "portal.catalogue", "briefcase", CATALOGUE, "services:read", for_staff=False, key="services"))
declare(Entry("Products", "portal.catalogue", "package", CATALOGUE, "products:read", for_staff=False, key="products"))


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(navigation=navigation, home_url=home_url)


def home_url() -> str:
    return url_for("portal.home" if is_staff(current_user) else "portal.dashboard")


def open_entries(person: Person) -> Iterator[Entry]:
    """The pages that exist and that the person may see, in the order of the navigation."""
    known = current_app.view_functions
    found = [entry for entry in (*_of_kinds(), *_declared) if entry.endpoint in known and entry.is_open_to(person)]
    others = dict.fromkeys(entry.section for entry in found if entry.section not in (CHANGES, SYSTEM))
    order = list(dict.fromkeys((*FIRST, *others, CHANGES, SYSTEM)))
    return iter(sorted(found, key=lambda entry: order.index(entry.section)))


def _of_kinds() -> Iterator[Entry]:
    for kind in (listing.kind for listing in listings()):
        label = kind.plural[0].upper() + kind.plural[1:]
        yield Entry(label, f"{kind.key}.index", kind.icon, kind.section, kind.read_permission)


def navigation() -> list[Section]:
    known: dict[Any, list[tuple[Entry, str]]] = current_app.extensions.setdefault("navigation", {})
    whose = (current_user.role, current_user.is_active, current_user.is_owner, current_user.narrowed_to)
    key = (*whose, request.script_root)
    if (entries := known.get(key)) is None:
        listed = (entry for entry in open_entries(current_user) if not entry.in_palette_only)
        entries = known[key] = [(entry, entry.url) for entry in listed]
    # A page below several entries belongs to the nearest: /admin/teams/capacity is no longer one of /admin/teams.
    nearest = max((url for _, url in entries if _current(url)), key=len, default="")
    sections: dict[str, list[Link]] = {}
    for entry, url in entries:
        current = _current(url) if url == nearest else ""
        sections.setdefault(entry.section, []).append(Link(entry.label, url, entry.icon, current))
    return [Section(title, tuple(links)) for title, links in sections.items()]


def _current(url: str) -> str:
    if request.path == url:
        return "page"
    return "true" if not url.endswith("/") and request.path.startswith(f"{url}/") else ""
