"""Security headers, and errors as people see them."""

import io

import pytest

from app.core.errors import Conflict, NotFound, Refused
from app.web import errors
from app.web.guards import public


@pytest.mark.parametrize("path", ["/login", "/nothing", "/api", "/api/products"])
def test_every_answer_carries_the_policy(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers


def test_pages_are_kept_by_no_cache(as_manager):
    assert as_manager.get("/admin/").headers["Cache-Control"] == "no-store"


def test_no_page_holds_inline_script_or_style(as_manager):
    for path in ("/admin/", "/admin/products", "/admin/audit", "/admin/jobs", "/account"):
        page = as_manager.get(path).text
        assert "<style" not in page, path
        assert " style=" not in page, path
        assert " onclick=" not in page, path
        assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src='), path


def test_an_unknown_page_says_what_to_do_and_its_request(client):
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_wrong_method_names_those_allowed(client):
    answer = client.put("/login")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_form_without_its_token_is_told_so(as_manager):
    answer = as_manager.post("/account", data={"theme": "dark"}, csrf=False)
    assert answer.status_code == 400
    assert "send it again" in answer.text


@pytest.fixture
def failing(app, monkeypatch):
    """/login raises what the test puts into `failing["error"]`."""
    failure = {}

    @public
    def fail():
        raise failure["error"]

    monkeypatch.setitem(app.view_functions, "auth.login", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return failure


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (NotFound("There is no such product."), 404, "There is no such product."),
        (Refused("Your role doesn't allow this."), 403, "allow this."),
        (Conflict("“Atlas” is archived already."), 409, "“Atlas” is archived already."),
    ],
)
def test_a_domain_error_says_its_rule(client, failing, error, status, said):
    failing["error"] = error
    answer = client.get("/login")
    assert answer.status_code == status
    assert said in answer.text.replace("&#39;", "'")


def test_a_bug_shows_no_trace(client, failing):
    failing["error"] = RuntimeError("secret detail")
    answer = client.get("/login")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_htmx_gets_a_notice_and_no_page(client):
    answer = client.get("/nothing-here", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text


def test_what_htmx_could_not_load_leaves_the_page_and_its_address_as_they_are(client):
    headers = client.get("/nothing-here", headers={"HX-Request": "true", "HX-Target": "div#results"}).headers
    assert (headers["HX-Retarget"], headers["HX-Reswap"], headers["HX-Push-Url"]) == ("#flashes", "beforeend", "false")
    assert "HX-Retarget" not in client.get("/nothing-here").headers


def test_every_status_has_its_story():
    assert {400, 403, 404, 405, 409, 413, 422, 429, 500, 503} <= set(errors.STORIES)


@pytest.mark.parametrize(("path", "size", "limit"), [("/login", 3, "2 MB"), ("/admin/products/import", 52, "50 MB")])
def test_what_is_too_large_is_told_the_limit(as_manager, path, size, limit):
    body = {"file": (io.BytesIO(b"a" * size * 1024 * 1024), "a.csv"), "username": "x"}
    answer = as_manager.post(path, data=body, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert f"The limit is {limit}" in answer.text
