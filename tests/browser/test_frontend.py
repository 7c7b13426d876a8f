"""The existing frontend: a page of another origin that calls the API."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.browser

PAGE = b"<!doctype html><title>Shop</title><p>Shop</p>"


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def served(port):
    server = ThreadingHTTPServer(("127.0.0.1", port), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


LIST = """async url => {
    const answer = await fetch(url + '/api/products?limit=5&sort=name', {credentials: 'include'});
    const names = (await answer.json()).map(product => product.name);
    return {status: answer.status, total: answer.headers.get('X-Total-Count'), names};
}"""


def test_a_page_of_an_allowed_origin_lists_products(chromium, live):
    server = served(live.frontend_port)
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{live.frontend_port}/")
        answer = page.evaluate(LIST, live.url)
        assert answer["status"] == 200
        assert len(answer["names"]) == 5
        assert int(answer["total"]) >= 120
    finally:
        context.close()
        server.shutdown()


def test_a_page_of_another_origin_is_not_shown_the_answer(chromium, live):
    server = served(0)
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        blocked = page.evaluate("url => fetch(url + '/api/products').then(() => 'read', () => 'blocked')", live.url)
        assert blocked == "blocked"
    finally:
        context.close()
        server.shutdown()
