"""What migrations say again and again, in SQL. What a released migration takes from here stays as it is."""

from collections.abc import Iterable

RECORD = """
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1"""
"""The columns of a `Record` besides its id."""

ENTRY = """
            created_at timestamptz not null"""
"""The column of an `Entry` besides its id."""

SLUG = "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 140"
CURRENCY = "is_currency(currency)"


def one_of(column: str, values: Iterable[str]) -> str:
    """The check that a column has one of the values, such as a state of those that the model names."""
    quoted = ", ".join("'{}'".format(value.replace("'", "''")) for value in values)
    return f"{column} in ({quoted})"
