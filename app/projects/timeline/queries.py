"""All projects along the calendar, by team or by client: what the staff's timeline shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, literal, select, tuple_

from app.core.names import by_name
from app.core.ranking import has_in_name
from app.extensions import db
from app.identity.models import Client
from app.projects.models import Deliverable, Project
from app.projects.teams.models import Team

By = Literal["team", "client"]

SHOWN = ("requested", "planned", "active", "on_hold")
GROUPS, BARS = 15, 10
"""Groups on a page, and projects in one before it only tells how many more there are."""


@dataclass(frozen=True)
class Bar:
    """A project on the timeline. `done` of `total` deliverables are approved."""

    id: UUID
    name: str
    other: str
    """The client where teams are the groups, and the other way round."""
    status: str
    start_date: date
    end_date: date
    budget: Decimal | None
    spent: Decimal
    currency: str
    done: int
    total: int

    @property
    def progress(self) -> float:
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True)
class Group:
    """A team or a client, with the projects that reach into the time shown. `id` is None for those without a team."""

    id: UUID | None
    name: str
    count: int
    bars: list[Bar] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.bars)


@dataclass(frozen=True)
class Asked:
    """What the timeline is to show."""

    first: date
    last: date
    by: By = "team"
    status: str = ""
    q: str = ""
    after: tuple[str, UUID] | None = None


@dataclass(frozen=True)
class Timeline:
    groups: list[Group]
    total: int
    """How many projects reach into the time shown, on all pages."""
    next: tuple[str, UUID] | None


def read_timeline(asked: Asked) -> Timeline:
    """A page of groups in the order of their names, those without a team first, and the total, in three queries."""
    named = Team if asked.by == "team" else Client
    key = Project.team_id if asked.by == "team" else Project.client_id
    rows = _groups(asked, named, key)
    orphans = _without_team(asked) if asked.by == "team" and asked.after is None and not asked.q else 0
    total = (rows[0].total if rows else 0) + orphans
    page = rows[:GROUPS]
    groups = [Group(None, "No team yet", orphans)] if orphans else []
    groups += [Group(row.id, row.name, row.many) for row in page]
    bars = _bars(asked, key, [row.id for row in page], orphans=bool(orphans))
    filled = [Group(group.id, group.name, group.count, bars.get(group.id, [])) for group in groups]
    last = page[-1] if len(rows) > GROUPS else None
    return Timeline(filled, total, (last.sorted, last.id) if last else None)


def _shown(asked: Asked) -> ColumnElement[bool]:
    return and_(
        Project.status == asked.status if asked.status else Project.status.in_(SHOWN),
        Project.start_date <= asked.last,
        Project.end_date >= asked.first,
    )


def _groups(asked: Asked, named: Any, key: Any) -> Sequence[Row[Any]]:
    counted = select(key.label("key"), func.count().label("many")).where(_shown(asked)).group_by(key).subquery()
    sorted_ = by_name(named.name)
    matching = [has_in_name(db.session, named.name, asked.q)] if asked.q else []
    every = (
        select(named.id, named.name, sorted_.label("sorted"), counted.c.many)
        .join(counted, counted.c.key == named.id)
        .where(*matching)
        .cte("every")
    )
    total = select(func.sum(every.c.many)).scalar_subquery()
    page = select(every, total.label("total")).order_by(every.c.sorted, every.c.id).limit(GROUPS + 1)
    if asked.after:
        page = page.where(tuple_(every.c.sorted, every.c.id) > tuple_(literal(asked.after[0]), literal(asked.after[1])))
    return db.session.execute(page).all()


def _without_team(asked: Asked) -> int:
    return db.session.scalar(select(func.count()).where(_shown(asked), Project.team_id.is_(None))) or 0


def _bars(asked: Asked, key: Any, ids: Sequence[UUID], *, orphans: bool) -> dict[UUID | None, list[Bar]]:
    other = Client.name if asked.by == "team" else func.coalesce(Team.name, "")
    place = func.row_number().over(partition_by=key, order_by=(Project.start_date, Project.id))
    whose = key.in_(ids) | key.is_(None) if orphans else key.in_(ids)
    placed = select(Project.id, key.label("key"), place.label("place")).where(_shown(asked), whose).subquery()
    parts = (
        select(
            func.count().filter(Deliverable.status == "approved").label("done"),
            func.count().filter(Deliverable.status != "cancelled").label("total"),
        )
        .where(Deliverable.project_id == Project.id)
        .lateral()
    )
    rows: Sequence[Any] = db.session.execute(
        select(
            placed.c.key, Project.id, Project.name, other, Project.status, Project.start_date, Project.end_date,
            Project.budget, Project.spent, Project.currency, parts.c.done, parts.c.total,
        )
        .join(placed, placed.c.id == Project.id)
        .join(Client, Client.id == Project.client_id)
        .outerjoin(Team, Team.id == Project.team_id)
        .join(parts, literal(True))
        .where(placed.c.place <= BARS)
        .order_by(placed.c.place)
    ).all()  # fmt: skip
    bars: dict[UUID | None, list[Bar]] = {}
    for group, *values in rows:
        bars.setdefault(group, []).append(Bar(*values))
    return bars
