"""Users and companies in the API: who may see and change what, and the rules of roles and states."""

import pytest

from app.core.audit import AuditEntry
from app.extensions import db
from app.identity.models import User

NOWHERE = "019aa8f0-0000-7000-8000-000000000000"


@pytest.fixture
def admin(api, make_user):
    user = make_user(role="admin")
    program = api(user)
    program.user = user
    return program


@pytest.fixture
def manager(api, make_user):
    return api(make_user(role="manager"))


def fresh(user):
    db.session.expire_all()
    return db.session.get(User, user.id)


ROUTES = [
    # method, path, body, and the status for admin, manager, client, expert, nobody
    ("GET", "/api/users", None, (200, 200, 403, 403, 401)),
    ("GET", "/api/users/{user}", None, (200, 200, 403, 403, 401)),
    ("PATCH", "/api/users/{user}", {"status": "suspended"}, (200, 403, 403, 403, 401)),
    ("PATCH", f"/api/users/{NOWHERE}", {"status": "suspended"}, (404, 403, 403, 403, 401)),
    ("GET", f"/api/users/{NOWHERE}", None, (404, 404, 403, 403, 401)),
    ("GET", "/api/clients", None, (200, 200, 403, 403, 401)),
    ("GET", "/api/clients/{company}", None, (200, 200, 403, 403, 401)),
    ("POST", "/api/clients", {"name": "New"}, (201, 201, 403, 403, 401)),
    ("PATCH", "/api/clients/{company}", {"name": "Other"}, (200, 200, 403, 403, 401)),
    ("PATCH", f"/api/clients/{NOWHERE}", {"name": "Other"}, (404, 404, 403, 403, 401)),
]


@pytest.mark.parametrize(("method", "path", "body", "expected"), ROUTES)
def test_each_path_is_for_those_whom_the_contract_names(
    app, api, make_user, make_client_company, method, path, body, expected
):
    company = make_client_company()
    other = make_user(role="client", client_id=company.id)
    address = path.format(user=other.id, company=company.id)
    roles = ("admin", "manager", "client", "expert", None)
    for role, status in reversed(list(zip(roles, expected, strict=True))):
        program = api(make_user(role=role)) if role else app.test_client()
        answer = program.open(address, method=method, json=body)
        assert answer.status_code == status, f"{role}: {answer.text}"
        if status >= 400:
            assert answer.mimetype == "application/problem+json"


def test_who_may_not_change_users_hears_so_before_anything_about_the_body(manager, make_user):
    answer = manager.patch(f"/api/users/{make_user().id}", json={"nonsense": 1})
    assert answer.status_code == 403


def test_a_user_is_told_with_the_fields_of_the_model(manager, make_user, make_client_company):
    company = make_client_company()
    user = make_user(role="client", client_id=company.id, timezone="Europe/Berlin")
    told = manager.get(f"/api/users/{user.id}").json
    assert set(told) == {
        *("id", "username", "email", "role", "status", "client_id", "timezone", "theme", "created_at", "updated_at")
    }
    assert told["client_id"] == str(company.id)
    assert "password" not in manager.get("/api/users").text


def test_a_company_is_told_with_the_fields_of_the_contract(manager, make_client_company):
    told = manager.get(f"/api/clients/{make_client_company(name='Nordwind').id}").json
    assert set(told) == {"id", "name", "status", "created_at", "updated_at"}
    assert (told["name"], told["status"]) == ("Nordwind", "active")


def names(answer):
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json]


def test_users_are_filtered_by_role_state_and_company(manager, make_user, make_client_company):
    company = make_client_company()
    make_user(role="client", client_id=company.id, username="kim")
    make_user(role="client", client_id=company.id, username="lee", status="suspended")
    make_user(role="expert", username="ada")
    assert names(manager.get("/api/users?role=expert")) == ["ada"]
    assert names(manager.get("/api/users?status=suspended")) == ["lee"]
    assert names(manager.get(f"/api/users?client_id={company.id}&sort=username")) == ["kim", "lee"]
    assert names(manager.get(f"/api/users?client_id={NOWHERE}")) == []
    assert manager.get(f"/api/users?client_id={company.id}").headers["X-Total-Count"] == "2"


@pytest.mark.parametrize("query", ["role=boss", "status=gone", "client_id=x", "sort=password_hash", "limit=0"])
def test_a_filter_that_makes_no_sense_is_refused(manager, query):
    assert manager.get(f"/api/users?{query}").status_code == 422


