"""What stands in the navigation, in the palette and on the start page: what exists, and what the person may see.

Every kind of record with a list has an entry; a domain announces its other pages in its `DOMAIN`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for
from flask_login import current_user

from app.core.domain import Entry, each, every
from app.core.kinds import get_kind, listings
from app.identity.policy import Person, can, is_staff, side_of

CHANGES, SYSTEM = "Changes", "System"
"""The sections that come last."""


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


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(navigation=navigation, home_url=home_url, url_of=url_of)


def home_url() -> str:
    return url_for("portal.home" if is_staff(current_user) else "portal.dashboard")


def url_of(key: str, record_id: object = None) -> str:
    """The page of a record, or the list of its kind, as the person who looks has it; nothing where they have none."""
    base = get_kind(key).base(side_of(current_user))
    return f"{base}/{record_id}" if base and record_id is not None else base


def open_entries(person: Person) -> Iterator[Entry]:
    """The pages that exist and that the person may see, in the order of the navigation."""
    known = current_app.view_functions
    announced = (entry for _, entry in each(lambda domain: domain.navigation))
    found = [entry for entry in (*_of_kinds(), *announced) if entry.endpoint in known and _is_open_to(person, entry)]
    others = dict.fromkeys(entry.section for entry in found if entry.section not in (CHANGES, SYSTEM))
    places = every(lambda domain: domain.sections)
    first = sorted(places, key=lambda section: places[section])
    order = list(dict.fromkeys(("", *first, *others, CHANGES, SYSTEM)))
    return iter(sorted(found, key=lambda entry: order.index(entry.section)))


def _of_kinds() -> Iterator[Entry]:
    for kind in (listing.kind for listing in listings()):
        label = kind.plural[0].upper() + kind.plural[1:]
        yield Entry(label, f"{kind.key}.index", kind.icon, kind.section, kind.read_permission, words=kind.words)


def _is_open_to(person: Person, entry: Entry) -> bool:
    if entry.for_owners and not getattr(person, "is_owner", False):
        return False
    return is_staff(person) == entry.for_staff and (entry.permission is None or can(person, entry.permission))


def navigation() -> list[Section]:
    known: dict[Any, list[tuple[Entry, str]]] = current_app.extensions.setdefault("navigation", {})
    whose = (current_user.role, current_user.is_active, current_user.is_owner, current_user.narrowed_to)
    key = (*whose, request.script_root)
    if (entries := known.get(key)) is None:
        listed = (entry for entry in open_entries(current_user) if not entry.in_palette_only)
        entries = known[key] = [(entry, url_for(entry.endpoint)) for entry in listed]
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
