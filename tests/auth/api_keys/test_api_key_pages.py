"""/account/api-keys and /admin/api-keys."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from app.auth.api_keys import operations
from app.auth.api_keys.models import ApiKey
from app.auth.api_keys.schemas import ApiKeyInput
from app.core import clock
from app.extensions import db
from tests.factories.events import published

PATH = "/account/api-keys"
FORM = {"name": "Stock import", "scopes": ["products:read", "projects:read"]}


def make_key(user, **more):
    values = ApiKeyInput(**{"name": "Stock import", "scopes": ["products:read"], **more})
    made = operations.create_key(values, actor=user)
    db.session.commit()
    return made


def key_on(page):
    return re.search(r'id="api-key" value="(dlk_[^"]+)" readonly', page.text)[1]


def call(app, key):
    return app.test_client().get("/api/auth/me", headers={"Authorization": f"Bearer {key}"})


def test_there_is_a_word_where_there_is_no_key(as_client):
    page = as_client.get(PATH)
    assert page.status_code == 200
    assert "No API keys yet" in page.text


def test_a_key_is_made_and_shown_once(app, as_client):
    page = as_client.post(f"{PATH}/new", data={**FORM, "allowed_addresses": "127.0.0.1\n2001:db8::/32"})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    key = key_on(page)
    assert call(app, key).json["permissions"] == ["products:read", "projects:read"]
    listed = as_client.get(PATH)
    assert key not in listed.text
    for words in ("Stock import", key[:12], "See products", "See projects", "127.0.0.1, 2001:db8::/32"):
        assert words in listed.text


def test_what_is_wrong_is_told_at_its_field(as_client):
    sent = {"name": "", "expires_at": "2001-01-01", "allowed_addresses": "no address", "requests_per_minute": "many"}
    page = as_client.post(f"{PATH}/new", data=sent)
    assert page.status_code == 422
    for name in ("name", "scopes", "expires_at", "allowed_addresses", "requests_per_minute"):
        assert f'id="{name}-error"' in page.text, name
    assert "no address" in page.text
    assert db.session.scalars(select(ApiKey)).all() == []


def test_what_was_chosen_stays_chosen(as_client):
    page = as_client.post(f"{PATH}/new", data={**FORM, "name": ""})
    assert re.search(r'value="projects:read" checked', page.text)


def test_a_person_is_offered_no_more_than_may_be_given(as_client, as_expert):
    page = as_client.get(f"{PATH}/new").text
    assert 'value="projects:read"' in page
    assert 'value="products:write"' not in page
    assert 'value="users:read"' not in page
    forced = as_client.post(f"{PATH}/new", data={"name": "x", "scopes": ["products:write"]})
    assert forced.status_code == 422
    assert 'value="matches:read"' not in as_expert.get(f"{PATH}/new").text


def test_making_and_replacing_asks_for_a_fresh_proof(as_client):
    made = make_key(as_client.user)
    with clock.shifted(timedelta(minutes=16)):
        for path in (f"{PATH}/new", f"{PATH}/{made.record.id}/rotate"):
            assert as_client.get(path).location.startswith("/account/confirm")
        assert as_client.post(f"{PATH}/new", data=FORM).status_code in (303, 403)
        assert as_client.get(PATH).status_code == 200
    assert len(db.session.scalars(select(ApiKey)).all()) == 1


def test_replacing_gives_a_new_key(app, as_client):
    made = make_key(as_client.user)
    assert as_client.get(f"{PATH}/{made.record.id}/rotate").status_code == 200
    page = as_client.post(f"{PATH}/{made.record.id}/rotate", data={"overlap_seconds": "3600"})
    new = key_on(page)
    assert call(app, new).status_code == call(app, made.key).status_code == 200
    with clock.shifted(timedelta(seconds=3601)):
        assert call(app, made.key).status_code == 401
    again = as_client.post(f"{PATH}/{made.record.id}/rotate", data={"overlap_seconds": "3600"})
    assert again.status_code == 303
    assert "has a successor already" in as_client.get(again.location).text


def test_a_replaced_key_is_called_the_same_on_every_page(as_client, as_admin):
    made = make_key(as_client.user, requests_per_minute=1)
    as_client.post(f"{PATH}/{made.record.id}/rotate", data={"overlap_seconds": "3600"})
    own = as_client.get(PATH).text
    assert "1 request a minute" in own
    person = as_admin.get(f"/admin/users/{as_client.user.id}").text
    for page in (own, as_admin.get("/admin/api-keys").text, person):
        assert page.count('<span class="badge badge-warning">Being replaced</span>') == 1
        assert page.count('<span class="badge badge-success">Active</span>') == 1


@pytest.mark.parametrize("overlap", ["", "5", "-1", "x"])
def test_an_overlap_is_one_of_those_offered(as_client, overlap):
    made = make_key(as_client.user)
    page = as_client.post(f"{PATH}/{made.record.id}/rotate", data={"overlap_seconds": overlap})
    assert page.status_code == 422
    assert "Choose one of these" in page.text


def test_revoking_asks_first(app, as_client):
    made = make_key(as_client.user)
    assert "can’t be undone" in as_client.get(f"{PATH}/{made.record.id}/revoke").text
    assert call(app, made.key).status_code == 200
    assert as_client.post(f"{PATH}/{made.record.id}/revoke").status_code == 303
    assert call(app, made.key).status_code == 401


def test_revoking_again_leads_back_to_the_list(as_client, as_admin):
    made = make_key(as_client.user)
    assert as_client.post(f"{PATH}/{made.record.id}/revoke").status_code == 303
    revoked_at = db.session.get(ApiKey, made.record.id).revoked_at
    as_client.get(PATH)
    for browser, base in ((as_client, PATH), (as_admin, "/admin/api-keys")):
        for method in ("POST", "GET"):
            answer = browser.open(f"{base}/{made.record.id}/revoke", method=method)
            assert (answer.status_code, answer.location) == (303, base)
            assert "“Stock import” is revoked already." in browser.get(base).text
    assert as_client.get(f"{PATH}/{made.record.id}/rotate").status_code == 404
    db.session.expire_all()
    assert db.session.get(ApiKey, made.record.id).revoked_at == revoked_at
    assert [kind for _, kind, _ in published("api_key.revoked")] == ["api_key.revoked"]


def test_others_revoked_keys_are_not_there_either(as_client, as_expert):
    made = make_key(as_client.user)
    as_client.post(f"{PATH}/{made.record.id}/revoke")
    assert as_expert.post(f"{PATH}/{made.record.id}/revoke").status_code == 404


def test_others_keys_are_not_there(as_client, make_user):
    made = make_key(make_user(role="client"))
    for what in ("rotate", "revoke"):
        assert as_client.get(f"{PATH}/{made.record.id}/{what}").status_code == 404
        assert as_client.post(f"{PATH}/{made.record.id}/{what}").status_code == 404
    assert made.record.prefix not in as_client.get(PATH).text


def test_an_owner_sees_the_companys_keys_and_revokes_them(app, as_client, make_user):
    colleague = make_user(role="client", client_id=as_client.user.client_id, company_role="member")
    made = make_key(colleague)
    page = as_client.get(PATH).text
    assert "Keys of your company’s people" in page
    assert colleague.username in page
    assert f"{made.record.id}/rotate" not in page
    assert as_client.post(f"{PATH}/{made.record.id}/rotate", data={"overlap_seconds": "0"}).status_code == 403
    assert as_client.post(f"{PATH}/{made.record.id}/revoke").status_code == 303
    assert call(app, made.key).status_code == 401


def test_nobody_comes_without_signing_in(client):
    for method, path in (("GET", PATH), ("GET", f"{PATH}/new"), ("GET", "/admin/api-keys")):
        assert client.open(path, method=method).status_code == 303
    assert client.post(f"{PATH}/new", data=FORM).status_code in (303, 401)


def test_staff_see_all_keys_and_revoke_them(app, as_manager, make_user):
    user = make_user(role="client")
    made = make_key(user)
    page = as_manager.get("/admin/api-keys").text
    for words in ("Stock import", made.record.prefix, user.username, user.client.name):
        assert words in page
    assert as_manager.get(f"/admin/api-keys/{made.record.id}/revoke").status_code == 200
    assert as_manager.post(f"/admin/api-keys/{made.record.id}/revoke").status_code == 303
    assert call(app, made.key).status_code == 401
    assert made.record.prefix not in as_manager.get("/admin/api-keys").text
    assert made.record.prefix in as_manager.get("/admin/api-keys?state=revoked").text


def test_staff_narrow_the_list_to_a_company(as_admin, make_user):
    one, other = make_key(make_user(role="client")), make_key(make_user(role="client"))
    page = as_admin.get(f"/admin/api-keys?client_id={one.record.client_id}").text
    assert one.record.prefix in page
    assert other.record.prefix not in page
    for query in ("client_id=nonsense", "cursor=nonsense", "state=nonsense&limit=9999"):
        assert as_admin.get(f"/admin/api-keys?{query}").status_code == 200


def test_staffs_pages_are_not_for_clients(as_client):
    made = make_key(as_client.user)
    assert as_client.get("/admin/api-keys").status_code == 403
    assert as_client.post(f"/admin/api-keys/{made.record.id}/revoke").status_code == 403


def test_a_list_costs_the_same_for_many_keys(as_client, as_manager, statements_of):
    make_key(as_client.user)
    few = statements_of(as_client, PATH), statements_of(as_manager, "/admin/api-keys")
    for number in range(12):
        make_key(as_client.user, name=f"Key {number}")
    assert (statements_of(as_client, PATH), statements_of(as_manager, "/admin/api-keys")) == few


@pytest.fixture
def statements_of():
    def count(browser, path):
        browser.get(path)
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if statement.lstrip().upper().startswith("SELECT") and "set_config" not in statement:
                seen.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert browser.get(path).status_code == 200
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return len(seen)

    return count
