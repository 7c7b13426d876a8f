"""The paths that every kind of record has, on the catalogue's three."""

from uuid import uuid4

import pytest

from app.extensions import db

BODIES = {
    "products": {"name": "Invoice Intake", "category": "Automation", "price": "1499.00", "features": ["Fast", "Small"]},
    "solutions": {"name": "Paperless Office", "industry": "Retail"},
    "services": {"name": "Consulting", "offerings": [{"name": "Review", "price_from": 120}]},
}
every_kind = pytest.mark.parametrize("kind", BODIES)


@pytest.fixture
def manager(api, make_user):
    return api(make_user(role="manager"))


@pytest.fixture
def made(manager, kind):
    answer = manager.post(f"/api/{kind}", json=BODIES[kind])
    assert answer.status_code == 201, answer.text
    return answer


@every_kind
def test_created_record_is_where_the_answer_says(client, made, kind):
    assert made.headers["Location"] == f"/api/{kind}/{made.json['id']}"
    read = client.get(made.headers["Location"])
    assert read.json == made.json
    assert read.headers["ETag"] == made.headers["ETag"]
    assert client.get(f"/api/{kind}/{made.json['slug']}").json == made.json
    assert client.get(f"/api/{kind}").json == [made.json]


@every_kind
def test_change_touches_only_what_was_sent(client, manager, made, kind):
    changed = manager.patch(f"/api/{kind}/{made.json['id']}", json={"name": "Another name"})
    assert changed.status_code == 200
    assert changed.json == made.json | {"name": "Another name", "updated_at": changed.json["updated_at"]}
    assert client.get(f"/api/{kind}/{made.json['id']}").json == changed.json
    assert changed.headers["ETag"] != made.headers["ETag"]


def test_a_change_answers_what_is_read_afterwards(client, manager):
    """What is sent isn't always written as it is kept."""
    path = f"/api/products/{manager.post('/api/products', json=BODIES['products']).json['id']}"
    for change in ({"price": "49.9"}, {"price": 50, "name": "  Invoice   Intake "}, {"features": ["B ", "A"]}):
        changed = manager.patch(path, json=change)
        db.session.expire_all()
        assert client.get(path).data == changed.data
    manager.delete(path)
    restored = manager.post(f"{path}/restore")
    db.session.expire_all()
    assert client.get(path).data == restored.data


@every_kind
def test_deleting_archives_and_restoring_brings_back(client, manager, made, kind):
    path = f"/api/{kind}/{made.json['id']}"
    assert manager.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(f"/api/{kind}").json == []
    assert manager.get(path).json["archived_at"]
    assert manager.delete(path).status_code == 409
    assert manager.patch(path, json={"name": "x"}).status_code == 409
    restored = manager.post(f"{path}/restore")
    assert (restored.status_code, restored.json["archived_at"]) == (200, None)
    assert client.get(path).json == restored.json
    assert manager.post(f"{path}/restore").status_code == 409


@every_kind
def test_archived_records_are_listed_for_staff_alone(client, api, make_user, manager, made, kind):
    manager.delete(f"/api/{kind}/{made.json['id']}")
    for path in (f"/api/{kind}?include_archived=true", f"/api/{kind}/{made.json['id']}?include_archived=true"):
        assert client.get(path).status_code == 401
        assert api(make_user(role="client")).get(path).status_code == 403
        assert manager.get(path).status_code == 200
    assert [record["id"] for record in manager.get(f"/api/{kind}?include_archived=true").json] == [made.json["id"]]
    assert manager.get(f"/api/{kind}").json == []


@every_kind
def test_missing_record_is_not_found(client, manager, kind):
    for reference in (uuid4(), "no-such-slug", "not a uuid", "00000000"):
        assert client.get(f"/api/{kind}/{reference}").status_code == 404
        assert manager.patch(f"/api/{kind}/{reference}", json={}).status_code == 404
        assert manager.delete(f"/api/{kind}/{reference}").status_code == 404


@every_kind
def test_known_representation_is_not_sent_again(client, made, kind):
    for path in (f"/api/{kind}", f"/api/{kind}/{made.json['id']}"):
        etag = client.get(path).headers["ETag"]
        for known in (etag, f"W/{etag}", "*", f'"other", {etag}'):
            again = client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"] == etag
            assert "Content-Type" not in again.headers
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@every_kind
def test_change_of_what_has_changed_since_is_refused(manager, made, kind):
    path, etag = f"/api/{kind}/{made.json['id']}", made.headers["ETag"]
    first = manager.patch(path, json={"name": "First"}, headers={"If-Match": etag})
    assert first.status_code == 200
    for stale in (etag, '"nonsense"', f"W/{etag}"):
        refused = manager.patch(path, json={"name": "Second"}, headers={"If-Match": stale})
        assert refused.status_code == 412
        assert refused.json["type"].endswith("changed-since")
        assert manager.delete(path, headers={"If-Match": stale}).status_code == 412
    assert manager.get(path).json["name"] == "First"
    assert manager.patch(path, json={"icon": "box"}, headers={"If-Match": "*"}).status_code == 200
    current = manager.get(path).headers["ETag"]
    assert manager.delete(path, headers={"If-Match": f'"x", {current}'}).status_code == 204


def test_taken_slug_is_a_conflict_at_its_field(manager):
    body = BODIES["products"] | {"slug": "taken"}
    assert manager.post("/api/products", json=body).status_code == 201
    again = manager.post("/api/products", json=body)
    assert again.status_code == 409
    assert again.json["errors"][0]["pointer"] == "/slug"
    assert manager.post("/api/products", json=BODIES["products"]).status_code == 201
    assert manager.post("/api/products", json=BODIES["products"]).json["slug"] == "invoice-intake-2"


def test_solution_names_its_products_in_their_order(client, manager, make_product):
    products = [make_product(name=name) for name in ("B", "A", "C")]
    ids = [str(product.id) for product in products]
    made = manager.post("/api/solutions", json={"name": "S", "industry": "I", "product_ids": ids})
    assert [product["id"] for product in made.json["products"]] == ids
    changed = manager.patch(f"/api/solutions/{made.json['id']}", json={"product_ids": ids[::-1]})
    assert [product["id"] for product in changed.json["products"]] == ids[::-1]
    assert client.get(f"/api/solutions/{made.json['id']}").json == changed.json
    unknown = manager.patch(f"/api/solutions/{made.json['id']}", json={"product_ids": [str(uuid4())]})
    assert unknown.status_code == 422
    assert unknown.json["errors"][0]["pointer"].startswith("/product_ids")


def test_offering_that_keeps_its_id_is_kept(client, manager):
    made = manager.post("/api/services", json=BODIES["services"]).json
    kept = made["offerings"][0]
    path = f"/api/services/{made['id']}"
    new = {"name": "Audit", "price_from": "99.50", "currency": "EUR", "unit": "project"}
    changed = manager.patch(path, json={"offerings": [new, {"id": kept["id"], "name": "Review", "price_from": "130"}]})
    assert changed.status_code == 200, changed.text
    assert [offering["name"] for offering in changed.json["offerings"]] == ["Audit", "Review"]
    assert changed.json["offerings"][1] == kept | {"price_from": "130.00"}
    assert client.get(path).json == changed.json


def test_money_is_exact_in_and_out(manager):
    for sent, told in ((19.99, "19.99"), ("0.10", "0.10"), (7, "7.00"), (9999999999.99, "9999999999.99")):
        assert manager.post("/api/products", json=BODIES["products"] | {"price": sent}).json["price"] == told