def test_users_are_found_by_name_and_address_and_paged(manager, make_user):
    for name in ("zora", "zoran", "zorba"):
        make_user(role="expert", username=name, email=f"{name}@harbour.example")
    make_user(role="expert", username="other")
    assert names(manager.get("/api/users?q=harbour&sort=username")) == ["zora", "zoran", "zorba"]
    assert names(manager.get("/api/users?q=zorb")) == ["zorba"]
    assert names(manager.get("/api/users?q=ZORAN@harbour")) == ["zoran"]
    assert names(manager.get("/api/users?q=zzz")) == []
    first = manager.get("/api/users?q=harbour&sort=-username&limit=2")
    assert names(first) == ["zorba", "zoran"]
    assert first.headers["X-Total-Count"] == "3"
    following = first.headers["Link"].partition(">")[0].removeprefix("<").replace("http://localhost", "")
    assert names(manager.get(following)) == ["zora"]


@pytest.mark.parametrize("sort", ["username", "-username", "email", "created_at", "-updated_at"])
def test_every_sort_gives_every_user_once(manager, make_user, sort):
    for number in range(4):
        make_user(role="expert", username=f"person{number}")
    found = names(manager.get(f"/api/users?sort={sort}&role=expert"))
    assert len(found) == len(set(found)) == 4


def test_names_of_people_and_companies_teach_no_words(client, manager, make_user, make_client_company, make_product):
    make_user(role="client", username="quintessa", client_id=make_client_company(name="Zwirnwerke").id)
    make_product(name="Plain")
    assert manager.get("/api/clients?q=zwirnwerke").json[0]["name"] == "Zwirnwerke"
    assert manager.get("/api/clients?q=zwirn").json[0]["name"] == "Zwirnwerke"
    learnt = db.session.scalars(db.text("select word from search_words")).all()
    assert not {"quintessa", "zwirnwerke"} & set(learnt)
    for misspelt in ("zwirnwerk", "quintesa"):
        answer = client.get(f"/api/products?q={misspelt}")
        assert answer.json == []
        assert "zwirn" not in answer.text


