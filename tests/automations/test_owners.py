"""By whose rights versions act: those of who deployed them, a person or a program, until somebody takes them over."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.automations.models import Automation, Run
from app.automations.runs import work
from app.automations.runs.runner import advance
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.clock import now
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import authentication
from app.identity.models import Application, Grant, User
from app.identity.sessions import start_session
from app.projects.models import Project
from tests.automations.running import drain
from tests.conftest import DEVICE, program_with
from tests.factories.accounts import make_client_company, make_user
from tests.factories.data_tables import make_data_table
from tests.factories.projects import make_project

pytestmark = pytest.mark.usefixtures("db_session")
BASE = "/api/ai-automation"
READS = {"id": "a", "type": "record", "with": {"kind": "project", "action": "list"}}
MAKES = {"id": "a", "type": "record", "with": {"kind": "project", "action": "create", "values": {"name": "Shop"}}}
ALL = ("automations:write", "automations:read", "projects:read")


def workflow(step: Any) -> dict[str, Any]:
    return {"trigger": {"type": "manual"}, "steps": [step]}


def deployed(program: FlaskClient, step: Any, **more: Any) -> dict[str, Any]:
    answer = program.post(f"{BASE}/deploy", json={"name": "Intake", "workflow": workflow(step), **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def ran(program: FlaskClient, automation: Any, **given: Any) -> Run:
    answer = program.post(f"{BASE}/workflows/{automation['id']}/run", json=given)
    assert answer.status_code == 202, answer.text
    with as_system("a test of the runner"):
        drain()
    db.session.expire_all()
    return db.session.get_one(Run, answer.json["id"])


@pytest.fixture
def company() -> Any:
    return make_client_company(name="Nordwind")


@pytest.fixture
def people(company: Any) -> Callable[..., User]:
    return lambda **values: make_user(role="client", client_id=company.id, **values)


@pytest.fixture
def application(company: Any) -> Application:
    made = Application(
        client_id=company.id, identifier="ledger", secret_hash=b"x" * 32, name="Ledger", scopes=list(ALL),
        grant_types=["client_credentials"],
    )  # fmt: skip
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(made)
    db.session.commit()
    return made


@pytest.fixture
def program(app: Flask) -> Callable[..., FlaskClient]:
    """A program that an application lets in for its company, with these scopes."""

    def made(application: Application, *scopes: str) -> FlaskClient:
        its = {"application_id": application.id, "scopes": list(scopes or ALL)}
        session = start_session(None, kind="oauth", device=DEVICE, **its).session
        token = authentication.access_tokens().issue(session)
        db.session.commit()
        return program_with(app, token)

    return made


@pytest.fixture
def narrow(app: Flask, application: Application) -> Callable[..., FlaskClient]:
    """A person's program that may do only so much."""

    def made(user: User, *scopes: str) -> FlaskClient:
        audit_as(db.session, actor=SYSTEM, action="create")
        db.session.add(Grant(user_id=user.id, application_id=application.id, scopes=list(scopes)))
        session = start_session(user, kind="oauth", device=DEVICE, application_id=application.id, scopes=scopes).session
        token = authentication.access_tokens().issue(session)
        db.session.commit()
        return program_with(app, token)

    return made


def test_what_an_application_deploys_acts_for_its_company(program: Any, application: Any, company: Any) -> None:
    make_project(client=company, name="Website")
    its = program(application)

    made = deployed(its, READS)
    run = ran(its, made)

    assert made["owner_id"] is None
    assert run.status == "succeeded", run.error
    assert [one["name"] for one in run.output["a"]["items"]] == ["Website"]


def test_it_may_do_no_more_than_the_application_could_when_it_deployed(program: Any, application: Any) -> None:
    its = program(application, "automations:write", "automations:read")
    made = deployed(its, READS)

    run = ran(its, made)

    assert run.error is not None
    assert run.error["code"] == "owner-lacks-rights"
    assert run.error["message"] == "Ledger, which owns this automation, may not read projects (projects:read)."


