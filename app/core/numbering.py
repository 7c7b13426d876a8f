"""Numbers without gaps, for documents that must be consecutive: a series per company, kind and scope (such as a year).

A number is drawn in the transaction that uses it. The next writer of the series waits until that transaction ends, and
gets the same number if it was rolled back. So draw it late, as the last lock. Different series don't wait for each
other.
"""

import re
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, aliased, mapped_column

from app.core.db import MERGING, Base
from app.core.ids import new_id
from app.extensions import db


class NumberSeries(Base):
    """The last number of a series that was drawn."""

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


def join_series(client_id: UUID, into: UUID) -> Sequence[UUID]:
    """Of series that both companies have, let that of `into` go on behind the larger number, so that none is given
    twice once they are one. The ids of the others of the first company, which can be handed over as they are."""
    theirs = update(NumberSeries).where(NumberSeries.client_id == into)
    own = aliased(NumberSeries)
    same = (own.client_id == client_id, own.kind == NumberSeries.kind, own.scope == NumberSeries.scope)
    joined = theirs.where(*same).values(last=func.greatest(NumberSeries.last, own.last))
    shared = db.session.execute(joined.returning(NumberSeries.kind, NumberSeries.scope)).all()
    apart = select(NumberSeries.id).where(NumberSeries.client_id == client_id)
    return db.session.scalars(
        apart.where(tuple_(NumberSeries.kind, NumberSeries.scope).not_in([tuple(one) for one in shared]))
    ).all()


_PLACE = re.compile(r"\{(year|month|number)(?::0([1-9]))?\}")


def written(template: str, number: int, on: date) -> str:
    """The number in the form of the template: `{year}-{number:06}` makes 2026-000123."""
    values = {"year": on.year, "month": on.month, "number": number}
    return _PLACE.sub(lambda place: f"{values[place[1]]:0{place[2] or 1}}", template)


def is_template(text: str) -> bool:
    """Whether it contains the number, and no placeholders but the known ones."""
    return "number" in {place[1] for place in _PLACE.finditer(text)} and not set("{}") & set(_PLACE.sub("", text))
