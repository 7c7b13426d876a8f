"""Members of a team come across no money of their project, wherever they look."""

import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic_core import PydanticSerializationError

from app.core.clock import today
from app.projects.schemas import ProjectOut
from tests.factories import make_user
from tests.factories.assistants import make_assistant
from tests.factories.events import deliver
from tests.factories.projects import make_project, make_team

pytestmark = pytest.mark.usefixtures("db_session")

AMOUNTS = re.compile(r"(?<![\w.-])(12,?345|7,?771|98,?765|98,?805|8,?642)(?![\w-])")
"""Of the budget, a deliverable, what is spent, a change order."""


def made(program: FlaskClient, at: str, **body: Any) -> str:
    answer = program.post(at, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_no_page_and_no_path_tells_an_expert(app: Any, api: Any, sign_in: Any) -> None:
    expert, other, manager = make_user(role="expert"), make_user(role="expert"), api(make_user(role="manager"))
    member = make_assistant(user=expert, rate=40, currency="EUR")
    work = {"title": "Survey", "budget": Decimal(7771), "assistant_id": member.id}
    team = make_team(members=[member, other])
    project = make_project(team=team, budget=Decimal(12345), currency="EUR", deliverables=[work])
    one, day = f"/api/expert-teams/projects/{project.id}", str(today())
    order = made(manager, f"{one}/change-orders", title="More", budget_change="8642.00")
    dear = made(manager, f"{one}/time-entries", user_id=str(other.id), worked_on=day, minutes=60, hourly_rate="98765")
    own = made(api(expert), f"{one}/time-entries", worked_on=day, minutes=60)
    for step in (f"change-orders/{order}/propose", f"time-entries/{dear}/approve", f"time-entries/{own}/approve"):
        assert manager.post(f"{one}/{step}", json={} if "time" in step else None).status_code == 200
    assert manager.get(one).json["spent"] == "98805.00"
    deliver()
    deliverable = project.deliverables[0].id
    names = {"project_id": project.id, "reference": project.id, "ref": project.id, "order_id": order, "entry_id": own}
    names |= {"deliverable": deliverable, "deliverable_id": deliverable}
    said = [*told(app, api(expert), "/api/", names), *told(app, sign_in(app.test_client(), expert), "/", names)]
    assert [at for at, text in said if AMOUNTS.search(text)] == []
    assert {one, f"/dashboard/projects/{project.id}", "/dashboard/", "/dashboard/time"} <= {at for at, _ in said}


def told(app: Any, program: FlaskClient, below: str, names: dict[str, UUID | str]) -> list[tuple[str, str]]:
    """The addresses that are read with these names, and what they answer."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments - set(names)]
    paths = [re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(names[found[1]]), rule.rule) for rule in rules]
    chosen = [at for at in paths if at.startswith("/api/") == (below == "/api/") and at != "/metrics"]
    answers = ((at, program.get(at)) for at in chosen)
    read = [(at, answer.text) for at, answer in answers if answer.status_code == 200]
    return [(at, text.partition("<main")[2] or text) for at, text in read]


def test_nothing_is_written_without_saying_for_whom() -> None:
    project = make_project(budget=Decimal(12345))
    with pytest.raises(PydanticSerializationError):
        ProjectOut.model_validate(project).model_dump_json()
