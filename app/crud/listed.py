"""A list as a page asks for it: the query string read, what is wrong with it told, the addresses of its variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import request
from pydantic import ValidationError

from app.core.errors import FieldError
from app.core.kinds import Kind, listing_of
from app.core.lists import BadCursor, Column, Filter, ListQuery, ListSpec, Page, as_typed_in, fetch, query_schema
from app.core.suggestions import suggest
from app.core.validation import field_errors
from app.extensions import db
from app.web.way_back import tail

Asked = dict[str, str]


@dataclass
class Listed:
    """What the list page shows. `asked` holds the parameters as they were typed, `wrong` those that can't be used."""

    kind: Kind
    page: Page
    asked: Asked
    wrong: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    status: int = 200

    @property
    def spec(self) -> ListSpec:
        return listing_of(self.kind).spec

    @property
    def base(self) -> str:
        return self.kind.base()

    @property
    def columns(self) -> Sequence[Column]:
        return [column for column in self.spec.columns if column.shown]

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


def read_list(kind: Kind) -> Listed:
    """Fetch what the request's query string asks for. What makes no sense is left out, and told."""
    spec = listing_of(kind).spec
    schema = query_schema(spec)
    asked = {name: value for name in schema.model_fields if (value := request.args.get(name, "")).strip()}
    typed = as_typed_in(spec, asked)
    wrong, status = {}, 200
    try:
        query = schema.model_validate(typed)
    except ValidationError as error:
        wrong, status = _by_name(field_errors(error)), 422
        query = schema.model_validate({name: value for name, value in typed.items() if name not in wrong})
    try:
        page = fetch(db.session, spec, query, staff=True)
    except BadCursor:
        del asked["cursor"]
        page = fetch(db.session, spec, query.model_copy(update={"cursor": None}), staff=True)
        return Listed(kind, page, asked, wrong, "That page of the list is no longer there. This is the first.", 400)
    return Listed(kind, page, asked, wrong, status=status)


def _by_name(errors: Sequence[FieldError]) -> dict[str, str]:
    return {error.pointer.split("/")[1]: error.message for error in errors}


def offered_values(filters: Sequence[Filter]) -> dict[str, Sequence[str]]:
    """The values that each filter's control suggests."""
    return {f.name: suggest(db.session, f.suggest, limit=200) for f in filters if f.suggest}


def label_of(kind: Kind, name: str) -> str:
    known: dict[str, Any] = {f.name: f.label for f in listing_of(kind).spec.filters}
    return str(known.get(name) or {"q": "Search", "limit": "Rows", "cursor": "Page"}.get(name, name.capitalize()))
