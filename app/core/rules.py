"""Rules that the database enforces (checks, keys, exclusions, triggers), and the errors that stand for them.

A domain says which of its errors stands for a rule, by a decorator on the error's class:
`@enforces("time_off_no_overlap_excl", says="…")`. For the others, the message is made from the schema: which columns,
and what is wrong with them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from app.core.db import Base
from app.core.errors import Conflict, DomainError, FieldError, Invalid

E = TypeVar("E", bound=type[DomainError])


@dataclass(frozen=True)
class _Named:
    error: type[DomainError]
    says: str
    at: Mapping[str, str] = field(default_factory=dict)


_NAMED: dict[str, _Named] = {}

_TAKEN: Mapping[str, str] = {
    "slug": "This slug",
    "username": "This user name",
    "email": "This address",
    "user_id": "This account",
}
_WRONG: Mapping[str, str] = {
    "length": "is empty or too long",
    "range": "is out of range",
    "form": "isn’t in the right form",
    "tidy": "has blanks or signs that texts of one line don’t have",
    "count": "has too many entries",
    "known": "isn’t one that is taken here",
}
"""What is wrong with a column, by the last word of a check's name."""


def enforces(*names: str, says: str = "", at: Mapping[str, str] | None = None) -> Callable[[E], E]:
    """For the class of an error: a refusal of the database by one of these rules becomes this error.

    `says` is its message; without one it is the trigger's own, which is written for people. `at` has messages by field.
    """

    def register(error: E) -> E:
        _NAMED.update(dict.fromkeys(names, _Named(error, says, at or {})))
        return error

    return register


def broken(name: str, table_name: str, message: str) -> DomainError | None:
    """The error for a rule that a domain has named, or that the schema explains. `message` is the database's."""
    if named := _NAMED.get(name):
        errors = [FieldError(f"/{where}", said, named.error.code) for where, said in named.at.items()]
        return named.error.saying(named.says or message, errors=errors)
    table = Base.metadata.tables.get(table_name)
    return None if table is None else _by_schema(name, table)


def _by_schema(name: str, table: Table) -> DomainError | None:
    if name in (checks := _checks_of(table)):
        return _invalid(name, checks[name])
    by_name = (column for column in table.c.keys() if name == f"{table.name}_{column}_key")  # noqa: SIM118
    columns = _keys_of(table).get(name) or tuple(by_name)
    return _taken(columns) if columns else None


@cache
def _checks_of(table: Table) -> dict[str, tuple[str, ...]]:
    """The columns of each check."""
    checks = (rule for rule in table.constraints if isinstance(rule, CheckConstraint))
    return {str(rule.name): _named_in(str(rule.sqltext), table) for rule in checks}


@cache
def _keys_of(table: Table) -> dict[str, tuple[str, ...]]:
    """The columns of each key and unique index."""
    keys = (rule for rule in table.constraints if isinstance(rule, UniqueConstraint))
    indexes = (index for index in table.indexes if index.unique)
    rules: tuple[UniqueConstraint | Index, ...] = (*keys, *indexes)
    return {str(rule.name): tuple(column.name for column in rule.columns) for rule in rules}


def _named_in(sql: str, table: Table) -> tuple[str, ...]:
    words = dict.fromkeys(re.findall(r"\w+", re.sub(r"'[^']*'", "", sql)))
    return tuple(word for word in words if word in table.c)


def _invalid(name: str, columns: tuple[str, ...]) -> Invalid:
    if len(columns) != 1:
        return Invalid(f"{_list(columns)} don’t go together.")
    last = name.removesuffix("_check").rpartition("_")[2]
    return Invalid(f"{_label(columns[0])} {_WRONG.get(last, 'isn’t one of what is allowed')}.", at=f"/{columns[0]}")


def _taken(columns: tuple[str, ...]) -> Conflict:
    if len(columns) > 1:
        return Conflict(f"There is one with the same {_list(columns).lower()} already.")
    return Conflict(
        f"{_TAKEN.get(columns[0], _label(columns[0]))} is taken. Choose another.", at=f"/{columns[0]}", wrong="taken"
    )


def _list(columns: tuple[str, ...]) -> str:
    *most, last = columns
    return f"{', '.join(map(_label, most))} and {_label(last)}".removeprefix(" and ").capitalize()


def _label(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ").capitalize()
