"""A list as a page asks for it: the query string read, what is wrong with it told, the addresses of its variants."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import request
from pydantic import ValidationError

from app.core.errors import FieldError
from app.core.lists import BadCursor, Column, Filter, ListQuery, ListSpec, Page, as_typed_in, fetch, query_schema
from app.core.lists.conditions import for_staff
from app.core.suggestions import suggest
from app.core.validation import field_errors
from app.extensions import db
from app.web.way_back import tail

Asked = dict[str, str]


@dataclass
class Listed:
    """What the list page shows. `asked` holds the parameters as they were typed, `wrong` those that can't be used."""

    spec: ListSpec
    base: str
    page: Page
    asked: Asked
    wrong: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    status: int = 200
    takes: Collection[str] = ()
    settled: frozenset[str] = frozenset()
    """The filters that are held for the reader; a column of what they settle is left out."""

    @property
    def columns(self) -> Sequence[Column]:
        return [column for column in self.spec.columns if column.shown and column.settled_by not in self.settled]

    @property
    def filters(self) -> Sequence[Filter]:
        return [each for each in self.spec.filters if each.name in self.takes]

    @property
    def query(self) -> ListQuery:
        return self.page.query

    @property
    def narrowed(self) -> bool:
        """Whether anything but the kind of record narrows the list."""
        return any(name not in ("sort", "limit", "archived", "cursor") for name in self.asked)

    def address(self, path: str = "", **changes: str | None) -> str:
        """The address of the same list, from its first page on, with other parameters; None takes one away."""
        params = {name: value for name, value in self.asked.items() if name != "cursor" and name not in self.wrong}
        params.update({name: value for name, value in changes.items() if value})
        params = {name: value for name, value in params.items() if changes.get(name, "") is not None}
        return f"{self.base}{path}?{urlencode(params)}" if params else f"{self.base}{path}"

    @property
    def tail(self) -> str:
        """What the addresses of its records end in, so that the way back leads to this very list."""
        return tail(urlsplit(self.canonical).query)

    def cursor_address(self, cursor: str) -> str:
        return self.address(cursor=cursor)

    @property
    def canonical(self) -> str:
        return self.address(cursor=self.asked.get("cursor"))

    def direction(self, column: Column) -> str | None:
        """Which way the column sorts the list now, if it does."""
        asked = self.query.sort
        if asked.removeprefix("-") != column.sort:
            return None
        return "desc" if asked.startswith("-") else "asc"

    def sort_address(self, column: Column) -> str:
        """The list sorted by the column: times newest first, all else upward; a second time, the other way round."""
        first, second = (f"-{column.sort}", column.sort) if column.kind == "time" else (column.sort, f"-{column.sort}")
        return self.address(sort=second if self.query.sort == first else first)


def read_list(
    spec: ListSpec,
    base: str,
    *,
    names: Collection[str] | None = None,
    usual: Mapping[str, Any] | None = None,
    held: Mapping[str, Any] | None = None,
    options: Sequence[Any] | None = None,
    staff: bool = True,
) -> Listed:
    """Fetch what the request's query string asks for: the parameters `names`, or all. What makes no sense is left out,
    and told. `usual` holds where nothing is asked, `held` whatever is; with load `options`, the rows are the records.
    """
    schema, usual, held = query_schema(spec), usual or {}, held or {}
    apart = {*held, *(() if staff else for_staff(spec))}
    known = [name for name in schema.model_fields if name not in apart and (names is None or name in names)]
    asked = {name: value for name in known if (value := request.args.get(name, "").strip())}
    typed = as_typed_in(spec, asked)
    if "q" in asked and spec.searchable:
        usual = {name: value for name, value in usual.items() if name != "sort"}
    wrong, status, notice = {}, 200, ""
    try:
        query = schema.model_validate({**usual, **typed})
    except ValidationError as error:
        wrong, status = _by_name(field_errors(error)), 422
        right = {name: value for name, value in typed.items() if name not in wrong}
        query = schema.model_validate({**usual, **right})
    query = query.model_copy(update=dict(held))
    read = partial(fetch, db.session, spec, staff=staff, entities=options is not None, options=options or ())
    try:
        page = read(query)
    except BadCursor:
        del asked["cursor"]
        page = read(query.model_copy(update={"cursor": None}))
        status, notice = 400, "That page of the list is no longer there. This is the first."
    return Listed(spec, base, page, asked, wrong, notice, status, known, frozenset(held))


def _by_name(errors: Sequence[FieldError]) -> dict[str, str]:
    return {error.pointer.split("/")[1]: error.message for error in errors}


def offered_values(filters: Sequence[Filter]) -> dict[str, Sequence[str]]:
    """The values that each filter's control suggests."""
    return {f.name: suggest(db.session, f.suggest, limit=200) for f in filters if f.suggest}


def label_of(spec: ListSpec, name: str) -> str:
    known: dict[str, Any] = {f.name: f.label for f in spec.filters}
    return str(known.get(name) or {"q": "Search", "limit": "Rows", "cursor": "Page"}.get(name, name.capitalize()))
