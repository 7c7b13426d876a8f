"""Fields of an answer that not every side sees: `Annotated[MoneyOut | None, NotFor(EXPERT)]` is null for experts.

Whoever writes such an answer passes a `Reader` as the context; the API does for all of its answers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from annotated_types import GroupedMetadata
from pydantic import BaseModel, WrapSerializer

from app.core.errors import Refused
from app.core.lists import ListQuery
from app.core.schemas import JsonSchemaExtra
from app.core.sides import Side

_PEOPLE: Mapping[Side, str] = {"staff": "staff", "company": "companies", "expert": "experts"}


class Reader(Protocol):
    """Who reads an answer."""

    @property
    def side(self) -> Side: ...


@dataclass(frozen=True)
class NotFor(GroupedMetadata):
    """A field, which may be None, that is null for one side."""

    side: Side

    def __iter__(self) -> Iterator[object]:
        yield WrapSerializer(
            lambda value, write, info: None if info.context.side == self.side else write(value), when_used="json"
        )
        yield JsonSchemaExtra(description=f"Null for {_PEOPLE[self.side]}.")


@cache
def fields_withheld(output: type[BaseModel]) -> Mapping[str, Side]:
    """The fields that are withheld, and from which side."""
    said = ((name, item) for name, info in output.model_fields.items() for item in info.metadata)
    return {name: item.side for name, item in said if isinstance(item, NotFor)}


def refuse_what_is_withheld(output: type[BaseModel], query: ListQuery, reader: Reader) -> None:
    """Raise `Refused` if the query sorts by what the reader doesn't see: the order would tell it."""
    name = query.sort.removeprefix("-")
    withheld = fields_withheld(output)
    if name in withheld and withheld[name] == reader.side:
        raise Refused(f"Your role can't sort by “{name}”.")
