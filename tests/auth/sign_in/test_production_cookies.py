"""In production a cookie is bound to this host and to HTTPS."""

import pytest

from app import create_app
from tests.conftest import settings_for
from tests.factories import PASSWORD


@pytest.fixture
def _in_production(app, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update={"app_env": "production"}))


@pytest.mark.usefixtures("_in_production")
def test_the_portals_cookie(client, make_user):
    sent = {"username": make_user().username, "password": PASSWORD}
    answer = client.post("/login", data=sent, base_url="https://localhost")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "diglit_session" in value)
    assert cookie.startswith("__Host-diglit_session=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert client.get("/login", base_url="https://localhost").status_code == 303


@pytest.mark.usefixtures("_in_production")
def test_the_refresh_tokens_cookie(client, make_user):
    answer = client.post("/api/auth/login", json={"username": make_user().username, "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-diglit_refresh=")
    for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/api"):
        assert part in cookie


def test_the_forms_cookie(app, tmp_path):
    settings = app.config["SETTINGS"]
    url, secret = settings.database_url, settings.secret_key
    made = create_app(settings_for(url, APP_ENV="production", SECRET_KEY=secret, DATA_DIR=tmp_path))
    assert made.config["SESSION_COOKIE_NAME"] == "__Host-diglit_form"
    assert made.config["SESSION_COOKIE_SECURE"] is True
    assert made.config["SESSION_COOKIE_HTTPONLY"] is True
    assert made.config["SESSION_COOKIE_SAMESITE"] == "Lax"


@pytest.mark.usefixtures("_in_production")
def test_the_cookie_of_a_known_browser(client, make_user):
    sent = {"username": make_user().username, "password": PASSWORD}
    answer = client.post("/login", data=sent, base_url="https://localhost")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "diglit_browser" in value)
    assert cookie.startswith("__Host-diglit_browser=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="):
        assert part in cookie
    assert "Domain" not in cookie
