"""OAuth 2.0 in a real browser: from a third party's own pages, by the person's consent, and back."""

import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from app import create_app
from app.extensions import db
from app.identity.models import User
from tests.auth.oauth_party import challenge_of, make_application
from tests.browser.test_every_page import look_at
from tests.conftest import settings_for
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser


class Shop:
    """A third party's little web application, on an origin of its own."""

    def __init__(self, portal):
        self.portal, self.made, self.tokens, self.refused = portal, None, None, None
        self.verifier, self.state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                address = urlsplit(self.path)
                asked = {name: values[0] for name, values in parse_qs(address.query).items()}
                body = shop.finish(asked) if address.path == "/callback" else shop.front()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>Shop</title>{body}".encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.callback = f"{self.url}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def question(self):
        return f"{self.portal}/oauth/authorize?" + urlencode(
            {
                "response_type": "code",
                "client_id": self.made.application.identifier,
                "redirect_uri": self.callback,
                "scope": "products:read",
                "state": self.state,
                "code_challenge": challenge_of(self.verifier),
                "code_challenge_method": "S256",
            }
        )

    def front(self):
        return f'<a href="{self.question().replace("&", "&amp;")}">Connect</a>'

    def finish(self, asked):
        assert asked["state"] == self.state
        assert asked["iss"] == self.portal
        if "error" in asked:
            self.refused = asked["error"]
            return f"<p>Refused: {asked['error']}</p>"
        sent = {
            "grant_type": "authorization_code",
            "code": asked["code"],
            "redirect_uri": self.callback,
            "code_verifier": self.verifier,
        }
        proof = (self.made.application.identifier, self.made.secret)
        self.tokens = requests.post(f"{self.portal}/oauth/token", data=sent, auth=proof, timeout=10).json()
        return f"<p>Connected as {self.me().json()['username']}</p>"

    def me(self):
        header = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return requests.get(f"{self.portal}/api/auth/me", headers=header, timeout=10)


@pytest.fixture
def shop(live):
    shop = Shop(live.url)
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        owner = db.session.scalars(db.select(User).where(User.username == "client")).one()
        shop.made = make_application(owner, name=f"Shop {secrets.token_hex(3)}", redirect_uris=[shop.callback])
        yield shop
        db.session.remove()
        db.engine.dispose()
    shop.server.shutdown()


def test_a_person_signs_in_allows_and_takes_it_away_again(open_window, shop):
    page = open_window(None)
    page.goto(shop.url)
    page.get_by_role("link", name="Connect").click()
    page.get_by_label("User name or e-mail").fill("client")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Allow").wait_for()
    assert page.get_by_role("heading", name=f"Let “{shop.made.application.name}” in?").is_visible()
    assert page.get_by_text("See products").is_visible()
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Connected as client").wait_for()
    assert shop.me().status_code == 200

    page.goto(shop.url)
    page.get_by_role("link", name="Connect").click()
    page.get_by_text("Connected as client").wait_for()

    page.goto(f"{shop.portal}/account/applications")
    card = page.locator("section", has=page.get_by_role("heading", name=shop.made.application.name))
    card.get_by_role("button", name="Take access away").click()
    page.get_by_role("dialog").get_by_role("button", name="Take away").click()
    page.get_by_text("has no access any more").wait_for()
    assert shop.me().status_code == 401


def test_somebody_who_signs_in_anew_is_led_on_to_what_they_allowed_before(open_window, shop):
    page = open_window("client")
    page.goto(shop.question())
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Connected as client").wait_for()
    page.context.clear_cookies()
    page.goto(shop.url)
    page.get_by_role("link", name="Connect").click()
    page.get_by_label("User name or e-mail").fill("client")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("Connected as client").wait_for()


def test_refusing_by_keyboard_and_without_scripts(open_window, shop):
    page = open_window("client", java_script_enabled=False)
    page.goto(shop.question())
    page.get_by_role("button", name="Refuse").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Refused: access_denied").wait_for()
    assert shop.refused == "access_denied"


FETCH = """async ([url, sent]) => {
    const answer = await fetch(url, {method: 'POST', body: new URLSearchParams(sent)});
    return {status: answer.status, body: await answer.json()};
}"""


def test_a_program_in_the_browser_reads_what_it_is_answered(open_window, shop):
    sent = {"grant_type": "authorization_code", "code": "x"}
    sent |= {"client_id": shop.made.application.identifier, "client_secret": shop.made.secret}
    page = open_window(None)
    page.goto(shop.url)
    answer = page.evaluate(FETCH, [f"{shop.portal}/oauth/token", sent])
    assert answer["status"] == 400
    assert answer["body"]["error"] == "invalid_grant"
    assert page.evaluate(FETCH, [f"{shop.portal}/oauth/revoke", {**sent, "token": "x"}])["status"] == 200


def test_a_strange_page_can_not_read_the_tokens(chromium, shop):
    sent = {"grant_type": "authorization_code", "code": "x", "client_id": shop.made.application.identifier}
    strange = Shop(shop.portal)
    strange.made = shop.made
    context = chromium.new_context()
    page = context.new_page()
    page.goto(strange.url)
    given = [f"{shop.portal}/oauth/token", sent]
    read = page.evaluate(f"given => ({FETCH})(given).then(() => 'read', () => 'blocked')", given)
    context.close()
    strange.server.shutdown()
    assert read == "blocked"


def test_the_question_can_not_be_framed(chromium, signed_in, shop):
    context = chromium.new_context(storage_state=signed_in("client"))
    page = context.new_page()
    page.goto(shop.url)
    frame = "address => { const f = document.createElement('iframe'); f.src = address; document.body.append(f); }"
    page.evaluate(frame, shop.question())
    page.wait_for_timeout(500)
    shown = [frame.content() for frame in page.frames]
    context.close()
    assert len(shown) == 2
    assert all('value="allow"' not in content for content in shown)


def test_the_question_and_its_pages_are_accessible_and_fit_the_screen(open_window, shop):
    window = open_window("client", bypass_csp=True, reduced_motion="reduce")
    look_at(window, [shop.question(), f"/account/company/applications/{shop.made.application.id}"])
    window.goto(shop.question())
    window.get_by_role("button", name="Allow").click()
    window.get_by_text("Connected as client").wait_for()
    window.goto(shop.portal)
    look_at(window, ["/account/applications", f"/account/company/applications/{shop.made.application.id}/delete"])
