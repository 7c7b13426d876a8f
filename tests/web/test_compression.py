"""Answers are packed as the caller takes them; tags of all codings are the same object's."""

import gzip
import sys

import pytest

from app.api import cached
from app.web.compression import SMALLEST, coding_for

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK = {"zstd": zstd.decompress, "gzip": gzip.decompress}
CODINGS = list(UNPACK)


def taking(coding, **more):
    return {"Accept-Encoding": coding, **more}


@pytest.fixture
def long(make_product):
    return make_product(description="Reads invoices and books them. " * 60)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", ["/api/products", "/api/products/{}", "/login", "/api/docs", "/api/openapi.json"])
def test_texts_are_packed(client, long, coding, path):
    path = path.format(long.id)
    plain = client.get(path, headers={"X-Request-ID": "x"})
    answer = client.get(path, headers=taking(coding, **{"X-Request-ID": "x"}))
    assert answer.headers["Content-Encoding"] == coding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data) / 2
    if path.startswith("/api") and path != "/api/docs":
        assert UNPACK[coding](answer.data) == plain.data


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None), ("identity", None), ("br", None), ("gzip;q=0", None), ("*;q=0", None), ("deflate, br", None),
        ("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd"), ("*", "zstd"), ("zstd;q=0, gzip", "gzip"),
        ("gzip;q=1, zstd;q=0.5", "gzip"), ("gzip;q=0.5, identity;q=1", None), ("GZIP", "gzip"), ("x;;q==", None),
    ],
)  # fmt: skip
def test_the_coding_is_the_one_that_the_caller_likes_best(accepted, coding):
    assert coding_for(accepted) == coding


def test_what_is_short_is_left_as_it_is(client, make_product):
    product = make_product(description="")
    answer = client.get(f"/api/products/{product.id}", headers=taking("gzip"))
    assert len(answer.data) < SMALLEST
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("coding", CODINGS)
def test_each_coding_has_its_tag_and_all_are_known(client, long, coding):
    path = f"/api/products/{long.id}"
    plain = client.get(path).headers["ETag"]
    tag = client.get(path, headers=taking(coding)).headers["ETag"]
    assert tag == f'{plain[:-1]}-{coding}"'
    assert client.head(path, headers=taking(coding)).headers["ETag"] == tag
    for known in (plain, tag, f"W/{plain}", f"W/{tag}", f'"none", {tag}', "*"):
        answer = client.get(path, headers=taking(coding, **{"If-None-Match": known}))
        assert (answer.status_code, answer.data) == (304, b""), known
        assert "Content-Encoding" not in answer.headers
    assert client.get(path, headers={"If-None-Match": tag}).headers["ETag"] == tag
    assert client.get(path, headers=taking(coding, **{"If-None-Match": f'"none-{coding}"'})).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        '{}', 'W/{}', '"{0}-gzip"', '"{0}-zstd"', '"{0}-br"', '"{0};gzip"', '"{0}--gzip"', 'W/"{0}-gzip"', '"no", {}',
        "*",
    ],
)  # fmt: skip
def test_if_match_takes_a_tag_that_a_proxy_made_weak_or_marked(api, make_user, long, form):
    manager = api(make_user(role="manager"))
    path = f"/api/products/{long.id}"
    tag = manager.get(path).headers["ETag"]
    named = form.format(tag.strip('"') if "{0}" in form else tag)
    changed = manager.patch(path, json={"price": "12.00"}, headers={"If-Match": named})
    assert changed.status_code == 200, changed.text
    if form != "*":
        assert manager.patch(path, json={"price": "13.00"}, headers={"If-Match": named}).status_code == 412
        assert manager.delete(path, headers={"If-Match": named}).status_code == 412
    assert manager.delete(path, headers={"If-Match": f"W/{changed.headers['ETag']}"}).status_code == 204


def test_other_tags_are_still_other_tags(api, make_user, long):
    manager = api(make_user(role="manager"))
    path = f"/api/products/{long.id}"
    tag = manager.get(path).headers["ETag"].strip('"')
    for wrong in (f'"{tag}x"', f'"{tag}-zip"', '"-gzip"', 'W/"-gzip"', "gzip", f'"{tag[:-1]}"', '""'):
        assert manager.patch(path, json={"price": "1.00"}, headers={"If-Match": wrong}).status_code == 412, wrong


def test_secrets_are_not_packed(client, make_user):
    sent = {"username": make_user().username, "password": "x"}
    for path in ("/api/auth/login", "/api/v1/auth/login"):
        assert "Content-Encoding" not in client.post(path, json=sent, headers=taking("gzip")).headers
    assert "Content-Encoding" not in client.get("/api/auth/me", headers=taking("gzip")).headers


@pytest.mark.committed
@pytest.mark.parametrize("coding", CODINGS)
def test_exports_are_packed_as_they_come(committed_db, as_manager, make_product, coding):
    for number in range(30):
        make_product(name=f"Product {number}", description="Reads invoices. " * 30)
    plain = as_manager.get("/admin/products/export.csv")
    answer = as_manager.get("/admin/products/export.csv", headers=taking(coding))
    assert answer.headers["Content-Encoding"] == coding
    assert "Content-Length" not in answer.headers
    unpacked = UNPACK[coding](answer.data)
    assert unpacked == plain.data
    assert len(answer.data) < len(plain.data) / 3


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_streamed_is_sent_on_before_it_ends(coding):
    from app.web.compression import Compression  # noqa: PLC0415

    asked = []

    def rows():
        for number in range(5):
            asked.append(number)
            yield b"%d;" % number + b"x" * 70_000

    def wsgi(_environ, start_response):
        start_response("200 OK", [("Content-Type", "text/csv")])
        return rows()

    environ = {"HTTP_ACCEPT_ENCODING": coding, "PATH_INFO": "/", "REQUEST_METHOD": "GET"}
    sent = iter(Compression(wsgi)(environ, lambda *_: None))
    first = next(sent)
    assert first
    assert asked == [0]
    assert UNPACK[coding](first + b"".join(sent)).count(b";") == 5


@pytest.mark.committed
def test_what_is_kept_in_memory_is_packed_once(app, committed_db, client, make_product, monkeypatch):
    cache = cached.switch_on(app)
    try:
        for number in range(20):
            make_product(name=f"Product {number}")
        plain = client.get("/api/products")
        first = client.get("/api/products", headers=taking("zstd"))
        monkeypatch.setattr("app.web.compression.packed", None)
        again = client.get("/api/products", headers=taking("zstd"))
        assert first.data == again.data
        assert UNPACK["zstd"](again.data) == plain.data == client.get("/api/products").data
        assert again.headers["ETag"].endswith('-zstd"')
        for known in (again.headers["ETag"], plain.headers["ETag"]):
            answer = client.get("/api/products", headers=taking("zstd", **{"If-None-Match": known}))
            assert (answer.status_code, answer.headers["ETag"]) == (304, known)
    finally:
        app.extensions.pop(cached.EXTENSION).lookout.close()
    assert cache is not None
