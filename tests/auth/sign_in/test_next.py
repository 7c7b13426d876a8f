"""After signing in one lands on this site, whatever `next` says."""

import pytest

from app.web.resumed_forms import safe_path

ATTACKS = [
    "//evil.test", "///evil.test", "////evil.test/", "/\\evil.test", "\\\\evil.test", "\\/evil.test", "/\\/evil.test",
    "https://evil.test", "http:evil.test", "http:/evil.test", "HTTPS://evil.test", "javascript:alert(1)",
    "data:text/html,x",
    "evil.test", "@evil.test", "/\t/evil.test", "/\n/evil.test", "/\r\n/evil.test", "\t//evil.test", " //evil.test",
    "/%2Fevil.test", "/%2f%2fevil.test", "/%5Cevil.test", "/%5c%5cevil.test",
    "/%252Fevil.test", "/%09/evil.test", "/%0d%0aSet-Cookie:x=1", "%2F%2Fevil.test", "//evil.test%2F@localhost",
    "/\0/evil.test",
    "//localhost:80@evil.test", "http://localhost@evil.test", "/" + "a" * 3000, "", ".", "..//evil.test",
    "\u2028//evil.test", "/\u2028/evil.test", "//\u3002evil.test", "\ufeff//evil.test",
]  # fmt: skip


@pytest.mark.parametrize("target", ATTACKS)
def test_an_address_elsewhere_is_no_safe_path(target):
    assert safe_path(target) is None


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/admin/",
        "/admin/products?q=a&sort=-price",
        "/admin/products?q=caf%C3%A9",
        "/admin/products?q=a%20b%2Fc",
        "/a#b",
    ],
)
def test_a_path_of_this_site_is_safe(target):
    assert safe_path(target) == target


@pytest.mark.parametrize("target", [attack for attack in ATTACKS if "\0" not in attack])
def test_no_attack_leaves_the_site(app, make_user, target):
    user = make_user()
    browser = app.test_client()
    sent = {"username": user.username, "password": "correct horse battery", "next": target}
    assert browser.post("/login", data=sent).headers["Location"] == "/admin/"
    assert browser.get("/login", query_string={"next": target}).headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("role", "target", "lands"),
    [
        ("manager", "/admin/products", "/admin/products"),
        ("client", "/admin/products", "/dashboard/"),
        ("manager", "/no/such/page", "/admin/"),
        ("manager", "/login", "/admin/"),
        ("manager", "/logout", "/admin/"),
        ("manager", "/api/products", "/admin/"),
    ],
)
def test_one_lands_only_on_a_page_that_one_may_see(app, make_user, role, target, lands):
    sent = {"username": make_user(role=role).username, "password": "correct horse battery", "next": target}
    assert app.test_client().post("/login", data=sent).headers["Location"] == lands
