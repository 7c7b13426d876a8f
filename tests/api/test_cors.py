"""Other origins' pages may call the API if they are listed."""

import pytest

from app import create_app
from app.extensions import db

OURS = "https://shop.example.com"


@pytest.fixture(scope="module")
def browser(app):
    settings = app.config["SETTINGS"].model_copy(update={"cors_origins": (OURS, "http://localhost:3000")})
    other = create_app(settings)
    other.testing = True
    yield other.test_client()
    with other.app_context():
        db.engine.dispose()


def test_listed_origin_reads_with_credentials(browser):
    answer = browser.get("/api", headers={"Origin": OURS})
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in answer.headers["Vary"]
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Link", "X-Total-Count", "ETag", "Location", "X-Request-ID", "Retry-After", "RateLimit-Limit"} <= set(
        exposed
    )


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", f"{OURS}.evil.test", "http://shop.example.com"])
def test_other_origins_get_nothing(browser, origin):
    for answer in (
        browser.get("/api", headers={"Origin": origin}),
        browser.options("/api/products", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-Allow")]
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_preflight_admits_what_the_api_takes(browser, method):
    answer = browser.options(
        "/api/products/x",
        headers={
            "Origin": OURS,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,if-match,idempotency-key",
        },
    )
    assert answer.status_code == 204
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for name in (
        "authorization",
        "content-type",
        "if-match",
        "if-none-match",
        "idempotency-key",
        "prefer",
        "x-request-id",
    ):
        assert name in allowed


def test_errors_can_be_read_too(browser):
    for path, method in (("/api/nothing", "GET"), ("/api/products", "POST"), ("/api/products", "PUT")):
        assert (
            browser.open(path, method=method, headers={"Origin": OURS}).headers["Access-Control-Allow-Origin"] == OURS
        )


def test_pages_are_not_for_other_origins(browser):
    assert "Access-Control-Allow-Origin" not in browser.get("/login", headers={"Origin": OURS}).headers


def test_nothing_is_allowed_by_default(client):
    assert "Access-Control-Allow-Origin" not in client.get("/api", headers={"Origin": OURS}).headers
