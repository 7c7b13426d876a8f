"""Bad input: a clear error at the field, and nothing is half-written."""

import io
import json

import pytest

from app.catalog.models import Product
from app.extensions import db

GOOD = {
    "name": "Invoice Intake",
    "slug": "invoice-intake",
    "category": "Automation",
    "description": "Reads invoices.\nBooks them.",
    "price": "1499.00",
    "currency": "USD",
    "features": ["Fast"],
    "icon": "box",
}
WRONG_TYPES = [None, 7, True, {}, [], ["a"], [None], {"a": 1}]
TEXTS = {"name": 120, "category": 60, "icon": 60, "slug": 140}


@pytest.fixture
def manager(api, make_user):
    return api(make_user(role="manager"))


def refused(answer, pointer):
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.json["errors"]], answer.json
    for error in answer.json["errors"]:
        assert error["message"]
        assert error["code"]
    assert db.session.query(Product).count() == 0


@pytest.mark.parametrize("field", ["name", "category", "price"])
def test_missing_field_is_named(manager, field):
    refused(manager.post("/api/products", json={k: v for k, v in GOOD.items() if k != field}), f"/{field}")


@pytest.mark.parametrize("field", ["name", "category", "description", "icon", "currency"])
@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
def test_wrong_type_is_named(manager, field, value):
    refused(manager.post("/api/products", json=GOOD | {field: value}), f"/{field}")


@pytest.mark.parametrize("field", TEXTS)
def test_long_text_is_named(manager, field):
    longest = "a" * TEXTS[field]
    refused(manager.post("/api/products", json=GOOD | {field: longest + "a"}), f"/{field}")
    assert manager.post("/api/products", json=GOOD | {field: longest}).status_code == 201


@pytest.mark.parametrize("field", ["name", "category", "icon", "description", "slug"])
@pytest.mark.parametrize("text", ["a\0b", "a\x07b", "a\x1bb", "a\x7fb", "a\x85b"], ids=repr)
def test_control_characters_are_refused(manager, field, text):
    refused(manager.post("/api/products", json=GOOD | {field: text}), f"/{field}")


@pytest.mark.parametrize("field", ["name", "category", "icon"])
def test_lines_stay_lines(manager, field):
    refused(manager.post("/api/products", json=GOOD | {field: "two\nlines"}), f"/{field}")


@pytest.mark.parametrize(
    "text", ["Café 💡 für alle", "<script>alert(1)</script>", "'; drop table products; --", "\u0627\u0628 rtl", "=1+1"]
)
def test_any_other_text_is_kept_as_it_is(manager, text):
    made = manager.post("/api/products", json=GOOD | {"name": text, "slug": None, "description": text})
    assert made.status_code == 201, made.text
    assert made.json["name"] == made.json["description"] == text
    assert made.mimetype == "application/json"


@pytest.mark.parametrize(
    "price",
    [-1, "-0.01", "1.999", 0.001, "NaN", "Infinity", "1e5", "1,5", "", " ", "abc", 10**10, "99999999999", 1e300,
     10**400, True, None, [], {}, "٣", "0x10", "1_000"],
    ids=repr,
)  # fmt: skip
def test_bad_price_is_named(manager, price):
    refused(manager.post("/api/products", json=GOOD | {"price": price}), "/price")


@pytest.mark.parametrize("currency", ["usd", "XXX", "", "USDT"])
def test_unknown_currency_is_named(manager, currency):
    refused(manager.post("/api/products", json=GOOD | {"currency": currency}), "/currency")


@pytest.mark.parametrize(
    "slug", ["Has Space", "UPPER", "a--b", "-a", "a-", "ä", "a/b", "", "0193a8b2-0000-7000-8000-000000000001"]
)
def test_bad_slug_is_named(manager, slug):
    refused(manager.post("/api/products", json=GOOD | {"slug": slug}), "/slug")


def test_bad_entry_of_a_list_is_pointed_at(manager):
    refused(manager.post("/api/products", json=GOOD | {"features": ["Fast", "b", "x" * 121]}), "/features/2")
    refused(manager.post("/api/products", json=GOOD | {"features": ["Fast", 7]}), "/features/1")
    refused(manager.post("/api/products", json=GOOD | {"features": ["x"] * 51}), "/features")
    refused(manager.post("/api/products", json=GOOD | {"features": "Fast"}), "/features")
    bad = {"name": "S", "offerings": [{"name": "O", "price_from": "1"}, {"name": "O", "price_from": "-1"}]}
    refused(manager.post("/api/services", json=bad), "/offerings/1/price_from")


@pytest.mark.parametrize("field", ["id", "created_at", "updated_at", "archived_at", "version", "nonsense", "a/b~c"])
def test_field_that_is_not_the_callers_is_named(manager, field):
    pointer = "/" + field.replace("~", "~0").replace("/", "~1")
    refused(manager.post("/api/products", json=GOOD | {field: "x"}), pointer)


