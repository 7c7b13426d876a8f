"""What the portal knows about each kind of record, in up to four declarations:

    Kind     what its records are called and where their pages are; whatever is audited, searched or linked to has one
    Listing  the list of records, and what the API answers about one
    Editing  how a record is made and changed
    Filing   what is done to many records, by files and bulk changes, and whether changes can be undone

A kind has those of the last three that it needs. Pages, JSON API, exports, imports, bulk changes, history, undo and the
palette are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Generic, cast
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import ColumnElement, SQLColumnExpression, select
from sqlalchemy.orm import InstrumentedAttribute, object_session
from typing_extensions import TypeVar

from app.core.db import refuse_entry
from app.core.errors import NotFound
from app.core.file_rules import FileRules
from app.core.lists import ListSpec
from app.core.operations import Act, ActOnMany, Create, CreateBelow, CreateMany, Update, UpdateMany
from app.core.schemas import Input, row_of
from app.core.sides import STAFF, Side
from app.core.steps import refuse_states

R = TypeVar("R", default=Any)
I = TypeVar("I", bound=Input, default=Input)  # noqa: E741 - the input beside the record
T = TypeVar("T")
P = TypeVar("P", bound="Kind[Any] | Listing | Editing[Any, Any] | Filing[Any, Any]")


@dataclass(frozen=True, eq=False)
class Part:
    """A table whose rows are parts of a record, such as offerings. What only links a record to another has no label."""

    model: Any
    label: SQLColumnExpression[str] | None = None

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind(Generic[R]):
    """A kind of record. `key` is the plural segment of its addresses (`/admin/products`, `/api/products`) and its
    name in permissions (`products:write`). Its model may have a `slug` and an `archived_at`."""

    key: str
    model: type[R]
    singular: str
    plural: str
    label: SQLColumnExpression[str]
    """The column or expression that says what a record is called."""
    icon: str = ""
    section: str = ""
    """The section of the navigation that has its list."""
    words: str = ""
    """Other words under which the palette finds its list and its import."""
    parts: tuple[Part, ...] = ()
    """The tables of its records' parts, whose changes show in the record's history."""
    untold: frozenset[str] = frozenset()
    """Columns that the history leaves out: they are for the program's own use, and too long to read."""
    parent: Kind[Any] | None = None
    """The kind below whose records its own lie: the payments of an order. They have no pages unless `pages` says so,
    take the parent's permissions, and their list has a filter named after the parent, `order`."""
    path: str = ""
    """Its path in the API, where that isn't `/<key>`: `/virtual-assistants`. That of a parent's record comes first."""
    permissions: str = ""
    """The name of its permissions, where that is neither its key nor the parent's."""
    pages: Mapping[Side, str] | None = None
    """Where its pages begin, by audience. None is `/admin/<key>` for staff; an empty mapping is no pages."""
    managed: bool = False
    """Whether making and changing records takes `<key>:manage`, because `<key>:write` allows something less."""
    load_options: tuple[Any, ...] = ()
    """What is loaded with each record."""
    hydrate: Callable[[Sequence[R]], None] | None = None
    """Adds to many records at once what their answers have beyond their rows."""
    visible_to: Callable[[Any], Mapping[str, Any]] | None = None
    """The values of the list's filters that narrow it to what a person may see; empty for people who see everything."""
    audience: Side = STAFF
    """Whose pages the declaration is for (`met_by`)."""
    not_undone: str = ""
    """Where changes can't be undone, why, and what to do instead: a sentence for people."""

    @property
    def table(self) -> str:
        return str(cast("Any", self.model).__tablename__)

    @property
    def children(self) -> tuple[str, ...]:
        """The tables of its parts."""
        return tuple(part.table for part in self.parts)

    @property
    def api_path(self) -> str:
        return self.path or f"/{self.key}"

    def api_below(self, parent: Any) -> str:
        """The path of its list below that record of its parent's kind."""
        return self.api_path if self.parent is None else f"{self.parent.api_path}/{parent}{self.api_path}"

    @property
    def noun(self) -> str:
        """What a record is called in names: `change_order`."""
        return self.singular.replace(" ", "_")

    @property
    def read_permission(self) -> str:
        if self.parent is not None and not self.permissions:
            return self.parent.read_permission
        return f"{self.permissions or self.key}:read"

    @property
    def write_permission(self) -> str:
        if self.parent is not None and not self.permissions:
            return self.parent.write_permission
        return f"{self.permissions or self.key}:{'manage' if self.managed else 'write'}"

    @property
    def has_slug(self) -> bool:
        return hasattr(self.model, "slug")

    @property
    def is_archivable(self) -> bool:
        return hasattr(self.model, "archived_at")

    def base(self, audience: Side = STAFF) -> str:
        """Where the pages of this kind begin for an audience; nothing where there are none."""
        if self.pages is None:
            return f"/admin/{self.key}" if audience == STAFF and self.parent is None else ""
        return self.pages.get(audience, "")

    def url(self, record: R | UUID, audience: Side = STAFF) -> str:
        """The page of a record for an audience; nothing where there is none."""
        base = self.base(audience)
        return f"{base}/{record if isinstance(record, UUID) else cast('Any', record).id}" if base else ""

    def met_by(self, audience: Side) -> Kind[R]:
        """The kind as another audience has it: with the addresses of their pages, and without undo."""
        return self if audience == STAFF else replace(self, pages={STAFF: self.base(audience)}, audience=audience)

    def held_to(self, person: Any) -> Mapping[str, Any]:
        """What narrows its list to what the person sees."""
        return {} if self.visible_to is None else self.visible_to(person)

    def held_below(self, parent: Any) -> Mapping[str, Any]:
        """What narrows its list to what lies below a record of its parent's kind."""
        return {} if self.parent is None else {self.parent.noun: parent.id}

    def conditions_for(self, person: Any, below: Any = None) -> list[ColumnElement[bool]]:
        """What the person sees, and what lies below a record, as conditions for a query; none without either."""
        held = {**(self.held_to(person) if person is not None else {}), **(self.held_below(below) if below else {})}
        filters = {each.name: each for each in listing_of(self).spec.filters} if held else {}
        return [filters[name].clause(value) for name, value in held.items()]

    @property
    def is_named(self) -> bool:
        """Whether records have a name of their own; an engagement is named after its two sides."""
        return isinstance(self.label, InstrumentedAttribute)

    def name_of(self, record: R) -> str:
        """What the record is called."""
        if isinstance(self.label, InstrumentedAttribute):
            return str(getattr(record, self.label.key))
        session, model = object_session(record), cast("Any", self.model)
        found = session.scalar(select(self.label).where(model.id == cast("Any", record).id)) if session else None
        return str(found or self.singular)

    @property
    def undoable(self) -> bool:
        return self.audience == STAFF and self.filing is not None and self.filing.undo

    @property
    def listing(self) -> Listing | None:
        return _listings.get(self.key)

    @property
    def editing(self) -> Editing[R] | None:
        return _editings.get(self.key)

    @property
    def filing(self) -> Filing[R] | None:
        return _filings.get(self.key)

    def hydrated(self, record: R) -> R:
        """The record, with what its answer has beyond its row."""
        if self.hydrate is not None:
            self.hydrate([record])
        return record


