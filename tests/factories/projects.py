from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from app.assistants.models import Assistant
from app.auth.models import User
from app.core.audit import SYSTEM, attribute
from app.core.clock import now
from app.core.records import slug_of
from app.extensions import db
from app.projects.models import Team, TeamMember

_numbers = count(1)

Somebody = Assistant | User | Mapping[str, Any]


def _saved(record: Any) -> Any:
    attribute(db.session, actor=SYSTEM, action="create")
    db.session.add(record)
    db.session.commit()
    return record


def make_team(*, members: Sequence[Somebody] = (), archived: bool = False, **values: Any) -> Team:
    """A team of assistants and users; a member may also be a mapping of `who` (either) with `role` and `share`."""
    number = next(_numbers)
    values = {"name": f"Team {number}", "specialization": "Cloud migration"} | values
    values.setdefault("slug", f"{slug_of(values['name'])}-{number}")
    if archived:
        values.setdefault("archived_at", now())
    team = Team(**values)
    team.members = [_member(somebody, position) for position, somebody in enumerate(members)]
    saved: Team = _saved(team)
    return saved


def _member(somebody: Somebody, position: int) -> TeamMember:
    given = dict(somebody) if isinstance(somebody, Mapping) else {"who": somebody}
    who = given.pop("who")
    values = {"role": "Engineer", "share": Decimal(1), "position": position} | given
    if isinstance(who, User):
        return TeamMember(**({"user_id": who.id, "name": who.username} | values))
    return TeamMember(**({"assistant_id": who.id, "user_id": who.user_id, "name": who.name} | values))
