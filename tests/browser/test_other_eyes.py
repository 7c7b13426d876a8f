"""Signing in through a provider, and seeing as a customer, in a real browser."""

import re
import secrets
import threading

import pytest
from oidc_provider_mock import User as Someone
from oidc_provider_mock import run_server_in_thread
from werkzeug.serving import make_server

from app import create_app
from app.extensions import db
from tests import factories
from tests.browser.test_every_page import faults
from tests.conftest import settings_for

pytestmark = pytest.mark.browser

NARROW = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def name():
    return f"paula-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def portal(live, name):
    """The address of a portal on the live one's database that knows a provider, with a client's user of that name."""
    someone = Someone(sub=name, claims={"email": f"{name}@diglit.test", "email_verified": True})
    with run_server_in_thread(user_claims=[someone], require_nonce=True) as provider:
        app = create_app(
            settings_for(
                live.database_url,
                OIDC_ISSUER=f"http://localhost:{provider.server_port}",
                OIDC_CLIENT_ID="portal",
                OIDC_CLIENT_SECRET="s3cret",
                OIDC_NAME="Example ID",
            )
        )
        with app.app_context():
            factories.make_user(role="client", username=name, email=f"{name}@diglit.test")
            factories.make_user(role="manager", username=f"staff-{name}")
            db.session.remove()
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_somebody_signs_in_through_the_provider(chromium, portal, name, scripts):
    """The first time with the password, which links the accounts; from then on without."""
    window = chromium.new_context(viewport=NARROW, base_url=portal, java_script_enabled=scripts)
    page = window.new_page()
    page.goto("/login?next=/account")
    page.get_by_role("link", name="Continue with Example ID").click()
    page.locator(f"button[value='{name}']").click()
    if "/login/provider/link" in page.url:
        page.locator("#password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Link and sign in").click()
    page.wait_for_url("**/account")
    page.goto("/account/providers")
    assert page.get_by_role("heading", name="Example ID").is_visible()
    window.close()


def test_declining_there_is_told_kindly(chromium, portal):
    window = chromium.new_context(viewport=NARROW, base_url=portal, bypass_csp=True)
    page = window.new_page()
    page.goto("/login/provider")
    page.get_by_role("button", name="Deny").click()
    page.wait_for_url("**/login/provider/callback?*")
    assert page.get_by_role("heading", level=1).inner_text() in (
        "You were not signed in",
        "That answer can’t be trusted",
    )
    assert list(faults(page)) == []
    window.close()


@pytest.mark.parametrize("screen", [DESK, NARROW], ids=["desk", "phone"])
def test_staff_look_through_a_customers_eyes_and_come_back(chromium, portal, name, screen):
    window = chromium.new_context(viewport=screen, base_url=portal, bypass_csp=True, reduced_motion="reduce")
    page = window.new_page()
    page.goto("/login")
    page.get_by_label(re.compile("User name")).fill(f"staff-{name}")
    page.locator("#password").fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    page.goto(f"/admin/see-as?q={name}")
    assert list(faults(page)) == []
    page.get_by_role("link", name="See as this person").click()
    assert list(faults(page)) == []
    page.locator("#reason").fill("Ticket 4711")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")
    banner = page.get_by_role("complementary", name="Seeing as a customer")
    assert name in banner.inner_text()
    assert list(faults(page)) == []
    page.mouse.wheel(0, 2000)
    box = banner.bounding_box()
    text = banner.locator("p").bounding_box()
    assert box["y"] >= 0
    assert text["y"] >= box["y"]
    assert text["y"] + text["height"] <= box["y"] + box["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
    page.goto("/account")
    page.get_by_role("button", name="Save").click()
    assert "nothing can be changed" in page.locator("main").inner_text()
    assert list(faults(page)) == []
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_url("**/admin/users/**")
    assert page.get_by_text("You are yourself again").is_visible()
    window.close()
