"""What the guard does with each audience; that every route states one is tested over the URL map elsewhere."""

import pytest
from flask import Flask

from app.web import guards

ROLES = ("anonymous", "expert", "client", "manager", "admin")
ADMITTED = {
    "public": set(ROLES),
    "entrance": set(ROLES),
    "signed-in": set(ROLES) - {"anonymous"},
    "staff": {"manager", "admin"},
    "admin": {"admin"},
    "users:write": {"admin"},
    "products:write": {"manager", "admin"},
    "matches:write": {"client", "manager", "admin"},
    "products:read": set(ROLES) - {"anonymous"},
}


def view():
    return "open"


def marked(audience):
    decorators = {
        "public": guards.public,
        "entrance": guards.entrance,
        "signed-in": guards.signed_in,
        "staff": guards.staff,
        "admin": guards.admin,
    }

    def one():
        return "open"

    return decorators.get(audience, guards.allow(audience) if ":" in audience else None)(one)


@pytest.fixture
def lend(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """Let a page and an operation be answered by a view of the test's."""

    def lend(one):
        monkeypatch.setitem(app.view_functions, "portal.home", one)
        monkeypatch.setitem(app.view_functions, "auth_api.me", one)

    return lend


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("audience", ADMITTED)
def test_pages_admit_their_audience(client, request, lend, audience, role):
    browser = client if role == "anonymous" else request.getfixturevalue(f"as_{role}")
    lend(marked(audience))
    answer = browser.get("/admin/")
    if role in ADMITTED[audience]:
        assert (answer.status_code, answer.text) == (200, "open")
    else:
        assert answer.status_code == (303 if role == "anonymous" else 403)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("audience", ADMITTED)
def test_operations_admit_their_audience(client, api, make_user, lend, audience, role):
    program = client if role == "anonymous" else api(make_user(role=role))
    lend(marked(audience))
    answer = program.get("/api/auth/me")
    if role in ADMITTED[audience]:
        assert (answer.status_code, answer.text) == (200, "open")
    else:
        assert answer.status_code == (401 if role == "anonymous" else 403)
        assert answer.mimetype == "application/problem+json"


def test_a_view_without_an_audience_is_refused_to_all(client, as_admin, api, make_user, lend):
    lend(view)
    for answer in (
        client.get("/admin/"),
        as_admin.get("/admin/"),
        client.get("/api/auth/me"),
        api(make_user(role="admin")).get("/api/auth/me"),
    ):
        assert answer.status_code == 403
        assert answer.text != "open"


def test_an_unknown_permission_is_refused_where_it_is_declared():
    with pytest.raises(ValueError, match="products:delete"):
        guards.allow("products:delete")


def test_a_mark_leaves_the_view_as_it_is():
    assert guards.staff(view) is view
    assert str(view.audience) == "staff"


def test_an_anonymous_visitor_is_led_through_the_sign_in_and_back(client, make_user):
    answer = client.get("/admin/products?q=caf%C3%A9&sort=-price")
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert 'value="/admin/products?q=caf%C3%A9&amp;sort=-price"' in page.text
    sent = {"username": make_user().username, "password": "correct horse battery"}
    back = client.post("/login", data={**sent, "next": "/admin/products?q=caf%C3%A9&sort=-price"})
    assert back.headers["Location"] == "/admin/products?q=caf%C3%A9&sort=-price"


def test_htmx_leaves_the_page_it_is_on_for_the_sign_in(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/admin/products?q=a"}
    answer = client.get("/admin/products?q=ab", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/login?next=/admin/products?q%3Da"


def test_htmx_on_another_sites_page_is_not_led_back_there(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://evil.test/admin/"}
    assert client.get("/admin/products", headers=headers).headers["HX-Redirect"] == "/login"


def test_anonymous_programs_hear_401_with_the_scheme(client):
    answer = client.get("/api/auth/me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_portal_session_does_not_open_the_api(as_admin):
    assert as_admin.get("/api/auth/me").status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer", "Basic dXNlcjpwYXNz", "bearer  ", "Bearer a.b.c", "\x7f"]
)
def test_bad_credentials_are_told_even_where_none_are_needed(client, header):
    answer = client.get("/api/products", headers={"Authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_stale_token_does_not_keep_anybody_from_signing_in(client, make_user):
    body = {"username": make_user().username, "password": "correct horse battery"}
    answer = client.post("/api/auth/login", json=body, headers={"Authorization": "Bearer stale"})
    assert answer.status_code == 200


def test_who_may_not_do_it_hears_that_before_anything_about_the_body(client, api, make_user):
    broken = {"data": b"{not json", "content_type": "application/json"}
    assert client.post("/api/products", **broken).status_code == 401
    assert api(make_user(role="client")).post("/api/products", **broken).status_code == 403
    assert api(make_user(role="client")).patch("/api/products/no-such-thing", **broken).status_code == 403
