"""What holds for every path of the API, whoever declares it."""

from uuid import UUID

import pytest

PROBLEM = "application/problem+json"


def assert_problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.mimetype == PROBLEM
    told = answer.json
    assert told["status"] == status
    assert told["type"].endswith(code)
    assert told["title"]
    assert told["detail"]
    assert told["request_id"] == answer.headers["X-Request-ID"]
    return told


def test_index_says_where_things_are(client):
    assert client.get("/api").json == {
        "version": "1",
        "openapi": "/api/openapi.json",
        "docs": "/api/docs",
        "realtime_url": None,
    }


@pytest.mark.parametrize("path", ["/api/nothing", "/api/products/a/b/c", "/api/v2/products", "/api/v1/v1/products"])
def test_unknown_path_is_a_problem(client, path):
    told = assert_problem(client.get(path), 404, "not-found")
    assert told["instance"] == path


def test_wrong_method_is_told_which_are_allowed(client):
    answer = client.put("/api/products")
    assert_problem(answer, 405, "method-not-allowed")
    assert {"GET", "HEAD", "POST", "OPTIONS"} == set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/expert-teams/projects", "GET, HEAD, OPTIONS, POST"),
        ("/api/v1/expert-teams/request", "OPTIONS, POST"),
        ("/api/virtual-assistants/my-matches", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_fixed_path_takes_no_methods_of_one_with_a_parameter(api, make_user, path, allowed):
    admin = api(make_user(role="admin"))
    answer = admin.delete(path)
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == allowed
    assert ", ".join(sorted(admin.options(path).allow)) == allowed


def test_slash_too_many_costs_no_redirect(client, make_product):
    make_product()
    for path in ("/api/products/", "/api//products", "/api/v1/products//"):
        assert client.get(path).status_code == 200


def test_request_id_is_the_callers_when_sane(client):
    assert client.get("/api", headers={"X-Request-ID": "shop-4711"}).headers["X-Request-ID"] == "shop-4711"
    made = client.get("/api", headers={"X-Request-ID": "<script>"}).headers["X-Request-ID"]
    assert UUID(made)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/products"),
        ("PATCH", "/api/products/not-there"),
        ("DELETE", f"/api/products/{UUID(int=7)}"),
        ("POST", "/api/solutions/not-there/restore"),
        ("POST", "/api/services"),
    ],
)
def test_who_may_not_hears_so_before_anything_else(client, api, make_user, method, path):
    rubbish = {"data": b"{rubbish", "content_type": "text/plain", "headers": {"Idempotency-Key": ""}}
    anonymous = client.open(path, method=method, **rubbish)
    assert_problem(anonymous, 401, "unauthorized")
    assert anonymous.headers["WWW-Authenticate"].startswith("Bearer")
    assert_problem(api(make_user(role="client")).open(path, method=method, **rubbish), 403, "refused")


def test_bad_credentials_are_told_on_public_paths_too(client):
    answer = client.get("/api/products", headers={"Authorization": "Bearer nonsense"})
    assert_problem(answer, 401, "unauthorized")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_portal_session_does_not_authenticate_the_api(as_manager):
    assert as_manager.post("/api/products", json={"name": "x"}).status_code == 401


def test_fault_of_ours_is_told_without_its_insides(app, client, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("secret insides")

    monkeypatch.setattr("app.api.paging.fetch", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.get("/api/products")
    assert_problem(answer, 500, "server-error")
    assert "secret" not in answer.text


def test_head_and_options_behave(client, make_product):
    product = make_product()
    head = client.head(f"/api/products/{product.id}")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == client.get(f"/api/products/{product.id}").headers["ETag"]
    options = client.options("/api/products")
    assert options.status_code == 204
    assert "POST" in options.headers["Allow"]


def test_pinned_version_is_the_same_thing_and_stays_in_its_links(client, api, make_user, make_product):
    for number in range(3):
        make_product(name=f"P{number}")
    assert client.get("/api/v1").json["docs"] == "/api/v1/docs"
    assert client.get("/api/v1/products").json == client.get("/api/products").json
    assert "/api/v1/products?" in client.get("/api/v1/products?limit=1").headers["Link"]
    body = {"name": "Pinned", "category": "A", "price": "1"}
    made = api(make_user(role="manager")).post("/api/v1/products", json=body)
    assert made.headers["Location"] == f"/api/v1/products/{made.json['id']}"
    assert client.get("/api/v1/products/nope").json["instance"] == "/api/v1/products/nope"


@pytest.mark.parametrize("path", ["/api/products/%00", "/api/products/a%00b", "/api/solutions/%ff", "/api/services/💥"])
def test_odd_reference_is_not_found(client, path):
    assert_problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize("query", ["q=a%00b", "category=%00", "limit=1&limit=2", "include_archived=perhaps"])
def test_odd_query_is_told_where(client, query):
    told = assert_problem(client.get(f"/api/products?{query}"), 422, "invalid")
    assert told["errors"][0]["pointer"] == "/query/" + query.split("=")[0]