@dataclass(frozen=True, eq=False)
class Listing:
    """The list of a kind, and what the API answers of one record."""

    kind: Kind[Any]
    spec: ListSpec
    output: type[BaseModel]
    _: KW_ONLY
    create_permission: str = ""
    """The permission that making a record takes, where it isn't the one for writing."""
    create_label: str = ""
    """The label of the button that makes a record, where it isn't “New product”."""

    @property
    def making_permission(self) -> str:
        return self.create_permission or self.kind.write_permission

    @property
    def making_label(self) -> str:
        return self.create_label or f"New {self.kind.singular}"


@dataclass(frozen=True)
class FieldGroup:
    """A titled part of the form, and the fields of the input schema in it."""

    title: str
    fields: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True)
class Cell:
    """How a field with records inside is written in one cell of a file. `read` raises ValueError, in words for people,
    for what it can't understand; `write` takes the value as `Editing.values` has it."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, eq=False)
class Editing(Generic[R, I]):
    """How a record is made and changed, by those operations that are given. Without a `form` no page does it."""

    kind: Kind[R]
    input: type[I]
    _: KW_ONLY
    body: type[Input] | None = None
    """What the API takes, where that is more than the form has."""
    form: tuple[FieldGroup, ...] = ()
    changes: type[Input] | None = None
    """What the API takes of a change, where that is less."""
    create: Create[I, R] | None = None
    create_below: CreateBelow[Any, R] | None = None
    """How a record is made below one of its kind's parent."""
    update: Update[R] | None = None
    archive: Act[R] | None = None
    restore: Act[R] | None = None
    delete: Act[R] | None = None
    getters: Mapping[str, Callable[[R], Any]] = field(default_factory=dict)
    """How to read an input field off a record, where it isn't the attribute of the same name."""
    composites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that an input field sets, where they are several."""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    """How fields with records inside are written in files and in words; those without a `Cell` are left out."""

    def values(self, record: R) -> dict[str, Any]:
        """The record as its input schema would take it: what a form shows and an export writes."""
        return {name: self._value(name, info, record) for name, info in self.input.model_fields.items()}

    def _value(self, name: str, info: FieldInfo, record: R) -> Any:
        if name in self.getters:
            return self.getters[name](record)
        value, row = getattr(record, name), row_of(info)
        return value if row is None else [{each: getattr(one, each) for each in row.model_fields} for one in value]

    def unpacked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Values of fields as the input schema takes them, where some may be written as in a file."""
        packed = {name: self.cells[name].read(value) for name, value in fields.items() if self._is_packed(name, value)}
        return {**fields, **packed}

    def _is_packed(self, name: str, value: Any) -> bool:
        return name in self.cells and isinstance(value, str)


