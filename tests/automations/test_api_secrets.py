"""Secrets over the JSON API: kept, replaced, deleted, and read by nobody."""

from typing import Any

import pytest
from sqlalchemy import text

from app.automations.effects import EFFECTS
from app.automations.models import Secret
from app.extensions import db
from tests.automations.running import drain
from tests.factories import make_user
from tests.factories.accounts import make_client_company

pytestmark = pytest.mark.usefixtures("db_session")

BASE = "/api/ai-automation"
VALUE = "hush-hush-4711"


@pytest.fixture
def company() -> Any:
    return make_client_company()


@pytest.fixture
def theirs(api, company) -> Any:
    return api(make_user(role="client", client_id=company.id))


def using(program: Any, name: str = "SHOP_TOKEN", **more: Any) -> Any:
    step = {
        "id": "h",
        "type": "http",
        "with": {"url": "https://x.example", "headers": {"a": f"{{{{ secrets.{name} }}}}"}},
    }
    workflow = {"trigger": {"type": "manual"}, "steps": [step]}
    return program.post(f"{BASE}/deploy", json={"name": "Intake", "workflow": workflow, **more})


def test_a_secret_is_kept_and_never_answered(theirs, company) -> None:
    answer = theirs.post(f"{BASE}/secrets", json={"name": "SHOP_TOKEN", "value": VALUE})
    assert answer.status_code == 201
    assert answer.json.keys() == {"id", "client_id", "name", "used_by", "created_at", "updated_at"}
    assert answer.headers["Location"] == f"{BASE}/secrets/{answer.json['id']}"
    assert theirs.get(f"{BASE}/secrets").json == [answer.json] == [theirs.get(f"{BASE}/secrets/SHOP_TOKEN").json]
    for read in (theirs.get(f"{BASE}/secrets"), theirs.get(answer.headers["Location"]), answer):
        assert VALUE not in read.text
    row = db.session.execute(text("select value_sealed from automation_secrets")).scalar_one()
    assert VALUE.encode() not in bytes(row)
    assert VALUE not in str(db.session.execute(text("select before, after from audit_entries")).all())


def test_the_same_name_again_replaces_the_value(theirs) -> None:
    first = theirs.post(f"{BASE}/secrets", json={"name": "SHOP_TOKEN", "value": "one"})
    again = theirs.post(f"{BASE}/secrets", json={"name": "SHOP_TOKEN", "value": "two"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert db.session.query(Secret).one().value == "two"
    changed = theirs.patch(f"{BASE}/secrets/{first.json['id']}", json={"value": "three"})
    assert changed.status_code == 200
    assert db.session.query(Secret).one().value == "three"
    assert theirs.patch(f"{BASE}/secrets/{first.json['id']}", json={"name": "OTHER"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "SHOP TOKEN", "value": "x"}, "/name"),
        ({"name": "1TOKEN", "value": "x"}, "/name"),
        ({"name": "X" * 64, "value": "x"}, "/name"),
        ({"name": "TOKEN\n", "value": ""}, "/value"),
        ({"name": "TOKEN"}, "/value"),
        ({"name": "TOKEN", "value": "x" * 10_001}, "/value"),
        ({"name": "TOKEN", "value": 5}, "/value"),
        ({"name": "TOKEN", "value": "x", "used_by": []}, "/used_by"),
    ],
)
def test_a_bad_secret_is_refused_without_its_value_in_the_answer(theirs, body: Any, pointer: str) -> None:
    answer = theirs.post(f"{BASE}/secrets", json=body)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json["errors"]]
    assert "xxxx" not in answer.text


def test_who_uses_it_is_told_and_one_that_is_used_stays(theirs) -> None:
    assert using(theirs).status_code == 422
    theirs.post(f"{BASE}/secrets", json={"name": "SHOP_TOKEN", "value": VALUE})
    theirs.post(f"{BASE}/secrets", json={"name": "SHOP", "value": VALUE})
    made = using(theirs).json
    secret = theirs.get(f"{BASE}/secrets/SHOP_TOKEN").json
    assert secret["used_by"] == [{"id": made["id"], "name": "Intake"}]
    assert theirs.get(f"{BASE}/secrets/SHOP").json["used_by"] == []
    refused = theirs.delete(f"{BASE}/secrets/SHOP_TOKEN")
    assert refused.status_code == 409
    assert "Intake" in refused.json["detail"]
    assert theirs.delete(f"{BASE}/secrets/SHOP").status_code == 204
    theirs.delete(f"{BASE}/workflows/{made['id']}")
    assert theirs.delete(f"{BASE}/secrets/{secret['id']}").status_code == 204
    assert theirs.get(f"{BASE}/secrets").json == []


def test_another_companys_secret_is_not_there(theirs, api) -> None:
    made = theirs.post(f"{BASE}/secrets", json={"name": "SHOP_TOKEN", "value": VALUE}).json
    stranger, staff = api(make_user(role="client")), api(make_user(role="manager"))
    for path in (f"{BASE}/secrets/{made['id']}", f"{BASE}/secrets/SHOP_TOKEN"):
        assert stranger.get(path).status_code == 404
        assert stranger.delete(path).status_code == 404
    assert stranger.patch(f"{BASE}/secrets/{made['id']}", json={"value": "x"}).status_code == 404
    assert using(stranger).status_code == 422
    assert staff.get(f"{BASE}/secrets/SHOP_TOKEN").status_code == 404
    assert staff.get(f"{BASE}/secrets/{made['id']}").json["name"] == "SHOP_TOKEN"
    assert staff.post(f"{BASE}/secrets", json={"name": "A", "value": "x"}).status_code == 422


def test_two_companies_have_secrets_of_one_name(theirs, api) -> None:
    for program in (theirs, api(make_user(role="client"))):
        assert program.post(f"{BASE}/secrets", json={"name": "TOKEN", "value": "x"}).status_code == 201


def test_in_a_run_a_secret_is_sent_and_shown_as_dots(theirs, monkeypatch) -> None:
    sent = []
    monkeypatch.setitem(EFFECTS, "http", lambda form, call: sent.append(form.headers["a"]) or {"body": form.headers})
    theirs.post(f"{BASE}/secrets", json={"name": "SHOP_TOKEN", "value": VALUE})
    made = using(theirs).json
    run = theirs.post(f"{BASE}/workflows/{made['id']}/run").headers["Location"]
    dry = theirs.post(f"{BASE}/workflows/{made['id']}/run", json={"dry_run": True}).headers["Location"]
    drain()
    assert sent == [VALUE]
    read = theirs.get(run)
    assert VALUE not in read.text
    assert read.json["steps"][0]["input"]["headers"]["a"] == "•••"
    assert theirs.get(dry).json["steps"][0]["would"]["headers"]["a"] == "•••"
    assert VALUE not in theirs.get(dry).text
