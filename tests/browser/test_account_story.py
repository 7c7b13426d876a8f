"""The owner of a client company, from the first visit to the lost laptop, as a person would go about it."""

import email
import re
import secrets
import time
from email import policy

import pyotp
import pytest

from tests.browser.authenticator import Device

pytestmark = pytest.mark.browser

PASSWORD = "seven brown teapots"


@pytest.fixture
def mailed(live):
    """`mailed(address, subject)` is the link in the latest mail of that subject."""

    def mailed(address, subject):
        until = time.monotonic() + 15
        while time.monotonic() < until:
            for path in sorted((live.folder / "mailbox").glob("*.eml"), key=lambda path: path.stat().st_mtime)[::-1]:
                mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
                if address in mail["To"] and re.search(subject, mail["Subject"]):
                    return re.search(r"https?://\S+token=\S+", mail.get_body(("plain",)).get_content())[0]
            time.sleep(0.1)
        raise AssertionError(f"no mail {subject!r} came to {address}")

    return mailed


def choose(page, **values):
    for name, value in values.items():
        page.locator(f"main [name={name}]").fill(value)


def test_an_owner_registers_and_looks_after_the_account(open_window, live, mailed):
    base = live.url.replace("127.0.0.1", "localhost")  # browsers make no passkeys for an IP address
    name = f"olga-{secrets.token_hex(3)}"
    address = f"{name}@teapots.example"
    page = open_window(None)

    page.goto(f"{base}/login")
    page.get_by_role("link", name="Create an account").click()
    choose(page, username=name, email=address, company="Teapots & Sons", password=PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url("**/dashboard/")

    link = mailed(address, "(?i)confirm")
    page.goto(link.replace(live.url, base))
    page.locator("main").get_by_role("button").first.click()
    page.goto(f"{base}/account/email")
    page.get_by_text("Confirmed", exact=True).wait_for()

    page.goto(f"{base}/account/two-factor")
    page.get_by_role("button", name="Set up an authenticator app").click()
    app = pyotp.TOTP(re.sub(r"\s", "", page.locator(".secret-key").inner_text()))
    page.get_by_role("textbox", name="Code").fill(app.now())
    page.get_by_role("button", name="Turn on").click()
    assert page.locator(".recovery-codes code").count() == 10

    device = Device(page)
    page.goto(f"{base}/account/passkeys")
    page.get_by_role("link", name="Add a passkey").first.click()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url("**/account/passkeys")
    assert len(device.credentials()) == 1

    colleague = f"piet-{secrets.token_hex(3)}@teapots.example"
    page.goto(f"{base}/account/company")
    choose(page, email=colleague)
    page.get_by_role("button", name="Invite").click()
    page.get_by_text(colleague).first.wait_for()
    invited = open_window(None)
    invited.goto(mailed(colleague, "(?i)invit").replace(live.url, base))
    choose(invited, username=colleague.partition("@")[0], password=PASSWORD)
    invited.locator("main button[type=submit]:not([aria-label])").last.click()
    invited.wait_for_url("**/dashboard/")
    assert "Teapots & Sons" in invited.locator("body").inner_text()

    page.goto(f"{base}/account/api-keys/new")
    choose(page, name="Shop window")
    page.locator("input[value='products:read']").check()
    page.get_by_role("button", name=re.compile("Make|Create")).last.click()
    key = re.search(r"dlk_\w+", page.locator("main").inner_html())[0]
    headers = {"Authorization": f"Bearer {key}"}
    assert page.request.get(f"{live.url}/api/products?limit=1", headers=headers).status == 200
    refused = page.request.post(f"{live.url}/api/products", headers=headers, data={"name": "Mine", "price": "1.00"})
    assert refused.status == 403

    laptop = open_window(None)
    laptop.goto(f"{base}/login")
    choose(laptop, username=name, password=PASSWORD)
    laptop.get_by_role("button", name="Sign in", exact=True).click()
    laptop.get_by_label("Code", exact=True).fill(app.at(int(time.time()) + 30))
    laptop.get_by_role("button", name="Go on").click()
    laptop.wait_for_url("**/dashboard/")

    page.goto(f"{base}/account/sessions")
    page.get_by_role("button", name=re.compile("^End the session of")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="End the session").click()
    page.get_by_text("You are signed in nowhere else").wait_for()
    laptop.goto(f"{base}/account")
    assert "/login" in laptop.url
    page.goto(f"{base}/account")
    assert page.url.endswith("/account")
