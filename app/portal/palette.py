"""The command palette: from a few letters to any page or record."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from sqlalchemy.orm import Session, scoped_session

from app.core.domain import Entry
from app.core.kinds import Kind, listings
from app.core.search import palette as find_records
from app.identity.policy import Person, can
from app.web.navigation import open_entries

LONGEST = 120
RECORDS = 12


@dataclass(frozen=True)
class Hit:
    label: str
    kind: str
    url: str
    icon: str


@dataclass(frozen=True)
class Group:
    title: str
    hits: tuple[Hit, ...]


def find(session: Session | scoped_session[Any], q: str, person: Person) -> list[Group]:
    """Pages, acts and records that match; without a question, all pages and acts."""
    words = q.lower().split()
    groups = (
        Group("Pages", tuple(_pages(words, person))),
        Group("Do", tuple(_acts(words, person))),
        Group("Records", tuple(_records(session, q, person)) if q else ()),
    )
    found = [group for group in groups if group.hits]
    return found if not q else sorted(found, key=lambda group: group.title == "Do")


def _pages(words: list[str], person: Person) -> Iterator[Hit]:
    for entry in open_entries(person):
        if _matches(words, f"{entry.label} {entry.section} {entry.words}"):
            yield Hit(entry.label, entry.section, url_for(entry.endpoint), entry.icon)
    account = Entry("Account", "account.profile", "user", words="profile time zone theme colours settings")
    if _matches(words, f"{account.label} {account.words}"):
        yield Hit(account.label, "", url_for(account.endpoint), account.icon)


def _acts(words: list[str], person: Person) -> Iterator[Hit]:
    for listing in listings():
        kind = listing.kind
        if not can(person, listing.making_permission):
            continue
        acts = [(listing.making_label, f"{kind.key}.new", "plus", f"add create new {kind.singular}")]
        if kind.filing and kind.filing.imports and can(person, kind.write_permission):
            acts.append((f"Import {kind.plural}", f"{kind.key}.import_file", "upload", f"csv excel file {kind.words}"))
        for label, endpoint, icon, more in acts:
            if endpoint in current_app.view_functions and _matches(words, f"{label} {more}"):
                yield Hit(label, "", url_for(endpoint), icon)


def _matches(words: list[str], text: str) -> bool:
    """Whether each word begins a word of the text."""
    known = text.lower().split()
    return all(any(part.startswith(word) for part in known) for word in words)


def _records(session: Session | scoped_session[Any], q: str, person: Person) -> Iterator[Hit]:
    def is_open(kind: Kind) -> bool:
        return can(person, kind.read_permission) and f"{kind.key}.show" in current_app.view_functions

    for found in find_records(session, q, RECORDS, of=is_open):
        endpoint = f"{found.kind.key}.show"
        yield Hit(found.name, found.kind.singular, url_for(endpoint, ref=found.id), found.kind.icon)
