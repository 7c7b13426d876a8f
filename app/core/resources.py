"""What the house knows of each kind of record. A domain declares its resources once; the list pages, the forms, the
JSON API, the CSV export and import, bulk changes, history, undo and the command palette all read the declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn
from uuid import UUID

from pydantic import BaseModel

from app.core.errors import Conflict, NotFound
from app.core.ids import is_id
from app.core.lists import ListSpec
from app.core.schemas import Input


@dataclass(frozen=True)
class FieldGroup:
    """A titled part of the form, and the fields of the input schema in it."""

    title: str
    fields: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True)
class Cell:
    """How a field with records inside stands in one cell of a file: `read` raises ValueError, in words for people, for
    what it can't understand; `write` takes the value as `Resource.values` has it."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class FileRules:
    """How rows of files become records of a kind that has neither slug nor name."""

    examiner: Any
    """The class that decides what rows do: a kind of `core.changes.importing.Examiner`."""
    joined: frozenset[str] = frozenset()
    """Input fields that several columns may hold together, such as first and last name."""
    numbers: frozenset[str] = frozenset()
    """Text fields of the input that may be written as numbers, such as hours."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The fields of columns that an export calls otherwise."""
    refers: Mapping[str, str] = field(default_factory=dict)
    """The tables of which input fields of examined rows hold ids, so that they can be told by name."""
    claim: Callable[[Any], None]
    """Locks what new records need before any is written; it takes the condition on `ChangeRow` for their rows."""
    arrived: Callable[[Sequence[Any]], Sequence[str]]
    """Of inputs for new records, why each can't be made any more since its preview; nothing where it can."""
    about: str
    """What the page of the import says of the files that it takes."""
    help: tuple[str, ...]
    """How the page says that rows are read."""
    example: Mapping[str, str]
    """A row, for the page."""


def unsupported(*_: Any, **__: Any) -> NoReturn:
    """The operation that a kind of record doesn't have."""
    raise Conflict("This can't be done with a record of this kind.")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One kind of record.

    `key` is the plural URL segment (`/admin/products`, `/api/products`) and the resource in permission names
    (`products:write`). `create`, `update`, `archive` and `restore` are the domain's operations: they take the actor by
    name, flush, and never commit. Its model has a `name`, and `slug` and `archived_at` or not.
    """

    key: str
    model: Any
    singular: str
    plural: str
    icon: str
    listing: ListSpec
    input: type[Input]
    output: type[BaseModel]
    form: tuple[FieldGroup, ...]
    create: Callable[..., Any] = unsupported
    update: Callable[..., Any]
    archive: Callable[..., Any] = unsupported
    restore: Callable[..., Any] = unsupported
    load_options: tuple[Any, ...] = ()
    create_many: Callable[..., list[Any]] | None = None
    """`create` for a sequence of inputs at once, where an import wants it."""
    update_many: Callable[..., Any] | None = None
    """`update` for a sequence of pairs of a record and its changes; `archive_many` and `restore_many` take records.
    Where there is none, a change of many records goes one by one."""
    archive_many: Callable[..., Any] | None = None
    restore_many: Callable[..., Any] | None = None
    bulk_fields: tuple[str, ...] = ()
    """Fields of the input schema that a bulk change may set; an amount may also be moved by percent."""
    importable: bool = True
    """Whether a CSV file may add and change records. A field with records inside stays out of it."""
    children: tuple[str, ...] = ()
    """Tables whose rows are parts of a record (`offerings`); their changes show in the record's history."""
    undoable: bool = True
    """Whether changes can be undone: by putting the old values into the row, or as `core/changes/rules.py` was told."""
    not_undone: str = ""
    """Where they can't, why, and what to do instead: a sentence for people."""
    ready: Callable[[Sequence[Any]], None] | None = None
    """Gives records, many at once, what their answers tell beyond their rows."""
    path: str = ""
    """Its path in the API, where that isn't `/<key>`: `/virtual-assistants`."""
    managed: bool = False
    """Whether making and changing records is for those who manage them: others' writing means something less."""
    section: str = "Catalogue"
    """Where it stands in the navigation."""
    create_permission: str = ""
    """What making one needs, where that is another permission than writing."""
    create_label: str = ""
    """What the button says that makes one: “New product” unless another is given."""
    value_of: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """How to read an input field off a record, where it isn't the attribute of the same name."""

    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that an input field stands for, where it has several."""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    """How fields with records inside stand in a file, and in words; others of them stay out of it."""
    files: FileRules | None = None
    """How files are imported, where records aren't found by id, slug or name."""

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    @property
    def api_path(self) -> str:
        return self.path or f"/{self.key}"

    @property
    def read_permission(self) -> str:
        return f"{self.key}:read"

    @property
    def write_permission(self) -> str:
        return f"{self.key}:{'manage' if self.managed else 'write'}"

    @property
    def making_permission(self) -> str:
        return self.create_permission or self.write_permission

    @property
    def making_label(self) -> str:
        return self.create_label or f"New {self.singular}"

    @property
    def is_archivable(self) -> bool:
        return self.archive is not unsupported

    @property
    def has_slug(self) -> bool:
        return hasattr(self.model, "slug")

    @property
    def is_named(self) -> bool:
        """Whether its records can be looked up by a name of their own; an engagement is called by its two sides."""
        return "name" in self.model.__mapper__.all_orm_descriptors

    @property
    def takes_bulk(self) -> bool:
        """Whether many of them may be changed at once."""
        return self.is_archivable or bool(self.bulk_fields)

    def readied(self, record: Any) -> Any:
        """The record, with what its answer tells beyond its row."""
        if self.ready is not None:
            self.ready([record])
        return record

    def values(self, record: Any) -> dict[str, Any]:
        """The record as its input schema would take it: what a form shows and an export writes."""
        return {
            name: self.value_of[name](record) if name in self.value_of else getattr(record, name)
            for name in self.input.model_fields
        }

    def unpacked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Values of fields as the input schema takes them, where some may stand as in a file."""
        packed = {name: self.cells[name].read(value) for name, value in fields.items() if self._is_packed(name, value)}
        return {**fields, **packed}

    def _is_packed(self, name: str, value: Any) -> bool:
        return name in self.cells and isinstance(value, str)


_resources: dict[str, Resource] = {}


def register(resource: Resource) -> Resource:
    if _resources.get(resource.key, resource) is not resource:
        raise ValueError(f"two resources are called {resource.key!r}")
    _resources[resource.key] = resource
    return resource


def every() -> Iterator[Resource]:
    yield from _resources.values()


def get_resource(key: str) -> Resource:
    try:
        return _resources[key]
    except KeyError:
        raise NotFound(f"There is nothing called “{key}” here.") from None


def find_by_table(table: str) -> Resource | None:
    return next((r for r in _resources.values() if r.table == table or table in r.children), None)


def reference(value: str) -> UUID | str:
    """What a path names a record by: its id, or else its slug."""
    return UUID(value) if is_id(value) else value
