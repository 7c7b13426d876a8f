"""The distinct values of an indexed column."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, Text, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session


def distinct_values(
    session: Session | scoped_session[Session], column: InstrumentedAttribute[Any], prefix: str = "", limit: int = 50
) -> Sequence[Any]:
    """The values of `column` that begin with `prefix`, in order; one step through its index for each."""
    found = session.scalars(_walk(column), {"prefix": prefix, "end": f"{prefix}\U0010ffff", "limit": limit})
    return found.all()


@cache
def _walk(column: InstrumentedAttribute[Any]) -> Select[Any]:
    prefix, end = bindparam("prefix", type_=Text), bindparam("end", type_=Text)
    first = select(column).where(column >= prefix, column <= end).order_by(column).limit(1)
    steps = select(first.scalar_subquery().label("value")).cte("steps", recursive=True)
    following = select(column).where(column > steps.c.value, column <= end).order_by(column).limit(1)
    steps = steps.union_all(select(following.scalar_subquery()).where(steps.c.value.is_not(None)))
    return select(steps.c.value).where(steps.c.value.is_not(None)).limit(bindparam("limit", type_=Integer))
