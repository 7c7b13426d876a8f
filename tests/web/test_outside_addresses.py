"""Every address in an answer begins with what those outside call the portal."""

import re

import pytest

from app import create_app
from tests.conftest import settings_for


@pytest.fixture
def behind(tmp_path):
    """The issuer that a portal behind one proxy tells, for the headers of a request."""

    def behind(headers, **more):
        given = {"TRUSTED_PROXIES": 1, "DATA_DIR": tmp_path} | more
        app = create_app(settings_for("postgresql://nobody@127.0.0.1:1/none", **given))
        return app.test_client().get("/.well-known/oauth-authorization-server", headers=headers).json["issuer"]

    return behind


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ({}, "http://localhost"),
        ({"Host": "localhost:8000"}, "http://localhost:8000"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "portal.example.com"}, "https://portal.example.com"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "p.example.com:8443"}, "https://p.example.com:8443"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "p.example.com:443"}, "https://p.example.com"),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "p.example.com", "X-Forwarded-Port": "8443"},
            "https://p.example.com:8443",
        ),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "p.example.com:8443", "X-Forwarded-Port": "8443"},
            "https://p.example.com:8443",
        ),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "p.example.com", "X-Forwarded-Port": "443"},
            "https://p.example.com",
        ),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443"),
    ],
)
def test_proxy_tells_the_address_with_its_port(behind, told, address):
    assert behind(told) == address


def test_address_that_is_set_counts_for_all(behind):
    told = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "internal:8000"}
    assert behind(told, PUBLIC_URL="https://portal.example.com:8443/") == "https://portal.example.com:8443"


def test_without_a_proxy_nobody_is_believed(behind):
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example.com", "X-Forwarded-Port": "1"}
    assert behind(told, TRUSTED_PROXIES=0) == "http://localhost"


@pytest.mark.parametrize("prefix", ["/api", "/api/v1"])
def test_links_begin_with_the_address_that_is_set(app, client, make_product, monkeypatch, prefix):
    make_product()
    make_product()
    changed = app.config["SETTINGS"].model_copy(update={"public_url": "https://portal.example.com:8443"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    link = client.get(f"{prefix}/products?limit=1", headers={"Host": "internal:8000"}).headers["Link"]
    assert re.findall("<([^?]+)", link) == [f"https://portal.example.com:8443{prefix}/products"]
