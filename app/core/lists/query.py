"""The query parameters of a list, as one pydantic model for the API, its documentation, the pages and the export."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic.json_schema import SkipJsonSchema

from app.core.amounts import as_typed
from app.core.lists.spec import RELEVANCE, ListSpec
from app.core.names import tidy
from app.core.numbers import Whole

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
MAX_SEARCH_LENGTH = 200

Archived = Literal["active", "archived", "all"]


class ListQuery(BaseModel):
    """What every list takes. An empty parameter counts as absent; a page passes over an unknown one."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, allow_inf_nan=False, frozen=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many rows to answer with."), Whole] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(description="Where to go on: taken from a `Link` header of the same list.")] = (
        None
    )
    sort: str
    q: Annotated[str | None, Field(max_length=MAX_SEARCH_LENGTH, description="Words to search for.")] = None
    include_archived: Annotated[bool, Field(description="Show archived rows, too. Staff only.")] = False
    archived: Annotated[
        Archived | None, Field(description="Which rows to show; overrides `include_archived`. Staff only.")
    ] = None

    @property
    def shows(self) -> Archived:
        """Which rows the query asks for, by whether they are archived."""
        return self.archived or ("all" if self.include_archived else "active")

    @property
    def is_ranked(self) -> bool:
        """Whether the best match comes first."""
        return self.sort == RELEVANCE and self.q is not None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        values = {name: _storable(value) for name, value in given.items()}
        values = {name: value for name, value in values.items() if value is not None and value != ""}
        if "q" in values and RELEVANCE in get_args(cls.model_fields["sort"].annotation):
            values.setdefault("sort", RELEVANCE)
        return values


def _storable(value: Any) -> Any:
    """The text as names are stored, without what the database can't hold: control characters become spaces."""
    if isinstance(value, list):
        return [text for text in map(_storable, value) if text != ""] or None
    if not isinstance(value, str):
        return value
    return tidy("".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in value))


_IGNORED = (
    Annotated[None, SkipJsonSchema(), BeforeValidator(lambda _: None)],  # type: ignore[type-arg]
    Field(default=None, exclude=True),
)
"""A parameter that other lists take and this one doesn't: for this one it is unknown."""


def _without_default(schema: dict[str, Any]) -> None:
    """What is meant where nothing is said depends on the search; a client that fills in a default would undo it."""
    schema.pop("default", None)


def as_typed_in(spec: ListSpec, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters with amounts and numbers plain that somebody typed: what a page hands to the query's schema."""
    amounts = {filter_.name for filter_ in spec.filters if filter_.control == "amount"}
    return {name: as_typed(value) if name in amounts else value for name, value in given.items()}


@cache
def query_schema(spec: ListSpec) -> type[ListQuery]:
    """The model of the list's query parameters: validates them, and documents them in OpenAPI."""
    names = [name for sort in spec.sorts for name in (sort.name, f"-{sort.name}")]
    about = "What to order by; with a minus, downward."
    if spec.searchable:
        names.append(RELEVANCE)
        about = f"{about} Left out: `{RELEVANCE}` with `q`, the best match first, and else `{spec.default_sort}`."
    sort = Field(
        default=spec.default_sort, description=about, json_schema_extra=_without_default if spec.searchable else None
    )
    fields: dict[str, Any] = {"sort": (Literal[tuple(names)], sort)}
    if not spec.is_archivable:
        fields["include_archived"] = fields["archived"] = _IGNORED
    if not spec.searchable:
        fields["q"] = _IGNORED
    for filter_ in spec.filters:
        about = f"{filter_.label}{'. Staff only.' if filter_.staff_only else ''}"
        fields[filter_.name] = (filter_.annotation | None, Field(default=None, title=filter_.label, description=about))
    return create_model(f"{spec.model.__name__}ListQuery", __base__=ListQuery, **fields)


@cache
def query_schema_below(spec: ListSpec, *apart: str) -> type[ListQuery]:
    """The same for the part of the list below another record's address: the filters `apart` are none of its parameters.
    Whoever answers sets them, by `query.model_copy(update={"project": project.id})`."""
    name = f"{spec.model.__name__}Below{apart[0].title()}ListQuery"
    return create_model(name, __base__=query_schema(spec), **dict.fromkeys(apart, _IGNORED))  # type: ignore[call-overload, no-any-return]