def test_an_application_that_is_revoked_stops_its_records(
    program: Any, application: Any, api: Any, people: Any
) -> None:
    made = deployed(program(application), READS)
    db.session.execute(update(Application).values(revoked_at=now()))
    db.session.commit()

    run = ran(api(people()), made)

    assert run.error is not None
    assert run.error["message"] == "Ledger, which owns this automation, was revoked. Hand over the automation."


def test_a_narrow_key_makes_no_wide_automation(narrow: Any, api: Any) -> None:
    """A scope narrows what a person may do, also by way of what is deployed."""
    manager, company = make_user("manager"), make_client_company()
    key = narrow(manager, "automations:write", "automations:read")

    by_key = ran(key, deployed(key, MAKES, client_id=str(company.id)))
    by_hand = ran(api(manager), deployed(api(manager), MAKES, client_id=str(company.id)))

    assert by_key.error is not None
    assert by_key.error["code"] == "owner-lacks-rights"
    assert by_hand.status == "succeeded", by_hand.error


def test_a_version_acts_with_the_rights_of_whoever_deployed_it(api: Any, people: Any, company: Any) -> None:
    """What a client writes into an automation of staff's has a client's rights."""
    manager, anna = make_user("manager"), people()
    made = deployed(api(manager), READS, client_id=str(company.id))
    changed = api(anna).patch(f"{BASE}/workflows/{made['id']}", json={"workflow": workflow(MAKES)})
    assert changed.json["owner_id"] == str(anna.id)

    new = ran(api(anna), made)
    assert new.error is not None
    assert new.error["code"] == "owner-lacks-rights"
    assert db.session.scalars(select(Project)).all() == []

    restored = api(manager).post(f"{BASE}/workflows/{made['id']}/versions/1/restore").json
    assert restored["owner_id"] == str(manager.id)
    old = ran(api(anna), made, version=2)
    assert old.error is not None
    assert old.error["code"] == "owner-lacks-rights"


def test_rows_that_two_applications_add_at_once_are_each_ones_own(program: Any, application: Any, company: Any) -> None:
    audit_as(db.session, actor=SYSTEM, action="create")
    other = Application(
        client_id=company.id, identifier="shop", secret_hash=b"x" * 32, name="Shop", scopes=list(ALL),
        grant_types=["client_credentials"],
    )  # fmt: skip
    db.session.add(other)
    with as_system("a test of the runner"):
        make_data_table(company, {}, name="invoices")
    step = {"id": "a", "type": "record", "with": {"kind": "row", "action": "create", "table": "invoices"}}
    for its in (program(application), program(other)):
        made = deployed(its, step)
        assert its.post(f"{BASE}/workflows/{made['id']}/run", json={}).status_code == 202

    with as_system("a test of the runner"):
        claims = work.claim_looks(2)
        advance(claims)
    db.session.commit()

    assert len(claims) == 2
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.table_name == "data_rows"))
    assert {entry.actor_name for entry in entries} == {"Ledger", "Shop"}


def test_a_new_version_is_handed_over_as_it_is_deployed(api: Any, people: Any) -> None:
    owner, member = people(company_role="owner"), people(company_role="member")
    made = deployed(api(owner), READS)

    answer = api(owner).patch(
        f"{BASE}/workflows/{made['id']}", json={"owner_id": str(member.id), "workflow": workflow(MAKES)}
    )

    assert (answer.json["owner_id"], answer.json["version"]) == (str(member.id), 2)


def test_a_company_sees_that_staff_own_its_automation(
    api: Any, people: Any, company: Any, client: FlaskClient, sign_in: Any
) -> None:
    manager = make_user("manager", username="mara")
    made = deployed(api(manager), READS, client_id=str(company.id))

    shown = sign_in(client, people()).get(f"/dashboard/automations/{made['id']}").text

    assert "mara" in shown
    assert "has no owner" not in shown