@dataclass(frozen=True, eq=False)
class Filing(Generic[R, I]):
    """What is done to many records, and undone. Without an operation for many, `Editing`'s is called for each."""

    editing: Editing[R, I]
    _: KW_ONLY
    create_many: CreateMany[I, R] | None = None
    update_many: UpdateMany[R] | None = None
    archive_many: ActOnMany[R] | None = None
    restore_many: ActOnMany[R] | None = None
    bulk_fields: tuple[str, ...] = ()
    """Fields of the input that a bulk change may set; an amount may also be moved by percent."""
    imports: bool = True
    """Whether a file may add and change records."""
    rules: FileRules | None = None
    """How files are imported, where records aren't found by id, slug or name."""
    undo: bool = True
    """Whether changes can be undone: by restoring the row's old values, or as declared by `core/changes/rules.py`."""

    def __post_init__(self) -> None:
        refuse_entry(self.kind.model)
        refuse_states(self.kind.table, self.bulk_fields)

    @property
    def kind(self) -> Kind[R]:
        return self.editing.kind

    @property
    def input(self) -> type[I]:
        return self.editing.input

    @property
    def takes_bulk(self) -> bool:
        """Whether many records may be changed at once."""
        return self.editing.archive is not None or bool(self.bulk_fields)


_kinds: dict[str, Kind[Any]] = {}
_by_table: dict[str, Kind[Any]] = {}
_listings: dict[str, Listing] = {}
_editings: dict[str, Editing[Any, Any]] = {}
_filings: dict[str, Filing[Any, Any]] = {}


def register(part: P) -> P:
    """Make a declaration known; there is one of each for a kind."""
    places: dict[type, dict[str, Any]] = {Kind: _kinds, Listing: _listings, Editing: _editings, Filing: _filings}
    key = part.key if isinstance(part, Kind) else part.kind.key
    known = places[type(part)].setdefault(key, part)
    if known is not part:
        raise ValueError(f"there are two declarations {type(part).__name__} of {key!r}")
    if isinstance(part, Kind):
        if part.parent is None or part.table not in part.parent.children:
            _by_table[part.table] = part
        for table in part.children:
            _by_table.setdefault(table, part)
    return part


def every() -> Iterator[Kind]:
    yield from _kinds.values()


def listings() -> Iterator[Listing]:
    yield from _listings.values()


def get_kind(key: str | None) -> Kind:
    if (found := find_kind(key)) is None:
        raise NotFound(f"There is nothing called “{key}” here.")
    return found


def find_kind(key: str | None) -> Kind | None:
    return _kinds.get(key or "")


def listing_of(kind: Kind[Any]) -> Listing:
    return _known(kind.listing, "list", kind)


def editing_of(kind: Kind[R]) -> Editing[R]:
    return _known(kind.editing, "form", kind)


def filing_of(kind: Kind[R] | str | None) -> Filing[R]:
    """How many records of a kind are changed; takes its key as well."""
    kind = kind if isinstance(kind, Kind) else get_kind(kind)
    return _known(kind.filing, "file", kind)


def _known(part: T | None, what: str, kind: Kind[Any]) -> T:
    if part is None:
        raise NotFound(f"There is no {what} of {kind.plural}.")
    return part


def find_by_table(table: str) -> Kind | None:
    """The kind whose records, or parts of records, are in that table."""
    return _by_table.get(table)


def label_in(table: str) -> tuple[Any, SQLColumnExpression[str]] | None:
    """The model of a table and the label of its rows; None for rows without one."""
    kind = _by_table.get(table)
    if kind is None or kind.table == table:
        return (kind.model, kind.label) if kind else None
    part = next(part for part in kind.parts if part.table == table)
    return None if part.label is None else (part.model, part.label)


def name_of(record: Any) -> str:
    """What a record of any kind is called."""
    return _by_table[record.__tablename__].name_of(record)
