"""Numbers without gaps: of documents that must follow each other, in a series per company, kind and what else it counts
by (a year, a project).

A number is given within the transaction that uses it, and belongs to it from then on: the next writer of the series
waits for its end, and gets the same number where it was rolled back. So it is taken late, as the last lock. Different
series don't wait for each other.
"""

import re
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import MERGING, Base
from app.core.ids import new_id
from app.extensions import db


class NumberSeries(Base):
    """The last number that was given in a series."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("client_id", "kind", "scope"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id", ondelete="RESTRICT", info={MERGING: "rewrite"}))
    kind: Mapped[str]
    scope: Mapped[str] = mapped_column(default="", server_default="")
    last: Mapped[int]


def next_number(client_id: UUID, kind: str, scope: str = "") -> int:
    """The next number of the series, from 1 on."""
    first = insert(NumberSeries).values(id=new_id(), client_id=client_id, kind=kind, scope=scope, last=1)
    following = first.on_conflict_do_update(
        index_elements=["client_id", "kind", "scope"], set_={"last": NumberSeries.last + 1}
    )
    return db.session.execute(following.returning(NumberSeries.last)).scalar_one()


_PLACE = re.compile(r"\{(year|month|number)(?::0([1-9]))?\}")


def written(template: str, number: int, on: date) -> str:
    """The number as a template has it: `{year}-{number:06}` makes 2026-000123."""
    values = {"year": on.year, "month": on.month, "number": number}
    return _PLACE.sub(lambda place: f"{values[place[1]]:0{place[2] or 1}}", template)


def is_template(text: str) -> bool:
    """Whether it has the number in it, and no place but those that there are."""
    return "number" in {place[1] for place in _PLACE.finditer(text)} and not set("{}") & set(_PLACE.sub("", text))
