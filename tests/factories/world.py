"""A small house with something of everything in it, as far as pages show it."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.core.audit import SYSTEM, audit_as
from app.core.clock import today
from app.extensions import db
from app.identity.models import User
from tests.factories.accounts import make_client_company, make_user
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.automated import add_automations
from tests.factories.catalogue import make_offering, make_product, make_service_category, make_solution
from tests.factories.engagements import make_match, make_request
from tests.factories.factors import make_two_factor
from tests.factories.paperwork import add_paperwork
from tests.factories.projects import make_project, make_team

MATCHES = ("proposed", "accepted", "declined", "completed")
PROJECTS = ("requested", "planned", "active", "on_hold", "completed", "cancelled")


@dataclass(frozen=True)
class World:
    users: dict[str, User]
    """A person of each role: the client's company has the projects, the expert works on them."""


def make_world() -> World:
    company = make_client_company(name="Brightwater Stores")
    people = {role: make_user(role=role) for role in ("admin", "manager", "expert")}
    people["client"] = make_user(role="client", client_id=company.id)
    _catalogue()
    add_automations(company, people)
    skill = make_skill("Bookkeeping")
    make_skill("Ledgers", parent_id=skill.id)
    make_skill("Sums", status="waiting", asked=3)
    days = [(today() + timedelta(days=20), today() + timedelta(days=22))]
    ana = make_assistant(name="Ana Pérez", skills=("Bookkeeping",), user_id=people["expert"].id, time_off=days)
    for status in MATCHES:
        make_match(
            status, request=make_request(client=company, skills=("Bookkeeping",)), assistant=ana, hours_per_week=2
        )
    _work(company, ana, people)
    make_two_factor(make_user(role="client", client_id=company.id))
    add_paperwork(people["manager"])
    return World(people)


def _catalogue() -> None:
    products = [make_product(name=f"Product {number}", features=["Audit log"]) for number in range(3)]
    make_product(name="Old one", archived=True)
    make_solution(products=products)
    make_service_category(offerings=[make_offering(), make_offering()])


def _work(company: Any, ana: Any, people: dict[str, User]) -> None:
    team = make_team(name="Shop Floor", members=[{"who": ana, "role": "Lead"}, people["expert"]][:1])
    parts: dict[str, Any] = {
        "milestones": ["Pilot"],
        "deliverables": [
            {"title": "Survey", "milestone": "Pilot", "status": "submitted"},
            {"title": "Plan", "after": ["Survey"], "start_date": today() - timedelta(days=30)},
        ],
    }
    audit_as(db.session, actor=SYSTEM, action="create")
    for status in PROJECTS:
        given = {} if status == "requested" else {"team": team, "budget": 1000}
        project = make_project(
            client=company, status=status, name=f"A project, {status.replace('_', ' ')}", **given, **deepcopy(parts)
        )
        audit_as(db.session, actor=people["expert"], action="log-time")
        for state in ("submitted", "approved"):
            db.session.execute(_ENTRY, {"key": project.id, "user": people["expert"].id, "status": state})
        audit_as(db.session, actor=people["client"], action="propose-change")
        db.session.execute(_ORDER, {"key": project.id})
    db.session.commit()


_ENTRY = text("""
    insert into time_entries (id, project_id, client_id, user_id, worked_on, minutes, hourly_rate, currency, status,
                              decided_at, created_at, updated_at)
    select gen_random_uuid(), id, client_id, :user, current_date - 1, 90, 40, 'USD', cast(:status as text),
           case when :status = 'approved' then now() end, now(), now() from projects where id = :key
""")
_ORDER = text("""
    insert into change_orders (id, project_id, client_id, number, title, status, proposed_at, created_at, updated_at)
    select gen_random_uuid(), id, client_id, n, 'Two more stores', (array['proposed', 'draft'])[n],
           case n when 1 then now() end, now(), now()
    from projects, generate_series(1, 2) as n where projects.id = :key
""")
