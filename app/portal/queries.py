from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session, scoped_session

from app.core import resources
from app.core.changes.models import ChangeSet, State
from app.core.resources import Resource

AnySession = Session | scoped_session[Session]

_COUNTS = text("""
    select table_name, sum(live)::bigint as live, sum(total)::bigint as total
      from data_versions where table_name = any(:tables) group by table_name
""")


@dataclass(frozen=True)
class Count:
    """How many records there are of a kind, archived ones apart."""

    resource: Resource
    live: int
    archived: int


def count_records(session: AnySession) -> list[Count]:
    """The counts of every resource, from the figures that the database keeps with each change."""
    every = list(resources.every())
    kept = {row.table_name: row for row in session.execute(_COUNTS, {"tables": [r.table for r in every]})}
    return [
        Count(r, kept[r.table].live, kept[r.table].total - kept[r.table].live) if r.table in kept else Count(r, 0, 0)
        for r in every
    ]


def list_undecided(session: AnySession, limit: int = 5) -> Sequence[ChangeSet]:
    """Imports and bulk changes that are under way, or wait for somebody to apply or discard them, newest first."""
    open_states = (State.PREPARING, State.PREVIEWED, State.QUEUED, State.RUNNING, State.FAILED)
    query = select(ChangeSet).where(ChangeSet.state.in_(open_states))
    return session.scalars(query.order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc()).limit(limit)).all()
