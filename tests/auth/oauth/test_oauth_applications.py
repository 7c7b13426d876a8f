"""The applications of third parties: who manages them, by the API and on the pages."""

import re

import pytest
from sqlalchemy import select

from app.core.audit import SYSTEM, audit_as
from app.extensions import db
from app.identity.models import Grant, User, UserSession
from app.identity.policy import permissions_of_role
from app.identity.scopes import SCOPES, resources_in_use
from tests.auth.oauth_party import CALLBACK, exchange, get, make_application, request_for, tokens_for

PATH = "/api/oauth/clients"
BODY = {
    "name": "Shop reports",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["products:read"],
    "public": False,
}


@pytest.fixture
def owner(make_user):
    return make_user(role="client")


@pytest.fixture
def member(make_user, owner):
    return make_user(role="client", client_id=owner.client_id, company_role="member")


def test_an_owner_registers_an_application_of_the_own_company(api, owner):
    answer = api(owner).post(PATH, json=BODY)
    assert answer.status_code == 201
    told = answer.json
    assert {name: told[name] for name in BODY} == BODY
    assert told["company_id"] == str(owner.client_id)
    assert told["client_secret"].startswith("dls_")
    assert answer.headers["Location"] == f"{PATH}/{told['id']}"
    again = api(owner).get(answer.headers["Location"])
    assert again.status_code == 200
    assert "client_secret" not in again.json
    assert again.json["client_id"] == told["client_id"]


def test_the_secret_is_nowhere_in_the_database(app, api, owner, db_session):
    secret = api(owner).post(PATH, json=BODY).json["client_secret"]
    for table in ("oauth_applications", "audit_entries"):
        rows = db_session.execute(db.text(f"select t::text from {table} t")).scalars()
        assert not any(secret in row for row in rows)


def test_a_public_application_has_no_secret(api, owner):
    assert "client_secret" not in api(owner).post(PATH, json=BODY | {"public": True}).json


def test_what_is_left_out_is_the_usual(api, owner):
    told = api(owner).post(PATH, json={"name": "A", "redirect_uris": [CALLBACK]}).json
    assert told["grant_types"] == ["authorization_code", "refresh_token"]
    assert told["scopes"] == []
    assert told["public"] is False


def test_an_administrator_names_a_company_or_none(api, make_user, make_client_company):
    program, company = api(make_user(role="admin")), make_client_company()
    assert program.post(PATH, json=BODY).json["company_id"] is None
    assert program.post(PATH, json=BODY | {"company_id": str(company.id)}).json["company_id"] == str(company.id)
    wrong = program.post(PATH, json=BODY | {"company_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/company_id")


def test_an_owner_names_no_other_company(api, owner, make_client_company):
    assert api(owner).post(PATH, json=BODY | {"company_id": str(make_client_company().id)}).status_code == 404
    assert api(owner).post(PATH, json=BODY | {"company_id": str(owner.client_id)}).status_code == 201


@pytest.mark.parametrize("role", ["manager", "expert", "member", None])
def test_others_hear_it_before_anything_of_the_body(app, api, make_user, member, role):
    made = make_application()
    person = member if role == "member" else make_user(role=role) if role else None
    program = api(person) if person else app.test_client()
    for method, path in (
        ("GET", PATH),
        ("POST", PATH),
        ("GET", f"{PATH}/{made.application.id}"),
        ("DELETE", f"{PATH}/{made.application.id}"),
        ("POST", f"{PATH}/{made.application.id}/secret"),
    ):
        answer = program.open(path, method=method, json={"nonsense": 1} if method == "POST" else None)
        assert answer.status_code == (403 if role else 401), (method, path)


def test_another_companys_application_is_not_there(api, owner):
    made, program = make_application(), api(owner)
    path = f"{PATH}/{made.application.id}"
    for method, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/secret"), ("GET", f"{PATH}/nonsense")):
        assert program.open(where, method=method).status_code == 404
    assert program.get(PATH).json == []
    assert program.get(f"{PATH}?company_id={made.application.client_id}").status_code == 404


def test_the_list_pages_through_what_one_manages(api, owner, make_user):
    for number in range(3):
        make_application(owner, name=f"A {number}")
    make_application()
    program = api(owner)
    first = program.get(f"{PATH}?limit=2")
    assert [each["name"] for each in first.json] == ["A 2", "A 1"]
    assert first.headers["X-Total-Count"] == "3"
    rest = program.get(first.headers["Link"].partition(">")[0][1:])
    assert [each["name"] for each in rest.json] == ["A 0"]
    everything = api(make_user(role="admin")).get(PATH)
    assert everything.headers["X-Total-Count"] == "4"
    one = api(make_user(role="admin")).get(f"{PATH}?company_id={owner.client_id}")
    assert len(one.json) == 3
    assert program.get(f"{PATH}?cursor=nonsense").status_code == 400


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"redirect_uris": []}, "/redirect_uris"),
        ({"redirect_uris": [f"https://shop.example/{n}" for n in range(21)]}, "/redirect_uris"),
        ({"grant_types": []}, "/grant_types"),
        ({"grant_types": ["password"]}, "/grant_types/0"),
        ({"grant_types": ["refresh_token"]}, "/grant_types"),
        ({"grant_types": ["authorization_code", "client_credentials"], "public": True}, "/grant_types"),
        ({"scopes": ["settings:write"]}, "/scopes"),
        ({"scopes": "products:read"}, "/scopes"),
        ({"client_id": "mine"}, "/client_id"),
        ({"client_secret": "mine"}, "/client_secret"),
        ({"nonsense": 1}, "/nonsense"),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(api, owner, changes, pointer):
    answer = api(owner).post(PATH, json=BODY | changes)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "uri",
    [
        "/callback",
        "shop.example/callback",
        "http://shop.example/callback",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "https://shop.example/callback#part",
        "https://shop.example/callback#",
        "https://*.shop.example/callback",
        "https://shop.example/*",
        "https://user:password@shop.example/",
        "https://shop.example@evil.example/",
        "https:///callback",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example;script-src/",
        "https://shop.example/call back",
        "https://shop.example/\\evil",
        "https://shop.example/?code=1",
        "https://sh\u00f6p.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/callback",
        "https://shop.example/" + "x" * 1000,
        "",
    ],
)
def test_no_answer_is_ever_sent_to_such_an_address(api, owner, uri):
    answer = api(owner).post(PATH, json=BODY | {"redirect_uris": [uri]})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/redirect_uris/0"


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example",
        "https://shop.example:8443/a?b=c%20d",
        "http://127.0.0.1:5000/a",
        "http://[::1]/a",
        "http://localhost/a",
    ],
)
def test_such_addresses_are_good(api, owner, uri):
    assert api(owner).post(PATH, json=BODY | {"redirect_uris": [uri]}).status_code == 201


