"""The distinct values of an indexed column."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session


def distinct_values(
    session: Session | scoped_session[Session], column: InstrumentedAttribute[Any], prefix: str = "", limit: int = 50
) -> Sequence[Any]:
    """The values of `column` that begin with `prefix`, in order; one step through its index for each."""
    end = prefix + "\U0010ffff"
    first = select(column).where(column >= prefix, column <= end).order_by(column).limit(1)
    steps = select(first.scalar_subquery().label("value")).cte("steps", recursive=True)
    following = select(column).where(column > steps.c.value, column <= end).order_by(column).limit(1)
    steps = steps.union_all(select(following.scalar_subquery()).where(steps.c.value.is_not(None)))
    return session.scalars(select(steps.c.value).where(steps.c.value.is_not(None)).limit(limit)).all()