def test_an_automation_is_handed_over(api: Any, people: Any) -> None:
    owner, leaving = people(company_role="owner"), people(company_role="member")
    made = deployed(api(leaving), READS)
    path = f"{BASE}/workflows/{made['id']}"
    db.session.execute(update(User).where(User.id == leaving.id).values(status="suspended"))
    db.session.commit()
    assert ran(api(owner), made).error["message"].endswith("who owns this automation, is suspended.")  # type: ignore[index]

    answer = api(owner).patch(path, json={"owner_id": str(owner.id)})

    assert answer.status_code == 200, answer.text
    assert answer.json["owner_id"] == str(owner.id)
    assert answer.json["version"] == 1
    assert ran(api(owner), made).status == "succeeded"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "hand-over")).one()
    assert (entry.actor_id, entry.table_name) == (owner.id, "automations")


def test_who_may_hand_over_to_whom(api: Any, people: Any, company: Any, narrow: Any) -> None:
    owner, member, other = (people(company_role=role) for role in ("owner", "member", "member"))
    gone, stranger, manager = people(status="suspended"), make_user("client"), make_user("manager")
    made = deployed(api(member), READS)
    path = f"{BASE}/workflows/{made['id']}"

    def hand(program: FlaskClient, to: Any) -> Any:
        return program.patch(path, json={"owner_id": str(to.id)})

    for program, to in ((api(owner), gone), (api(owner), stranger), (api(owner), manager), (api(manager), stranger)):
        refused = hand(program, to)
        assert refused.status_code == 422, refused.text
        assert [(one["pointer"], one["code"]) for one in refused.json["errors"]] == [("/owner_id", "unknown-owner")]
    assert hand(api(member), other).status_code == 403
    assert hand(narrow(member, "automations:write"), member).status_code == 403
    assert api(owner).patch(path, json={"owner_id": None}).status_code == 422
    assert api(owner).patch(path, json={"owner_id": "x"}).status_code == 422
    assert hand(api(other), other).json["owner_id"] == str(other.id)
    assert hand(api(owner), member).json["owner_id"] == str(member.id)
    assert hand(api(manager), manager).json["owner_id"] == str(manager.id)
    assert hand(api(manager), owner).json["owner_id"] == str(owner.id)
    assert hand(api(stranger), stranger).status_code == 404


def test_one_person_of_two_accounts_goes_on_owning(api: Any, people: Any) -> None:
    owner, double = people(company_role="owner"), people()
    made = deployed(api(double), READS)
    db.session.execute(update(User).where(User.id == double.id).values(status="suspended", merged_into_id=owner.id))
    db.session.execute(update(Automation).values(owner_id=owner.id))
    db.session.commit()

    assert ran(api(owner), made).status == "succeeded"


@pytest.mark.parametrize("side", ["admin", "dashboard"])
def test_the_page_says_who_owns_it_and_hands_it_over(
    api: Any, people: Any, client: FlaskClient, sign_in: Any, side: str
) -> None:
    owner, leaving = people(company_role="owner", username="olga"), people(company_role="member", username="lea")
    made = deployed(api(leaving), READS)
    db.session.execute(update(User).where(User.id == leaving.id).values(status="suspended"))
    db.session.commit()
    browser = sign_in(client, make_user("manager") if side == "admin" else owner)
    page = f"/{side}/automations/{made['id']}"

    shown = browser.get(page).text
    assert "lea, who owns this automation, is suspended." in shown
    assert f'href="{page}/owner"' in shown
    assert 'name="owner_id"' in browser.get(f"{page}/owner").text

    answer = browser.post(f"{page}/owner", data={"owner_id": str(owner.id)})
    assert answer.status_code == 303, answer.text
    assert "is suspended" not in browser.get(page).text
    assert db.session.scalars(select(Automation)).one().owner_id == owner.id


def test_who_owns_it_alone_is_told_why_there_is_nobody(
    api: Any, people: Any, client: FlaskClient, sign_in: Any
) -> None:
    owner = people(company_role="owner")
    made = deployed(api(owner), READS)
    page = f"/dashboard/automations/{made['id']}/owner"

    alone = sign_in(client, owner).get(page).text
    assert "there is nobody else to hand it over to" in alone
    assert 'name="owner_id"' not in alone

    people(company_role="member", username="mia")
    assert ">mia</option>" in client.get(page).text
