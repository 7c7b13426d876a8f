"""/api/api-keys, and calls that bring a key."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.auth.api_keys import key_format, operations
from app.auth.api_keys.models import ApiKey, ApiKeyUse
from app.core import clock
from app.core.audit import AuditEntry
from app.extensions import db
from tests.factories.events import published

PATH = "/api/api-keys"
READER = {"name": "Stock import", "scopes": ["products:read"]}


@pytest.fixture
def owner(make_user):
    return make_user(role="client")


@pytest.fixture
def person(api, owner):
    return api(owner)


@pytest.fixture
def colleague(make_user, owner):
    return make_user(role="client", client_id=owner.client_id, company_role="member")


def make_key(program, **more):
    answer = program.post(PATH, json={**READER, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def call(app, key, path="/api/auth/me", method="GET", **more):
    key = key["key"] if isinstance(key, dict) else key
    return app.test_client().open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **more)


def pointers(answer):
    return [error["pointer"] for error in answer.json["errors"]]


def test_a_key_is_told_once(person):
    answer = person.post(PATH, json=READER)
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"].endswith(f"{PATH}/{made['id']}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert made["key"].startswith(made["prefix"] + "_")
    again = person.get(f"{PATH}/{made['id']}")
    assert again.status_code == 200
    assert "key" not in again.json
    assert made["key"] not in person.get(PATH).text
    (listed,) = person.get(PATH).json
    assert listed == again.json
    assert {"id", "name", "prefix", "scopes", "expires_at", "allowed_addresses", "last_used_at"} <= set(listed)


def test_the_form_of_a_key_can_be_told_from_others():
    key = key_format.new_key()
    assert key_format.is_well_written(key)
    assert key.startswith("dlk_")
    assert len({key_format.new_key() for _ in range(1000)}) == 1000
    for other in (key[:-1], key + "a", key.replace("dlk_", "xyz_"), key[:-1] + ("A" if key[-1] != "A" else "B"), ""):
        assert not key_format.is_well_written(other)
    swapped = key[:20] + key[21] + key[20] + key[22:]
    assert swapped == key or not key_format.is_well_written(swapped)


def test_a_key_acts_for_its_person_within_its_scopes(app, api, make_user, make_product):
    product = make_product()
    manager = make_user(role="manager")
    key = make_key(api(manager))
    me = call(app, key)
    assert me.status_code == 200
    assert me.json["id"] == str(manager.id)
    assert me.json["permissions"] == ["products:read"]
    assert call(app, key, f"/api/products/{product.id}").status_code == 200
    refused = call(app, key, f"/api/products/{product.id}", "PATCH", json={"name": "New"})
    assert refused.status_code == 403
    writer = make_key(api(manager), scopes=["products:read", "products:write"])
    assert call(app, writer, f"/api/products/{product.id}", "PATCH", json={"name": "New"}).status_code == 200


def test_a_scope_widens_nothing_when_the_person_may_do_less(app, api, make_user, make_product):
    product = make_product()
    user = make_user(role="manager")
    key = make_key(api(user), scopes=["products:read", "products:write"])
    user.role = "expert"
    db.session.commit()
    assert call(app, key).json["permissions"] == ["products:read"]
    assert call(app, key, f"/api/products/{product.id}", "DELETE").status_code == 403


def test_limits_of_the_person_narrow_a_key_too(app, api, colleague):
    program = api(colleague)
    key = make_key(program, scopes=["projects:read", "erp:read"])
    colleague.limits = ["erp:read"]
    db.session.commit()
    assert call(app, key).json["permissions"] == ["erp:read"]
    answer = api(colleague).post(PATH, json={"name": "x", "scopes": ["erp:read", "projects:read"]})
    assert (answer.status_code, pointers(answer)) == (422, ["/scopes/1"])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["products:read", "cows:milk"]}, "/scopes/1"),
        ({"scopes": ["audit:read"]}, "/scopes/0"),
        ({"scopes": ["products:write"]}, "/scopes/0"),
        ({"scopes": "products:read"}, "/scopes"),
        ({"scopes": [1]}, "/scopes/0"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": 4102444800}, "/expires_at"),
        ({"expires_at": True}, "/expires_at"),
        ({"allowed_addresses": ["203.0.113.999"]}, "/allowed_addresses/0"),
        ({"allowed_addresses": ["2001:db8::/32", "203.0.113.7/24"]}, "/allowed_addresses/1"),
        ({"allowed_addresses": ["fe80::1%eth0"]}, "/allowed_addresses/0"),
        ({"allowed_addresses": ["203.0.113.7"] * 51}, "/allowed_addresses"),
        ({"allowed_addresses": None}, "/allowed_addresses"),
        ({"requests_per_minute": 0}, "/requests_per_minute"),
        ({"requests_per_minute": 601}, "/requests_per_minute"),
        ({"requests_per_minute": "many"}, "/requests_per_minute"),
        ({"key": "dlk_mine"}, "/key"),
        ({"prefix": "dlk_mine"}, "/prefix"),
        ({"user_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01"}, "/user_id"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_bad_body_is_answered_at_the_field(person, change, pointer):
    answer = person.post(PATH, json={**READER, **change})
    assert answer.status_code == 422, answer.text
    assert pointers(answer)[0] == pointer


def test_addresses_are_kept_in_their_canonical_form(person):
    given = ["203.0.113.7", "203.0.113.7/32", "2001:DB8:0::/32", "::ffff:198.51.100.0/120", "203.0.113.7"]
    assert make_key(person, allowed_addresses=given)["allowed_addresses"] == [
        "203.0.113.7",
        "2001:db8::/32",
        "198.51.100.0/24",
    ]


def test_a_key_works_from_its_addresses_alone(app, person):
    key = make_key(person, allowed_addresses=["203.0.113.0/24", "2001:db8::/32"])
    for address in ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8:1::1"):
        assert call(app, key, environ_base={"REMOTE_ADDR": address}).status_code == 200
    for address in ("198.51.100.1", "2001:db9::1", "127.0.0.1", ""):
        refused = call(app, key, environ_base={"REMOTE_ADDR": address})
        assert refused.status_code == 403
        assert refused.json["type"].endswith("address-not-allowed")
    # An address that somebody merely claims counts for nothing.
    claimed = app.test_client().get(
        "/api/auth/me", headers={"Authorization": f"Bearer {key['key']}", "X-Forwarded-For": "203.0.113.9"}
    )
    assert claimed.status_code == 403


def test_a_key_ends_at_its_time(app, person):
    key = make_key(person, expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    assert call(app, key).status_code == 200
    with clock.shifted(timedelta(hours=1, seconds=1)):
        answer = call(app, key)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_day_counts_to_its_end(person):
    key = make_key(person, expires_at="2999-12-31")
    assert key["expires_at"] == "3000-01-01T00:00:00Z"


def test_revoking_ends_it_at_once(app, person):
    key = make_key(person)
    assert person.delete(f"{PATH}/{key['id']}").status_code == 204
    assert call(app, key).status_code == 401
    assert person.delete(f"{PATH}/{key['id']}").status_code == 404
    assert person.get(f"{PATH}/{key['id']}").status_code == 404
    assert person.get(PATH).json == []
    assert [entry["id"] for entry in person.get(f"{PATH}?state=revoked").json] == [key["id"]]


@pytest.mark.parametrize("what", ["user", "company", "moved"])
def test_a_key_dies_with_its_person(app, person, owner, make_client_company, what):
    key = make_key(person)
    if what == "user":
        owner.status = "suspended"
    elif what == "company":
        owner.client.status = "suspended"
    else:
        owner.client = make_client_company()
    db.session.commit()
    assert call(app, key).status_code == 401
    assert call(app, key, "/api/products").status_code == 401


def test_a_key_manages_no_keys(app, person):
    key = make_key(person)
    assert call(app, key, PATH).status_code == 403
    assert call(app, key, PATH, "POST", json=READER).status_code == 403
    assert call(app, key, f"{PATH}/{key['id']}", "DELETE").status_code == 403
    assert call(app, key, f"{PATH}/{key['id']}/rotate", "POST", json={}).status_code == 403
    assert call(app, key, "/api/auth/password", "POST", json={"current": "x", "new": "y"}).status_code in (403, 404)


def test_nobody_else_gets_at_a_key(client, api, make_user, person, colleague):
    key = make_key(person)
    one = f"{PATH}/{key['id']}"
    assert client.get(PATH).status_code == client.post(PATH, json=READER).status_code == 401
    for stranger in (api(make_user(role="client")), api(colleague), api(make_user(role="expert"))):
        assert stranger.get(PATH).json == []
        for method, path in (("GET", one), ("PATCH", one), ("DELETE", one), ("POST", f"{one}/rotate")):
            body = {"name": "Mine"} if method == "PATCH" else {}
            assert stranger.open(path, method=method, json=body).status_code == 404, (method, path)
    assert person.get(one).status_code == 200


@pytest.mark.parametrize("key_id", ["no-id", "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01", "%00"])
def test_what_is_not_there_is_not_found(person, key_id):
    assert person.get(f"{PATH}/{key_id}").status_code == 404
    assert person.delete(f"{PATH}/{key_id}").status_code == 404


def test_an_owner_sees_and_revokes_the_companys_keys(app, api, person, colleague, owner):
    theirs = make_key(api(colleague))
    own = make_key(person)
    assert {entry["id"] for entry in person.get(PATH).json} == {theirs["id"], own["id"]}
    assert person.get(f"{PATH}?user_id={colleague.id}").json[0]["id"] == theirs["id"]
    refused = person.post(f"{PATH}/{theirs['id']}/rotate", json={})
    assert refused.status_code == 403
    assert "key" not in refused.json
    assert person.delete(f"{PATH}/{theirs['id']}").status_code == 204
    assert call(app, theirs).status_code == 401
    assert person.get(f"{PATH}?client_id={owner.client_id}").status_code == 200


def test_another_company_can_not_be_asked_for(person, make_client_company, api, colleague, owner):
    assert person.get(f"{PATH}?client_id={make_client_company().id}").status_code == 404
    assert api(colleague).get(f"{PATH}?user_id={owner.id}").status_code == 404


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_staff_see_all_keys_by_company_and_revoke_them(app, api, make_user, person, owner, role):
    key = make_key(person)
    staff = api(make_user(role=role))
    own = make_key(staff)
    assert {entry["id"] for entry in staff.get(PATH).json} == {key["id"], own["id"]}
    narrowed = staff.get(f"{PATH}?client_id={owner.client_id}")
    assert [entry["id"] for entry in narrowed.json] == [key["id"]]
    assert narrowed.headers["X-Total-Count"] == "1"
    assert staff.post(f"{PATH}/{key['id']}/rotate", json={}).status_code == 403
    assert staff.delete(f"{PATH}/{key['id']}").status_code == 204
    assert call(app, key).status_code == 401


def test_the_list_is_paged(person):
    made = [make_key(person, name=f"Key {number}")["id"] for number in range(5)]
    first = person.get(f"{PATH}?limit=2")
    assert [entry["id"] for entry in first.json] == made[:2:-1]
    assert 'rel="next"' in first.headers["Link"]
    assert first.headers["X-Total-Count"] == "5"


def test_what_can_be_changed(person, api, make_user):
    key = make_key(person)
    one = f"{PATH}/{key['id']}"
    answer = person.patch(one, json={"name": "Import", "allowed_addresses": ["127.0.0.1"], "requests_per_minute": 30})
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["allowed_addresses"]) == ("Import", ["127.0.0.1"])
    assert person.patch(one, json={"scopes": ["projects:read"]}).status_code == 422
    assert person.patch(one, json={"expires_at": None}).status_code == 422
    assert pointers(person.patch(one, json={"requests_per_minute": 5000})) == ["/requests_per_minute"]
    staff = api(make_user(role="manager"))
    assert staff.patch(one, json={"requests_per_minute": 5000}).status_code == 200
    # What staff granted may stay, and be lowered.
    assert person.patch(one, json={"requests_per_minute": 4000}).status_code == 200
    assert person.patch(one, json={"name": "X"}, headers={"If-Match": '"old"'}).status_code == 412
    etag = person.get(one).headers["ETag"]
    assert person.patch(one, json={"name": "X"}, headers={"If-Match": etag}).status_code == 200
    assert person.delete(one, headers={"If-Match": etag}).status_code == 412


def test_rotation_gives_a_successor_and_time_to_change_over(app, person):
    old = make_key(person, allowed_addresses=["127.0.0.0/8"], requests_per_minute=50)
    answer = person.post(f"{PATH}/{old['id']}/rotate", json={"overlap_seconds": 60})
    assert answer.status_code == 201
    new = answer.json
    assert answer.headers["Location"].endswith(f"{PATH}/{new['id']}")
    assert new["key"] != old["key"]
    for name in ("name", "scopes", "allowed_addresses", "requests_per_minute", "expires_at"):
        assert new[name] == old[name]
    assert person.get(f"{PATH}/{old['id']}").json["replaced_by_id"] == new["id"]
    assert call(app, old).status_code == call(app, new).status_code == 200
    with clock.shifted(timedelta(seconds=61)):
        assert call(app, old).status_code == 401
        assert call(app, new).status_code == 200


def test_without_overlap_the_old_key_ends_at_once(app, person):
    old = make_key(person)
    new = person.post(f"{PATH}/{old['id']}/rotate").json
    assert call(app, old).status_code == 401
    assert call(app, new).status_code == 200


def test_rotation_prolongs_nothing(app, person):
    soon = clock.now() + timedelta(hours=1)
    old = make_key(person, expires_at=soon.isoformat())
    new = person.post(f"{PATH}/{old['id']}/rotate", json={"overlap_seconds": 30 * 86400}).json
    assert new["expires_at"] == person.get(f"{PATH}/{old['id']}").json["expires_at"] == old["expires_at"]
    assert person.post(f"{PATH}/{old['id']}/rotate", json={}).status_code == 409
    with clock.shifted(timedelta(minutes=59)):
        assert call(app, old).status_code == 200


def test_an_expired_key_is_not_rotated(api, owner):
    key = make_key(api(owner), expires_at=(clock.now() + timedelta(minutes=1)).isoformat())
    with clock.shifted(timedelta(minutes=2)):
        answer = api(owner).post(f"{PATH}/{key['id']}/rotate", json={})
    assert answer.status_code == 409
    assert answer.json["type"].endswith("key-expired")


@pytest.mark.parametrize("overlap", [-1, 30 * 86400 + 1, "60", 1.5, True, None])
def test_an_overlap_is_of_0_to_30_days(person, overlap):
    key = make_key(person)
    answer = person.post(f"{PATH}/{key['id']}/rotate", json={"overlap_seconds": overlap})
    assert (answer.status_code, pointers(answer)) == (422, ["/overlap_seconds"])


def test_the_last_use_is_noted_once_a_minute(app, person):
    key = make_key(person)
    call(app, key, environ_base={"REMOTE_ADDR": "203.0.113.1"})
    first = person.get(f"{PATH}/{key['id']}").json
    assert (first["last_used_address"], first["last_used_at"] is not None) == ("203.0.113.1", True)
    call(app, key, environ_base={"REMOTE_ADDR": "203.0.113.2"})
    assert person.get(f"{PATH}/{key['id']}").json == first
    with clock.shifted(timedelta(seconds=61)):
        call(app, key, environ_base={"REMOTE_ADDR": "203.0.113.3"})
    assert db.session.scalars(select(ApiKeyUse)).one().address == "203.0.113.3"
    assert db.session.scalars(select(ApiKey)).one().version == 1


def test_there_is_a_bound_to_how_many_a_person_has(person, monkeypatch):
    monkeypatch.setattr(operations, "MOST", 2)
    first, _ = make_key(person), make_key(person)
    assert person.post(PATH, json=READER).status_code == 409
    person.delete(f"{PATH}/{first['id']}")
    make_key(person)


def test_a_key_is_no_cookie_and_a_cookie_no_key(app, person):
    key = make_key(person)["key"]
    browser = app.test_client()
    browser.set_cookie("diglit_session", key)
    assert browser.get("/account").status_code == 303
    assert browser.get("/api/auth/me").status_code == 401
    page = app.test_client().get("/account", headers={"Authorization": f"Bearer {key}"})
    assert page.status_code == 303


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_may_be_written_in_any_case(app, person, scheme):
    key = make_key(person)["key"]
    assert app.test_client().get("/api/auth/me", headers={"Authorization": f"{scheme} {key}"}).status_code == 200


@pytest.mark.parametrize("bad", ["dlk_", "dlk_x", "dlk_abcdefgh_" + "a" * 49, "dlk_\udcff", "dlk_" + "a" * 10_000])
def test_what_is_no_key_is_refused_without_a_look_up(app, db_session, bad, monkeypatch):
    monkeypatch.setattr("app.auth.api_keys.queries.find_usable", lambda _: pytest.fail("looked up"))
    answer = app.test_client().get("/api/auth/me", headers={"Authorization": f"Bearer {bad}"})
    assert answer.status_code == 401


def test_the_audit_tells_who_made_and_revoked_it_but_not_what_it_is(person, owner):
    key = make_key(person)
    person.delete(f"{PATH}/{key['id']}")
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "api_keys").order_by(AuditEntry.id)
    ).all()
    assert [(entry.action, entry.actor_id) for entry in entries] == [("create", owner.id), ("revoke", owner.id)]
    assert all("secret_hash" not in (entry.after or {}) for entry in entries)


def test_the_person_is_told(person, owner):
    key = make_key(person)
    person.delete(f"{PATH}/{key['id']}")
    assert published("api_key.") == [
        (owner.id, "api_key.created", {"name": "Stock import"}),
        (owner.id, "api_key.revoked", {"name": "Stock import"}),
    ]


def everything_that_is_stored():
    tables = db.session.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
    for table in tables:
        yield from ((table, row) for row in db.session.scalars(text(f'select t::text from "{table}" t')))


def test_the_database_holds_no_key(app, api, owner):
    program = api(owner)
    made = program.post(PATH, json=READER, headers={"Idempotency-Key": "once"})
    again = program.post(PATH, json=READER, headers={"Idempotency-Key": "once"})
    assert made.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    rotated = program.post(f"{PATH}/{made.json['id']}/rotate", json={"overlap_seconds": 60}).json
    for key in (made.json["key"], rotated["key"]):
        assert call(app, key).status_code == 200
        secret = key.rpartition("_")[2]
        forms = (secret, secret.encode().hex())
        assert [table for table, row in everything_that_is_stored() if any(form in row for form in forms)] == []


def test_the_log_holds_no_key(app, person, capfd, caplog):
    key = make_key(person)["key"]
    call(app, key)
    call(app, key, "/api/nothing")
    call(app, key[:-1] + "!")
    written = capfd.readouterr()
    assert key[13:56] not in written.out + written.err + caplog.text
