"""Signing in with a second factor and with passkeys, in a real browser with a virtual authenticator."""

import re
import secrets
import time

import pyotp
import pytest

from app import create_app
from app.extensions import db
from tests import factories
from tests.browser.authenticator import Device
from tests.browser.test_every_page import faults
from tests.conftest import settings_for

pytestmark = pytest.mark.browser

NARROW = {"width": 390, "height": 844}


@pytest.fixture
def somebody(live):
    """A client's user of the test's own."""
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        name = f"anna-{secrets.token_hex(4)}"
        user = factories.make_user(role="client", username=name, email=f"{name}@diglit.test")
        db.session.expunge_all()
        yield user
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def named(live):
    """The portal's address by name: browsers make no passkeys for an IP address."""
    return live.url.replace("127.0.0.1", "localhost")


def write_password(page, user, address=""):
    page.goto(f"{address}/login")
    page.get_by_label("User name or e-mail").fill(user.username)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page, address=""):
    page.goto(f"{address}/account")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")


def turn_on_app(page, address=""):
    """Set up an authenticator app as its owner would; the app and the recovery codes."""
    page.goto(f"{address}/account/two-factor")
    page.get_by_role("button", name="Set up an authenticator app").click()
    app = pyotp.TOTP(re.sub(r"\s", "", page.locator(".secret-key").inner_text()))
    page.get_by_role("textbox", name="Code").fill(app.now())
    page.get_by_role("button", name="Turn on").click()
    return app, page.locator(".recovery-codes code").all_inner_texts()


def next_code(app):
    """The code after the one that was used last: no code works twice."""
    return app.at(int(time.time()) + 30)


def use_passkey(page, device, label):
    """Press the button, while the page's own offer goes unanswered: a touch counts for what is asked after it."""
    page.wait_for_load_state("networkidle")
    device.is_there(True)
    page.get_by_role("button", name=label).click()


def add_passkey(page, address, name):
    page.goto(f"{address}/account/passkeys")
    page.get_by_role("link", name="Add a passkey").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/account/passkeys")


def test_an_app_is_set_up_and_used_on_a_phone(open_window, somebody):
    page = open_window(None, viewport=NARROW)
    write_password(page, somebody)
    app, codes = turn_on_app(page)
    assert len(codes) == 10
    assert page.get_by_role("button", name="Print").is_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert all(code in download.value.path().read_text() for code in codes)
    sign_out(page)
    write_password(page, somebody)
    page.wait_for_url("**/login/second")
    code = page.get_by_label("Code", exact=True)
    assert code.get_attribute("inputmode") == "numeric"
    code.fill("000000")
    page.get_by_role("button", name="Go on").click()
    assert code.get_attribute("aria-invalid") == "true"
    code.fill(next_code(app))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/dashboard/")


def test_the_codes_are_copied(open_window, somebody):
    page = open_window(None, permissions=["clipboard-read", "clipboard-write"])
    write_password(page, somebody)
    _, codes = turn_on_app(page)
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").split() == codes


def test_an_app_and_a_recovery_code_work_without_scripts(open_window, somebody, named):
    page = open_window(None, java_script_enabled=False)
    write_password(page, somebody, named)
    app, codes = turn_on_app(page, named)
    sign_out(page, named)
    write_password(page, somebody, named)
    page.get_by_label("Code", exact=True).fill(next_code(app))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/dashboard/")
    sign_out(page, named)
    write_password(page, somebody, named)
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Use this code").click()
    page.wait_for_url("**/dashboard/")
    page.goto(f"{named}/account/two-factor")
    assert "9 of 10" in page.inner_text("main")
    page.goto(f"{named}/account/passkeys/new")
    assert "Passkeys need JavaScript" in page.inner_text("main")


def test_a_passkey_is_made_used_alone_and_removed(open_window, somebody, named):
    page = open_window(None)
    device = Device(page)
    write_password(page, somebody, named)
    add_passkey(page, named, "Anna’s laptop")
    assert "Anna’s laptop" in page.inner_text("main")
    (kept,) = device.credentials()
    assert kept["isResidentCredential"]
    device.is_there(False)
    sign_out(page, named)
    use_passkey(page, device, "Sign in with a passkey")
    page.wait_for_url("**/dashboard/")
    page.goto(f"{named}/account/passkeys")
    page.get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    page.get_by_text("No passkeys yet").wait_for()
    device.is_there(False)
    sign_out(page, named)
    use_passkey(page, device, "Sign in with a passkey")
    page.get_by_text("isn’t known here").wait_for()
    # A device that answers at once would send the refused passkey again and again.
    assert page.locator("[data-passkey-offered]").count() == 0


def test_a_passkey_is_offered_with_the_field_for_the_name(open_window, somebody, named):
    page = open_window(None)
    device = Device(page)
    write_password(page, somebody, named)
    add_passkey(page, named, "Key")
    (before,) = device.credentials()
    sign_out(page, named)
    # The virtual authenticator takes the browser's first offer at once, as if its owner had chosen it.
    page.wait_for_url("**/dashboard/")
    assert device.credentials()[0]["signCount"] > before["signCount"]


def test_a_passkey_is_the_second_step(open_window, somebody, named):
    page = open_window(None)
    device = Device(page)
    write_password(page, somebody, named)
    add_passkey(page, named, "Key")
    turn_on_app(page, named)
    device.is_there(False)
    sign_out(page, named)
    write_password(page, somebody, named)
    use_passkey(page, device, "Use a passkey")
    page.wait_for_url("**/dashboard/")


def test_a_device_is_not_added_twice(open_window, somebody, named):
    page = open_window(None)
    Device(page)
    write_password(page, somebody, named)
    add_passkey(page, named, "Key")
    page.goto(f"{named}/account/passkeys/new")
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("on that device already").wait_for()


def test_under_an_ip_address_the_page_leads_to_the_name(open_window, somebody, named):
    page = open_window(None)
    write_password(page, somebody)
    page.goto("/account/passkeys/new")
    assert page.get_by_role("link", name=named).get_attribute("href") == f"{named}/account/passkeys/new"


def test_the_pages_of_a_second_factor_are_accessible_and_fit_the_screen(open_window, somebody, named):
    page = open_window(None, bypass_csp=True, reduced_motion="reduce")
    write_password(page, somebody, named)
    looked_at(page)
    page.goto(f"{named}/account/two-factor")
    page.get_by_role("button", name="Set up an authenticator app").click()
    looked_at(page)
    secret = re.sub(r"\s", "", page.locator(".secret-key").inner_text())
    page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Turn on").click()
    looked_at(page)
    page.goto(f"{named}/account/two-factor")
    looked_at(page)
    page.goto(f"{named}/account/passkeys/new")
    looked_at(page)
    sign_out(page, named)
    write_password(page, somebody, named)
    page.get_by_text("Use a recovery code").click()
    looked_at(page)


def looked_at(page):
    """Nothing is wrong with this page, wide and light, nor narrow and dark."""
    wide = page.viewport_size
    for size, scheme in ((NARROW, "dark"), (wide, "light")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.evaluate("Promise.all(document.getAnimations().map((change) => change.finished.catch(() => null)))")
        assert list(faults(page)) == []
