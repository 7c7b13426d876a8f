"""What a list is declared with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_origin

from sqlalchemy import ColumnElement, SQLColumnExpression

Kind = Literal["link", "text", "money", "number", "time", "date", "percent", "tags", "badge", "state", "icon", "flag"]
RELEVANCE = "relevance"
"""The sort of a search that has the best match first."""

Control = Literal["text", "choice", "amount", "flag", "reference", "day"]


@dataclass(frozen=True, eq=False)
class Column:
    """A column of the list. `name` is the row's key and the export's header; `sort` names the sort its header toggles.

    `shown=False` keeps it off the page but in the export; `wide=True` drops it on narrow screens. `link` is the cell
    that leads to the record. A `money` cell takes its currency from the row's `currency`; a `percent` is a share of 1.
    `settled_by` names a filter: where it is held for the reader, as a company's is to its own rows, the column says
    nothing and is left out.
    """

    name: str
    label: str
    expression: SQLColumnExpression[Any]
    kind: Kind = "text"
    sort: str | None = None
    shown: bool = True
    wide: bool = False
    settled_by: str = ""


@dataclass(frozen=True, eq=False)
class Filter:
    """A query parameter that narrows the list. `annotation` is the pydantic type of its value; `suggest` names the
    values that the control offers; a `reference` is drawn where an address has set it; a filter with `staff_only` is
    refused to others."""

    name: str
    label: str
    annotation: Any
    clause: Callable[[Any], ColumnElement[bool]]
    control: Control = "text"
    suggest: str | None = None
    staff_only: bool = False
    in_index: Callable[[Any], bool] | None = None
    """In a log (`ListSpec.is_log`): whether an index that has the rows in order has them by this value, too."""

    @property
    def has_fixed_values(self) -> bool:
        """Whether its values are words of the program's, which people read by their labels."""
        return get_origin(self.annotation) is Literal


@dataclass(frozen=True, eq=False)
class Sort:
    """A sort that the caller may ask for, as `name` or `-name`. The expression is never null (a record without a day
    sorts as `infinity`) and has an index that goes on with `id`, which breaks ties in the same direction."""

    name: str
    label: str
    expression: SQLColumnExpression[Any]


@dataclass(frozen=True, eq=False)
class ListSpec:
    """A list of one kind of record. Where `searchable`, its table has the column `search` (a `tsvector`, config
    `diglit`, the words of the label with weight A; GIN indexes on all words and on those of the label). Archived rows
    are left out unless the query asks for them (`include_archived`, staff only)."""

    model: Any
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    sorts: tuple[Sort, ...]
    default_sort: str = "-created_at"
    depends_on: tuple[str, ...] = ()
    """Other tables whose rows stand in the columns or filters."""
    searchable: bool = True
    words_are_public: bool = True
    """Whether the table teaches `search_words`, so that a search may be put right by words that its rows have. One of
    people's names does not: what anybody types in the catalogue would be put right by them."""

    read_by_all: bool = False
    """Whether everybody sees every row, although rows belong to a user or a company."""
    is_kept: bool = True
    """Whether its pages may be kept in memory: not where a column shows rows that nobody counts, as those of a log."""
    is_log: bool = False
    """Whether it is a log: rows by the million, sorted by their ids and thereby by time, in a table that isn't audited
    and whose rows nobody counts (`logs.py`)."""

    @property
    def label(self) -> Any:
        """What a row is called: the column that leads to its page."""
        return next(column.expression for column in self.columns if column.kind == "link")

    @property
    def is_archivable(self) -> bool:
        return hasattr(self.model, "archived_at")

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    def sort_of(self, asked: str) -> tuple[Sort, bool]:
        """The sort that a `sort` parameter names, and whether it goes downward: for `relevance` the default one, in
        which those are that match equally well."""
        asked = asked if asked != RELEVANCE else self.default_sort
        name = asked.removeprefix("-")
        return next(sort for sort in self.sorts if sort.name == name), asked.startswith("-")


def date_columns(model: Any, *, shown: str) -> tuple[Column, Column]:
    """When each was made and changed; the one that is `shown` (`created_at`, `updated_at`) stands on wide pages."""
    return _date(model.created_at, "Created", shown), _date(model.updated_at, "Changed", shown)


def date_sorts(model: Any) -> tuple[Sort, Sort]:
    return Sort("created_at", "Created", model.created_at), Sort("updated_at", "Changed", model.updated_at)


def _date(moment: Any, label: str, shown: str) -> Column:
    name = str(moment.key)
    is_shown = name == shown
    return Column(name, label, moment, kind="time", sort=name, shown=is_shown, wide=is_shown)
