"""Lists of what the program itself has, such as the types of events: paged by their names, as all lists are."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.operation import Answer
from app.api.paging import page_answer
from app.core.lists import BadCursor, Page
from app.core.lists.query import DEFAULT_LIMIT, MAX_LIMIT
from app.core.numbers import Whole


class FixedListQuery(BaseModel):
    """What such a list takes."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many to answer with."), Whole] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(description="Where to go on: taken from a `Link` header of the same list.")] = (
        None
    )
    sort: Annotated[Literal["name", "-name"], Field(description="What to order by; with a minus, downward.")] = "name"


def fixed_answer(by_name: Mapping[str, Any], query: FixedListQuery) -> Answer:
    """The page that is asked for of things that are known by their names. Raises `BadCursor`."""
    names = sorted(by_name, reverse=query.sort == "-name")
    if query.cursor is not None:
        last = _read(query.cursor, query.sort)
        names = [name for name in names if (name < last if query.sort == "-name" else name > last)]
    shown = names[: query.limit]
    more = _write(shown[-1], query.sort) if len(names) > len(shown) else None
    page = Page([by_name[name] for name in shown], len(by_name), True, more, None, query)  # type: ignore[arg-type]
    return page_answer(page, exact_asked=False)


def _write(name: str, sort: str) -> str:
    return urlsafe_b64encode(f"{sort} {name}".encode()).decode().rstrip("=")


def _read(cursor: str, sort: str) -> str:
    try:
        told, _, name = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode().partition(" ")
    except ValueError:
        raise BadCursor from None
    if told != sort or not name:
        raise BadCursor
    return name
