"""Behind a real nginx with deploy/nginx.conf, over TLS and at another port than 443; nginx compresses, too."""

import re
import socket
import ssl

import httpx
import pytest

from app.extensions import db
from tests.factories import PASSWORD, make_product, make_user
from tests.live import serving
from tests.nginx import needs_nginx, nginx

pytestmark = [pytest.mark.committed, needs_nginx]
MEBIBYTE = 1024 * 1024


@pytest.fixture
def manager(db_session):
    """A manager's name, with products of a long and a short description beside."""
    user = make_user(role="manager")
    for number in range(3):
        make_product(name=f"Product {number}", description="Reads invoices and books them. " * 60 * (number > 0))
    name = user.username
    db.session.commit()
    return name


@pytest.fixture
def behind(app, committed_db, manager, tmp_path):
    """A browser, or program, before nginx."""
    with (
        serving(app, committed_db, tmp_path, APP_ENV="production", TRUSTED_PROXIES="1") as portal,
        nginx(portal, tmp_path) as proxy,
        httpx.Client(base_url=proxy.address, verify=proxy.trusted, timeout=30) as client,
    ):
        yield client


def token_of(client, manager):
    signed_in = client.post("/api/auth/login", json={"username": manager, "password": PASSWORD})
    assert signed_in.status_code == 200, signed_in.text
    return {"Authorization": f"Bearer {signed_in.json()['access_token']}"}


def csrf(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def test_people_use_the_portal_through_nginx(behind, manager):
    page = behind.get("/login")
    assert page.status_code == 200
    assert page.headers["Content-Encoding"] in ("zstd", "gzip")
    style = behind.get(re.search(r'href="(/static/[^"]+\.css)"', page.text)[1])
    assert (style.status_code, style.headers["Content-Type"].split(";")[0]) == (200, "text/css")
    assert "immutable" in style.headers["Cache-Control"]

    sent = {"username": manager, "password": PASSWORD, "csrf_token": csrf(page)}
    entered = behind.post("/login", data=sent, headers={"Referer": str(page.url)})
    assert entered.status_code == 303, entered.text
    assert "Secure" in entered.headers["Set-Cookie"]
    form = behind.get("/admin/products/import")
    assert form.status_code == 200

    # An import of 20 MB is taken as it is.
    line = "Product {},Office,49.00,EUR," + "Reads invoices and books them. " * 6 + "\n"
    file = "name,category,price,currency,description\n" + "".join(line.format(n) for n in range(100_000))
    assert len(file) > 20 * MEBIBYTE
    taken = behind.post(
        "/admin/products/import",
        data={"csrf_token": csrf(form)},
        files={"file": ("products.csv", file.encode(), "text/csv")},
        headers={"Referer": str(form.url)},
    )
    assert taken.status_code == 303, taken.text
    assert taken.headers["Location"].startswith("/admin/changes/")

    # Nobody is let near the figures, and a page that isn't there is the portal's own.
    assert behind.get("/metrics").status_code == 403
    assert behind.get("/nothing-here").status_code == 404


def test_programs_use_the_portal_through_nginx(behind, manager):
    known = token_of(behind, manager)
    port = behind.base_url.port

    # Links lead where the caller is, whatever it says of itself.
    liar = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1"}
    for told in ({}, liar):
        link = behind.get("/api/products?limit=1", headers=told).headers["Link"]
        assert re.findall("<([^?]+)", link) == [f"https://localhost:{port}/api/products"]
    session = behind.post("/api/auth/login", json={"username": manager, "password": PASSWORD}, headers=liar).json()[
        "access_token"
    ]
    sessions = behind.get("/api/auth/sessions", headers={"Authorization": f"Bearer {session}"}).json()
    assert {each["address"] for each in sessions} == {"127.0.0.1"}

    # A short answer is packed by nginx, which makes its tag weak; a long one by the portal.
    found = {product["name"]: product["id"] for product in behind.get("/api/products").json()}
    tags = set()
    for coding in ("gzip", "zstd, gzip", "identity"):
        for name in ("Product 0", "Product 1"):
            path = f"/api/products/{found[name]}"
            answer = behind.get(path, headers=known | {"Accept-Encoding": coding})
            assert answer.headers.get("Content-Encoding", "identity") in coding
            tag = answer.headers["ETag"]
            tags.add(re.sub("[0-9a-f]{8,}", "", tag))
            unchanged = behind.get(path, headers=known | {"Accept-Encoding": coding, "If-None-Match": tag})
            assert unchanged.status_code == 304
            price = {"price": f"{len(tags)}{len(coding)}.00"}
            changed = behind.patch(path, json=price, headers=known | {"If-Match": tag})
            assert changed.status_code == 200, (tag, changed.text)
            assert behind.patch(path, json=price, headers=known | {"If-Match": tag}).status_code == 412
    assert any(tag.startswith("W/") for tag in tags)
    assert any("-gzip" in tag for tag in tags)

    # Bodies in chunks, and too large ones.
    def chunks(size):
        yield b'{"name": "'
        yield from (b"a" * 65536 for _ in range(size // 65536))
        yield b'"}'

    assert behind.post("/api/products", content=iter([b'{"name":', b' "x"}']), headers=known | JSON).status_code == 422
    for size in (2 * MEBIBYTE, 65 * MEBIBYTE):
        refused = behind.post("/api/products", content=chunks(size), headers=known | JSON)
        assert refused.status_code == 413
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["status"] == 413


JSON = {"Content-Type": "application/json"}


def test_those_who_send_slowly_cost_the_portal_nothing(behind):
    """nginx holds what comes slowly: more of them than the portal has places for make nobody wait."""
    slow = []
    try:
        for _ in range(80):
            raw = socket.create_connection(("127.0.0.1", behind.base_url.port), timeout=10)
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(raw)
            connection.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            slow.append(connection)
        assert behind.get("/login").status_code == 200
        answer = behind.post("/api/auth/login", json={"username": "nobody", "password": "wrong"})
        assert answer.status_code == 401
    finally:
        for connection in slow:
            connection.close()


def test_while_the_portal_is_down_nginx_says_so(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with nginx(nobody, tmp_path) as proxy, httpx.Client(base_url=proxy.address, verify=proxy.trusted) as client:
        page, problem = client.get("/login"), client.get("/api/products")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert (page.headers["Content-Type"], page.headers["Cache-Control"]) == ("text/html; charset=utf-8", "no-store")
    assert "Back in a moment" in page.text
    assert (problem.status_code, problem.headers["Retry-After"]) == (503, "5")
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["status"] == 503