def test_deleting_takes_back_what_people_gave(app, api, owner, as_client):
    made = make_application(owner)
    tokens = tokens_for(app, as_client, made)
    path = f"{PATH}/{made.application.id}"
    assert api(owner).delete(path).status_code == 204
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 401
    assert exchange(app.test_client(), made, "x").json["error"] == "invalid_client"
    assert as_client.get(request_for(made)).status_code == 400
    assert "No application has access" in as_client.get("/account/applications").text
    assert db.session.scalars(select(Grant.revoked_at).where(Grant.user_id == as_client.user.id)).one() is not None
    its = select(UserSession.end_reason).where(UserSession.application_id == made.application.id)
    assert db.session.scalars(its).one() == "revoked"
    for method in ("GET", "DELETE"):
        assert api(owner).open(path, method=method).status_code == 404


def test_a_new_secret_takes_the_place_of_the_old_one(app, api, owner, as_client):
    made = make_application(owner)
    tokens = tokens_for(app, as_client, made)
    answer = api(owner).post(f"{PATH}/{made.application.id}/secret")
    assert answer.status_code == 200
    assert exchange(app.test_client(), made, "x").json["error"] == "invalid_client"
    new = answer.json["client_secret"]
    assert exchange(app.test_client(), made, "x", client_secret=new).json["error"] == "invalid_grant"
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 200


def test_a_public_application_gets_no_secret(api, owner):
    made = make_application(owner, public=True)
    assert api(owner).post(f"{PATH}/{made.application.id}/secret").status_code == 422


def test_a_member_who_was_owner_manages_nothing(api, owner):
    program = api(owner)
    audit_as(db.session, actor=SYSTEM, action="change-role")
    db.session.get(User, owner.id).company_role = "member"
    db.session.commit()
    assert program.post(PATH, json=BODY).status_code == 403


PAGES = {"as_client": "/account/company/applications", "as_admin": "/admin/applications"}


@pytest.mark.parametrize("who", PAGES)
def test_the_pages_register_show_and_delete(app, request, who):
    browser, base = request.getfixturevalue(who), PAGES[who]
    assert "No applications yet" in browser.get(base).text
    form = browser.get(f"{base}/new")
    offered = re.findall(r'name="scopes" value="([^"]+)"', form.text)
    held = permissions_of_role("client" if who == "as_client" else "admin")
    assert offered
    assert set(offered) == {scope for scope in SCOPES if scope.partition(":")[0] in resources_in_use(app)} & held
    made = browser.post(
        f"{base}/new",
        data={
            "name": "Shop <b>",
            "redirect_uris": f"{CALLBACK}\n",
            "company_id": "",
            "grant_types": ["", "authorization_code"],
            "scopes": ["products:read"],
        },
    )
    assert made.status_code == 200
    assert "dls_" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    page = browser.get(base)
    assert "Shop &lt;b&gt;" in page.text
    path = f"{base}/0" + page.text.partition(f'href="{base}/0')[2].partition('"')[0]
    shown = browser.get(path)
    assert "dls_" not in shown.text
    assert CALLBACK in shown.text
    assert "dls_" in browser.post(f"{path}/secret").text
    assert "Delete it" in browser.get(f"{path}/delete").text
    assert browser.post(f"{path}/delete").status_code == 303
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("who", PAGES)
def test_a_form_with_errors_keeps_what_was_typed(request, who):
    browser, base = request.getfixturevalue(who), PAGES[who]
    answer = browser.post(
        f"{base}/new",
        data={
            "name": "Shop",
            "redirect_uris": "http://shop.example/",
            "grant_types": "",
            "scopes": ["matches:read"],
            "public": "true",
        },
    )
    assert answer.status_code == 422
    assert 'value="Shop"' in answer.text
    assert "http://shop.example/" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'value="matches:read" checked' in answer.text


@pytest.mark.parametrize("who", ["as_manager", "as_expert"])
def test_others_see_no_such_pages(request, who):
    browser = request.getfixturevalue(who)
    for base in PAGES.values():
        assert browser.get(base).status_code == 403
        assert browser.post(f"{base}/new", data=BODY).status_code == 403


def test_an_owner_sees_nothing_of_others_on_the_pages(as_client):
    made = make_application()
    base = PAGES["as_client"]
    assert "Shop reports" not in as_client.get(base).text
    for path in ("", "/delete"):
        assert as_client.get(f"{base}/{made.application.id}{path}").status_code == 404
    for path in ("/secret", "/delete"):
        assert as_client.post(f"{base}/{made.application.id}{path}").status_code == 404
    assert as_client.get("/admin/applications").status_code == 403
