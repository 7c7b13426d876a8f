"""What a domain declares about itself: its manifest, `DOMAIN` in `app/<domain>/__init__.py`.

    DOMAIN = Domain("catalog", pages=("views",), api=("api",), permissions={"products": ("rw", "rw", "r", "r")}, …)

`app/domains.py` lists them all, and whatever concerns every domain (pages, API, navigation, permissions, audit, demo)
goes through that list. A manifest is read before anything else is imported, so it names modules and functions as text
(`"views"`, `"overview:tiles"`), relative to the domain's package.

`models.py`, `events.py`, `jobs.py` and `undoing.py` are found by their names, wherever in the package they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from typing import Any

Row = tuple[str, str, str, str]
"""What admin, manager, client and expert may do: `rwm`, `rw`, `r` or `-`."""


@dataclass(frozen=True)
class Entry:
    """A page that the navigation leads to. It is hidden until a view with the name of `endpoint` exists."""

    label: str
    endpoint: str
    icon: str
    section: str = ""
    permission: str | None = None
    for_staff: bool = True
    words: str = ""
    """Other words under which the palette finds it."""
    for_owners: bool = False
    """Only for the owners of companies."""
    in_palette_only: bool = False


@dataclass(frozen=True)
class AccountPage:
    """A page under /account; `at` orders the list at the side. `summary` names a function that says in a few words how
    things are for a person, or is the words themselves; `shown_if` names a function that says whether the page exists
    for them."""

    label: str
    endpoint: str
    icon: str
    at: int
    summary: str = ""
    shown_if: str = ""
    for_owners: bool = False
    needs_person: bool = True
    """Hidden while staff see the portal as a customer."""


@dataclass(frozen=True)
class AuditWords:
    """How the audit words what the actor did, by the recorded action."""

    events: Mapping[str, str] = field(default_factory=dict)
    """“signed in”: without a record."""
    verbs: Mapping[str, str] = field(default_factory=dict)
    """“approved work on”, followed by a record's name."""
    in_history: Mapping[str, str] = field(default_factory=dict)
    """“approved a deliverable”, in the record's own history; if missing, the verb and “it”."""


@dataclass(frozen=True)
class Need:
    """Something that waits for the person: what it is about, what to do, and where."""

    title: str
    about: str
    act: str
    url: str
    icon: str
    since: date | None = None
    rank: int = 0
    """The lowest comes first."""
    count: int = 1
    """How many things it stands for."""


@dataclass(frozen=True)
class Tile:
    """A part of the start page of clients and experts, rendered by `template` with `values`."""

    template: str
    at: int
    values: Mapping[str, Any]
    aside: bool = False
    """In the narrow column."""


@dataclass(frozen=True)
class Home:
    """What a domain adds to somebody's start page."""

    needs: Sequence[Need] = ()
    tiles: Sequence[Tile] = ()


@dataclass(frozen=True)
class Seeding:
    """What the steps of a demo are given."""

    actor: Any
    settings: Any
    products: int
    """How many products to make."""
    say: Callable[[str], None]


@dataclass(frozen=True)
class DemoStep:
    """A part of the demo: `step` names a function that takes the `Seeding`, adds what is missing, and yields wherever a
    commit may happen."""

    at: int
    step: str
    is_work: bool = False
    """Left out of a demo that has only the catalogue."""


@dataclass(frozen=True, eq=False)
class Domain:
    name: str
    package: str = ""
    """The package; `app.<name>` if empty."""
    setup: Sequence[str] = ()
    """Modules whose `init_app` is called before those of any pages."""
    pages: Sequence[str] = ()
    """Modules whose `bp`, or each of whose `blueprints`, has pages. Where the application is to know more of them, they
    have an `init_app` as well."""
    api: Sequence[str] = ()
    """Modules whose `bp` has paths of the API."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of its groups of operations, for the documentation of the API."""
    commands: Sequence[str] = ()
    """Modules whose `init_app` registers commands."""
    permissions: Mapping[str, Row] = field(default_factory=dict)
    scopes: Mapping[str, str] = field(default_factory=dict)
    """What programs may be given access to: the resource, and its words in “See …” and “Change …”."""
    sections: Mapping[str, int] = field(default_factory=dict)
    """The order of the sections of the navigation that people use all day; others follow as they are found."""
    navigation: Sequence[Entry] = ()
    account: Sequence[AccountPage] = ()
    home: str = ""
    """The function that gives a person's `Home`: `overview:home_of`."""
    audit: AuditWords = field(default_factory=AuditWords)
    demo: Sequence[DemoStep] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "package", self.package or f"app.{self.name}")

    def module(self, name: str) -> Any:
        return import_module(f"{self.package}.{name}")

    def named(self, name: str) -> Any:
        """The function that a manifest names: `overview:home_of`."""
        module, _, function = name.partition(":")
        return getattr(self.module(module), function)


_installed: list[Domain] = []
_listeners: list[Callable[[Sequence[Domain]], None]] = []


def install(domains: Sequence[Domain]) -> None:
    """Make these the domains of this process. Raises ValueError if two declare the same permission."""
    resources = [resource for domain in domains for resource in domain.permissions]
    if twice := {resource for resource in resources if resources.count(resource) > 1}:
        raise ValueError(f"two domains have the permissions {sorted(twice)}")
    _installed[:] = domains
    for listener in _listeners:
        listener(_installed)


def installed() -> Sequence[Domain]:
    return tuple(_installed)


def on_install(listener: Callable[[Sequence[Domain]], None]) -> None:
    """Call the listener with the domains, now and whenever others are installed."""
    _listeners.append(listener)
    listener(_installed)


def every(of: Callable[[Domain], Mapping[str, Any]]) -> dict[str, Any]:
    """One of their mappings, merged over all domains."""
    return {key: value for domain in _installed for key, value in of(domain).items()}


def each(of: Callable[[Domain], Sequence[Any]]) -> Iterator[tuple[Domain, Any]]:
    """Each entry of one of their lists, over all domains, with its domain."""
    return ((domain, value) for domain in _installed for value in of(domain))