def test_servers_own_fields_are_told_apart(manager):
    answer = manager.post("/api/products", json=GOOD | {"id": "x", "nonsense": 1})
    assert {e["pointer"]: e["code"] for e in answer.json["errors"]} == {
        "/id": "read_only",
        "/nonsense": "extra_forbidden",
    }


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true", "[{}]"])
def test_body_must_be_an_object(manager, body):
    refused(manager.post("/api/products", data=body, content_type="application/json"), "")


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"{'a': 1}", b'{"a": 1,}', b'{"price": NaN}', b'{"price": -Infinity}', b'{"name": "\xff"}',
     b'{"name": "\\ud800"}', b'{"\\udfff": 1}', b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
     b'{"a":' * 100 + b"1" + b"}" * 100, b'{"price": ' + b"9" * 5_000 + b"}", b'{"name": "a", "name": "b"}', b"\x00",
     "{}".encode("utf-16")],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_body_that_is_no_json_is_malformed(manager, body):
    answer = manager.post("/api/products", data=body, content_type="application/json")
    assert answer.status_code == 400, answer.text
    assert answer.json["type"].endswith("malformed-json")
    assert db.session.query(Product).count() == 0


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", None]
)
def test_other_media_types_are_refused(manager, kind):
    answer = manager.post("/api/products", data=json.dumps(GOOD), content_type=kind)
    assert answer.status_code == 415
    assert answer.json["type"].endswith("unsupported-media-type")


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", "application/merge-patch+json"])
def test_json_by_other_names_is_taken(manager, kind):
    assert manager.post("/api/products", data=json.dumps(GOOD), content_type=kind).status_code == 201


def test_body_over_one_mebibyte_is_too_large(manager):
    body = json.dumps(GOOD | {"description": "a" * (1024 * 1024)})
    for path in ("/api/products", "/api/products/x/restore"):
        answer = manager.post(path, data=body, content_type="application/json")
        assert answer.status_code == 413
        assert answer.json["type"].endswith("body-too-large")


@pytest.mark.parametrize("field", ["name", "category", "price", "currency", "features", "description", "icon"])
def test_change_follows_the_same_rules(manager, field):
    made = manager.post("/api/products", json=GOOD).json
    bad = {
        "name": "",
        "category": "x" * 61,
        "price": "-1",
        "currency": "usd",
        "features": [""],
        "description": "\0",
        "icon": 1,
    }
    for value in (bad[field], None):
        answer = manager.patch(f"/api/products/{made['id']}", json={field: value})
        assert answer.status_code == 422, answer.text
        assert answer.json["errors"][0]["pointer"].startswith(f"/{field}")
    assert manager.get(f"/api/products/{made['id']}").json == made


def in_chunks(body):
    """What a server hands on of a body that comes in chunks: no length, and an end that it sees to."""
    return _handed_on(body, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")


def with_a_length(body, promised=None):
    return _handed_on(body, CONTENT_LENGTH=str(promised or len(body)))


def _handed_on(body, **environ):
    return {"input_stream": io.BytesIO(body), "environ_overrides": {"wsgi.input_terminated": True, **environ}}


LARGEST = json.dumps(GOOD | {"description": ""})
LARGEST += " " * (1024 * 1024 - len(LARGEST))


@pytest.mark.parametrize("send", [in_chunks, with_a_length])
@pytest.mark.parametrize("path", ["/api/products", "/api/products/x/restore", "/api/v1/products"])
def test_body_over_one_mebibyte_is_too_large_however_it_comes(manager, path, send):
    for body in (LARGEST + " ", LARGEST + " " * 1024 * 1024):
        answer = manager.post(path, content_type="application/json", **send(body.encode()))
        assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
        assert answer.json["type"].endswith("body-too-large")
    assert db.session.query(Product).count() == 0


@pytest.mark.parametrize("send", [in_chunks, with_a_length])
def test_body_of_one_mebibyte_is_taken(manager, send):
    assert manager.post("/api/products", content_type="application/json", **send(LARGEST.encode())).status_code == 201


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/register", "/api/auth/refresh"])
def test_stranger_hears_of_a_body_that_is_too_large(client, path):
    body = b'{"username": "' + b"a" * 1024 * 1024 + b'"}'
    answer = client.post(path, content_type="application/json", **in_chunks(body))
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


FORM = b"username=a&password=" + b"b" * 2 * 1024 * 1024
PARTS = b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n' + b"b" * 2 * 1024 * 1024 + b"\r\n--x--\r\n"


@pytest.mark.parametrize("path", ["/login", "/oauth/token"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [(FORM, "application/x-www-form-urlencoded"), (PARTS, "multipart/form-data; boundary=x")],
    ids=["urlencoded", "multipart"],
)
def test_form_that_is_too_large_is_refused_however_it_comes(client, path, body, kind):
    for send in (in_chunks, with_a_length):
        answer = client.post(path, content_type=kind, **send(body))
        assert answer.status_code == 413, answer.text[:300]


def test_body_that_breaks_off_is_not_taken_for_whole(manager, client):
    body = json.dumps(GOOD).encode()
    answer = manager.post("/api/products", content_type="application/json", **with_a_length(body, len(body) + 1))
    assert answer.status_code == 400
    assert db.session.query(Product).count() == 0
    kind = "application/x-www-form-urlencoded"
    answer = client.post("/login", content_type=kind, **with_a_length(b"username=a&password=b", 100))
    assert answer.status_code == 400