def test_a_program_changes_with_if_match(admin, make_user):
    user = make_user(role="expert")
    etag = admin.get(f"/api/users/{user.id}").headers["ETag"]
    changed = admin.patch(f"/api/users/{user.id}", json={"status": "suspended"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] not in (None, etag)
    late = admin.patch(f"/api/users/{user.id}", json={"status": "active"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert fresh(user).status == "suspended"


@pytest.mark.parametrize(
    "body",
    [
        {"username": "x"},
        {"permissions": ["users:write"]},
        {"company_role": "owner"},
        {"limits": None},
        {"password_hash": "x"},
        {"role": "boss"},
        {"status": "gone"},
        {"role": None},
        {"id": NOWHERE},
    ],
)
def test_nothing_but_role_state_and_company_can_be_changed(admin, make_user, body):
    user = make_user(role="expert")
    answer = admin.patch(f"/api/users/{user.id}", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{next(iter(body))}"


def test_an_administrator_gives_another_role_which_counts_at_once(admin, api, make_user):
    user = make_user(role="manager")
    theirs = api(user)
    assert theirs.get("/api/users").status_code == 200
    changed = admin.patch(f"/api/users/{user.id}", json={"role": "expert"})
    assert (changed.status_code, changed.json["role"]) == (200, "expert")
    assert theirs.get("/api/users").status_code == 403
    entry = db.session.scalars(db.select(AuditEntry).where(AuditEntry.record_id == user.id)).all()[-1]
    assert (entry.action, entry.before["role"], entry.after["role"]) == ("change-role", "manager", "expert")
    assert entry.actor_id == admin.user.id


def test_who_becomes_a_client_needs_a_company(admin, make_user, make_client_company):
    user = make_user(role="expert")
    missing = admin.patch(f"/api/users/{user.id}", json={"role": "client"})
    assert (missing.status_code, missing.json["errors"][0]["pointer"]) == (422, "/client_id")
    unknown = admin.patch(f"/api/users/{user.id}", json={"role": "client", "client_id": NOWHERE})
    assert (unknown.status_code, unknown.json["errors"][0]["pointer"]) == (422, "/client_id")
    company = make_client_company()
    changed = admin.patch(f"/api/users/{user.id}", json={"role": "client", "client_id": str(company.id)})
    assert (changed.status_code, changed.json["client_id"]) == (200, str(company.id))
    assert fresh(user).company_role == "owner"
    second = make_user(role="expert")
    admin.patch(f"/api/users/{second.id}", json={"role": "client", "client_id": str(company.id)})
    assert fresh(second).company_role == "member"


def test_who_stops_being_a_client_leaves_the_company(admin, make_user):
    user = make_user(role="client", company_role="member", limits=["products:read"])
    changed = admin.patch(f"/api/users/{user.id}", json={"role": "expert"})
    assert (changed.status_code, changed.json["client_id"]) == (200, None)
    assert (fresh(user).company_role, fresh(user).limits) == (None, None)


def test_only_clients_have_a_company_and_nobody_is_moved_to_another(admin, make_user, make_client_company):
    company = make_client_company()
    answer = admin.patch(f"/api/users/{make_user().id}", json={"client_id": str(company.id)})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/client_id")
    moved = admin.patch(f"/api/users/{make_user(role='client').id}", json={"client_id": str(company.id)})
    assert moved.status_code == 409


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("active", "suspended", 200),
        ("invited", "suspended", 200),
        ("suspended", "active", 200),
        ("active", "active", 200),
        ("invited", "active", 409),
        ("active", "invited", 409),
        ("suspended", "invited", 409),
    ],
)
def test_states_follow_on_each_other(admin, make_user, before, after, status):
    more = {"password": None, "email_confirmed_at": None} if before == "invited" else {}
    user = make_user(role="expert", status=before, **more)
    answer = admin.patch(f"/api/users/{user.id}", json={"status": after})
    assert answer.status_code == status, answer.text
    assert fresh(user).status == (after if status == 200 else before)


def test_a_suspended_users_every_sign_in_stops_at_once(admin, api, make_user, app, sign_in):
    user = make_user(role="client")
    program, browser = api(user), sign_in(app.test_client(), user)
    assert admin.patch(f"/api/users/{user.id}", json={"status": "suspended"}).status_code == 200
    assert program.get("/api/auth/me").status_code == 401
    assert browser.get("/dashboard/").status_code == 303
    assert admin.patch(f"/api/users/{user.id}", json={"status": "active"}).status_code == 200
    assert program.get("/api/auth/me").status_code == 401


@pytest.mark.parametrize("body", [{"role": "manager"}, {"status": "suspended"}])
def test_nobody_changes_the_own_role_or_state(admin, make_user, body):
    make_user(role="admin")
    answer = admin.patch(f"/api/users/{admin.user.id}", json=body)
    assert answer.status_code == 409
    assert fresh(admin.user).role == "admin"


def test_the_last_administrator_who_can_sign_in_stays(admin, make_user):
    make_user(role="admin", status="suspended")
    answer = admin.patch(f"/api/users/{admin.user.id}", json={"status": "suspended"})
    assert answer.status_code == 409
    assert fresh(admin.user).status == "active"


def test_a_companys_name_is_needed_and_of_a_length(manager):
    wrong = [({}, "/name"), ({"name": " "}, "/name"), ({"name": "x" * 121}, "/name"), ({"name": "a", "x": 1}, "/x")]
    for body, pointer in wrong:
        answer = manager.post("/api/clients", json=body)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer), body
    made = manager.post("/api/clients", json={"name": "Nordwind"})
    assert made.status_code == 201
    assert manager.get(made.headers["Location"]).json["name"] == "Nordwind"


@pytest.mark.parametrize("key", ["users", "clients"])
def test_people_and_companies_are_not_deleted_nor_restored(admin, make_user, make_client_company, key):
    record = make_user() if key == "users" else make_client_company()
    assert admin.delete(f"/api/{key}/{record.id}").status_code == 405
    assert admin.post(f"/api/{key}/{record.id}/restore").status_code == 404


def test_a_user_is_not_made_through_the_list(admin):
    assert admin.post("/api/users", json={"role": "admin"}).status_code == 405


def test_a_suspended_companys_people_stop_at_once_and_come_back(manager, api, make_user, make_client_company):
    company = make_client_company()
    user = make_user(role="client", client_id=company.id)
    program = api(user)
    assert manager.patch(f"/api/clients/{company.id}", json={"status": "suspended"}).json["status"] == "suspended"
    assert program.get("/api/auth/me").status_code == 401
    manager.patch(f"/api/clients/{company.id}", json={"status": "active"})
    assert program.get("/api/auth/me").status_code == 401
    assert api(user).get("/api/auth/me").status_code == 200


def test_a_company_is_changed_with_if_match(manager, make_client_company):
    path = f"/api/clients/{make_client_company().id}"
    etag = manager.get(path).headers["ETag"]
    assert manager.patch(path, json={"name": "A"}, headers={"If-Match": etag}).status_code == 200
    assert manager.patch(path, json={"name": "B"}, headers={"If-Match": etag}).status_code == 412
