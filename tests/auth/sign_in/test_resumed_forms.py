"""A form that was sent at the wrong moment isn't lost."""

import html
import io
import re
from datetime import timedelta

import pytest

from app.catalog.models import Product
from app.core.clock import shifted
from app.extensions import db
from app.web.resumed_forms import ResumedForm
from tests.factories import PASSWORD

TYPED = {"name": "Atlas <b>&amp;</b>", "category": "Analytics", "price": "12.50", "features": "one\ntwo\n\nthree "}
SAME_SITE = {"Origin": "http://localhost", "Referer": "http://localhost/admin/products/new"}


def kept_in(page):
    return html.unescape(re.search(r'name="kept" type="hidden" value="([^"]*)"', page.text).group(1))


def fields_of(page):
    """The fields as a browser would send them: a line break right after the tag doesn't count."""
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page.text, re.DOTALL)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def test_what_was_typed_comes_along_through_the_sign_in(as_manager):
    with shifted(timedelta(hours=13)):
        ended = as_manager.post(
            "/admin/products/new", data={**TYPED, "csrf_token": as_manager._csrf_token()}, headers=SAME_SITE
        )
        assert ended.status_code == 401
        assert "What you typed is kept" in ended.text
        kept = kept_in(ended)
        assert "csrf_token" not in kept
        sent = {"username": as_manager.user.username, "password": PASSWORD, "kept": kept}
        again = as_manager.post("/login", data={**sent, "next": "/admin/products/new"})
        assert again.status_code == 200
        assert 'action="/admin/products/new"' in again.text
        assert 'href="/admin/products/new"' in again.text
        assert fields_of(again) == TYPED
        saved = as_manager.post("/admin/products/new", data=fields_of(again))
        assert saved.status_code == 303
    assert db.session.query(Product).one().name == TYPED["name"]


def test_a_wrong_password_on_the_way_loses_nothing(client):
    kept = ResumedForm("/admin/products/new", (("name", "Atlas"),)).dumps()
    page = client.post("/login", data={"username": "nobody", "password": "wrong", "kept": kept})
    assert page.status_code == 422
    assert kept_in(page) == kept


def test_passwords_and_codes_are_not_carried_along(client):
    page = client.post("/admin/products/new", data={"name": "Atlas", "password": "hush hush", "otp": "123456"})
    assert "Atlas" in kept_in(page)
    assert "hush hush" not in page.text
    assert "123456" not in page.text


def test_repeated_fields_keep_their_order(client):
    page = client.post("/admin/products/new", data={"tag": ["b", "a", "b"], "name": "x"})
    assert ResumedForm.loads(kept_in(page)).fields[:3] == (("tag", "b"), ("tag", "a"), ("tag", "b"))


def test_files_are_named_as_lost(client, make_user):
    page = client.post("/admin/products/import", data={"file": (io.BytesIO(b"a;b"), "prices.csv")})
    sent = {"username": make_user().username, "password": PASSWORD, "kept": kept_in(page)}
    assert "choose yours again" in client.post("/login", data=sent).text


def test_a_form_that_is_too_large_to_carry_leads_to_the_sign_in(client):
    answer = client.post("/admin/products/new", data={"description": "x" * 300_000}, headers=SAME_SITE)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/admin/products/new"


def test_another_sites_form_is_not_carried_along(client):
    answer = client.post("/admin/products/new", data=TYPED, csrf=False, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login"


@pytest.mark.parametrize(
    "kept", ["x", "[]", "{}", '["//evil.test", [], []]', '["https://evil.test", [], []]', "[1,2,3]"]
)
def test_a_forged_package_is_thrown_away(client, make_user, kept):
    sent = {"username": make_user().username, "password": PASSWORD, "kept": kept}
    answer = client.post("/login", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")


def test_htmx_gets_the_sign_in_as_a_whole_page(client):
    answer = client.post("/admin/products/new", data=TYPED, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("body", "innerHTML")
    assert "Atlas" in kept_in(answer)


def test_a_form_with_an_old_token_can_be_sent_again(as_manager):
    page = as_manager.post("/admin/products/new", data=TYPED, csrf=False, headers=SAME_SITE)
    assert page.status_code == 400
    assert fields_of(page) == TYPED
    assert 'action="/admin/products/new"' in page.text
    assert db.session.query(Product).count() == 0
    assert as_manager.post("/admin/products/new", data=fields_of(page)).status_code == 303


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.test"}, {"Origin": "null"}])
def test_another_sites_form_is_not_offered_to_be_sent_again(as_manager, headers):
    page = as_manager.post("/admin/products/new", data=TYPED, csrf=False, headers=headers)
    assert page.status_code == 400
    assert "Atlas" not in page.text
    assert db.session.query(Product).count() == 0


def test_a_sign_in_page_that_was_open_too_long_says_so(client, make_user):
    sent = {"username": make_user().username, "password": PASSWORD}
    page = client.post("/login", data=sent, csrf=False, headers=SAME_SITE)
    assert page.status_code == 400
    assert sent["username"] in page.text
    assert PASSWORD not in page.text


def test_a_form_token_of_another_browser_does_not_count(app, as_manager, as_admin):
    token = as_admin._csrf_token()
    page = as_manager.post("/admin/products/new", data={**TYPED, "csrf_token": token}, csrf=False)
    assert page.status_code == 400
