"""The staff's pages of users and companies."""

import re

import pytest
from werkzeug.datastructures import MultiDict

from app.auth.api_keys.models import ApiKey
from app.auth.mfa.models import RecoveryCode, TwoFactor
from app.core.audit import AuditEntry
from app.core.clock import now
from app.extensions import db
from app.identity.models import Client, User, UserSession
from app.notifications.models import Notification, OutgoingMail
from tests.factories.events import deliver
from tests.web.page import sent_by


def fresh(record):
    db.session.expire_all()
    return db.session.get(type(record), record.id)


def events(record, action):
    query = db.select(AuditEntry).where(AuditEntry.record_id == record.id, AuditEntry.action == action)
    return db.session.scalars(query.order_by(AuditEntry.id)).all()


def flashed(browser, answer):
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"]).text


@pytest.fixture
def person(make_user, make_client_company):
    company = make_client_company(name="Nordwind")
    return make_user(role="client", client_id=company.id, username="kim", email="kim@nordwind.example")


POSTS = {
    # page, fields: the status for admin, manager, client
    "users/{user}/suspend": ({}, (303, 403, 403)),
    "users/{user}/reactivate": ({}, (303, 403, 403)),
    "users/{user}/edit": ({"role": "client", "status": "active", "client_id": "{company}"}, (303, 403, 403)),
    "users/{user}/company-role": ({"company_role": "owner"}, (303, 403, 403)),
    "users/{user}/end-sessions": ({}, (303, 403, 403)),
    "users/{user}/reset-second-factor": ({"reason": "lost the phone"}, (303, 403, 403)),
    "users/{user}/merge": ({"into": "{other}"}, (303, 403, 403)),
    "users/{user}/take-apart": ({}, (303, 403, 403)),
    "users/{user}/send-reset": ({}, (303, 303, 403)),
    "users/new": ({"email": "new@nordwind.example", "role": "expert"}, (303, 303, 403)),
    "clients/new": ({"name": "Südwind", "status": "active"}, (303, 303, 403)),
    "clients/{company}/edit": ({"name": "Südwind", "status": "active"}, (303, 303, 403)),
    "clients/{company}/suspend": ({}, (303, 303, 403)),
    "clients/{company}/merge": ({"into": "{company2}"}, (303, 403, 403)),
    "clients/{company}/take-apart": ({}, (303, 403, 403)),
}


@pytest.mark.parametrize("path", POSTS)
def test_what_changes_people_is_for_those_who_may(
    client, as_client, as_manager, as_admin, make_user, make_client_company, person, path
):
    fields, expected = POSTS[path]
    names = {
        "user": person.id,
        "company": person.client_id,
        "company2": make_client_company().id,
        "other": make_user(role="client", client_id=person.client_id).id,
    }
    address = f"/admin/{path}".format(**names)
    data = {name: value.format(**names) for name, value in fields.items()}
    assert client.post(address, data=data).status_code in (303, 401)
    assert fresh(person).status == "active"
    for browser, status in zip((as_client, as_manager, as_admin), reversed(expected), strict=True):
        answer = browser.post(
            address, data=data if "new" not in path else {**data, "email": f"{id(browser)}@x.example"}
        )
        assert answer.status_code == status, answer.text


def test_lists_search_filter_sort_and_export(as_manager, person, make_user):
    make_user(role="expert", username="ada", email="ada@experts.example")
    page = as_manager.get("/admin/users?q=nordwind").text
    assert "kim@nordwind.example" in page
    assert "ada@experts" not in page
    assert "ada@experts" in as_manager.get("/admin/users?role=expert&sort=username").text
    assert "kim@nordwind" in as_manager.get(f"/admin/users?client_id={person.client_id}").text
    assert "Nordwind" in as_manager.get("/admin/clients?q=nordw&status=active&sort=-name").text


def test_a_list_is_exported_without_secrets(committed_db, as_manager, person):
    exported = as_manager.get("/admin/users/export.csv?q=nordwind")
    rows = exported.data.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("id,username,email,role,status,company,client_id")
    assert len(rows) == 2
    assert "argon" not in exported.text


def test_a_list_has_no_way_to_change_many(as_admin, person):
    page = as_admin.get("/admin/users").text
    assert 'name="ids"' not in page
    assert as_admin.post("/admin/users/bulk", data={"action": "archive"}).status_code in (404, 405)
    assert as_admin.get("/admin/users/import").status_code in (403, 404)


def test_a_persons_page_tells_all_but_secrets(as_admin, api, person, make_user):
    api(person)
    key = ApiKey(user_id=person.id, client_id=person.client_id, name="Shop", prefix="dlk_abc", scopes=["products:read"])
    key.secret_hash = b"x" * 32
    db.session.add_all([key, TwoFactor(user_id=person.id, secret="JBSWY3DP", confirmed_at=now(), created_at=now())])
    db.session.commit()
    page = as_admin.get(f"/admin/users/{person.id}").text
    for told in ("kim@nordwind.example", "Nordwind", "1 place", "dlk_abc", "uthenticator app", "Reset second factor"):
        assert told in page
    assert "argon2" not in page


def test_an_unknown_person_or_company_is_not_there(as_admin):
    for key in ("users", "clients"):
        for ref in ("x", "019aa8f0-0000-7000-8000-000000000000"):
            assert as_admin.get(f"/admin/{key}/{ref}").status_code == 404
            assert as_admin.post(f"/admin/{key}/{ref}/suspend").status_code == 404


def test_a_suspension_offers_its_way_back(as_admin, person):
    text = flashed(as_admin, as_admin.post(f"/admin/users/{person.id}/suspend"))
    assert "is suspended" in text
    assert f"/admin/users/{person.id}/reactivate" in text
    flashed(as_admin, as_admin.post(f"/admin/users/{person.id}/reactivate"))
    assert fresh(person).status == "active"
    assert events(person, "suspend")
    deliver()
    kinds = db.session.scalars(db.select(Notification.kind).where(Notification.user_id == person.id)).all()
    assert {"user.suspended", "user.restored"} <= set(kinds)


def test_the_form_changes_a_role_with_the_companys_name(as_admin, make_user, person):
    user = make_user(role="expert")
    data = {"role": "client", "status": "active", "client_id": "nordwind"}
    text = flashed(as_admin, as_admin.post(f"/admin/users/{user.id}/edit", data=data))
    assert "Saved" in text
    assert (fresh(user).role, fresh(user).client_id) == ("client", person.client_id)
    back = dict(re.findall(r'name="(role|status|client_id)" value="([^"]*)"', text))
    assert back == {"role": "expert", "status": "active"}
    flashed(as_admin, as_admin.post(f"/admin/users/{user.id}/edit", data=back))
    assert fresh(user).role == "expert"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"role": "client", "status": "active"}, "A client belongs to a company"),
        ({"role": "client", "status": "active", "client_id": "Nowhere"}, "There is no such company"),
        ({"role": "boss", "status": "active"}, "role"),
        ({"role": "expert", "status": "active", "client_id": "Nordwind"}, "Only a client belongs"),
    ],
)
def test_a_form_with_errors_comes_back_with_what_was_typed(as_admin, make_user, person, data, told):
    answer = as_admin.post(f"/admin/users/{make_user(role='expert').id}/edit", data=data)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert data.get("client_id", "") in answer.text


def test_what_another_administrator_changed_meanwhile_is_told(as_admin, make_user, api):
    user, other = make_user(role="expert"), make_user(role="admin")
    version = user.version
    api(other).patch(f"/api/users/{user.id}", json={"role": "manager"})
    data = {"role": "admin", "status": "active", "version": version}
    answer = as_admin.post(f"/admin/users/{user.id}/edit", data=data)
    assert answer.status_code == 409
    assert other.username in answer.text
    assert fresh(user).role == "manager"


def test_a_conflict_sent_again_keeps_what_the_other_administrator_changed_elsewhere(as_admin, make_user, api):
    user, other = make_user(role="expert"), make_user(role="admin")
    data = {"role": "admin", "status": "active", "version": user.version}
    api(other).patch(f"/api/users/{user.id}", json={"role": "manager", "status": "suspended"})
    asked = as_admin.post(f"/admin/users/{user.id}/edit", data=data)
    as_admin.post(f"/admin/users/{user.id}/edit", data=MultiDict(sent_by(asked.text)))
    assert asked.status_code == 409
    assert (fresh(user).role, fresh(user).status) == ("admin", "suspended")


def test_a_form_without_a_sane_version_changes_nobody(as_admin, make_user):
    user = make_user(role="expert")
    answer = as_admin.post(f"/admin/users/{user.id}/edit", data={"role": "admin", "status": "active", "version": "x"})
    assert answer.status_code == 422
    assert "version of the record" in answer.text
    assert fresh(user).role == "expert"


def test_nobody_is_offered_to_change_the_own_account(as_admin):
    page = as_admin.get(f"/admin/users/{as_admin.user.id}").text
    assert "/suspend" not in page
    text = flashed(as_admin, as_admin.post(f"/admin/users/{as_admin.user.id}/suspend"))
    assert "change your own role" in text


def test_changes_of_people_are_not_undone_row_by_row(as_admin, person):
    as_admin.post(f"/admin/users/{person.id}/suspend")
    change = events(person, "suspend")[-1].change_id
    assert as_admin.post(f"/admin/users/{person.id}/undo", data={"change": change}).status_code == 404
    page = as_admin.get(f"/admin/users/{person.id}/history").text
    assert "suspend" in page
    assert "Undo this change" not in page


def test_staff_send_a_link_for_a_new_password_and_end_all_sign_ins(as_admin, api, person):
    program = api(person)
    flashed(as_admin, as_admin.post(f"/admin/users/{person.id}/send-reset"))
    assert events(person, "send-reset")
    flashed(as_admin, as_admin.post(f"/admin/users/{person.id}/end-sessions"))
    assert program.get("/api/auth/me").status_code == 401
    assert api(person).get("/api/auth/me").status_code == 200


def test_a_second_factor_is_reset_with_a_reason_and_the_person_is_told(as_admin, person):
    db.session.add_all(
        [
            TwoFactor(user_id=person.id, secret="JBSWY3DP", confirmed_at=now(), created_at=now()),
            RecoveryCode(user_id=person.id, code_hash=b"x" * 32),
        ]
    )
    db.session.commit()
    path = f"/admin/users/{person.id}/reset-second-factor"
    assert as_admin.get(path).status_code == 200
    assert as_admin.post(path, data={"reason": ""}).status_code == 422
    assert db.session.get(TwoFactor, person.id) is not None
    flashed(as_admin, as_admin.post(path, data={"reason": "lost the phone"}))
    db.session.expire_all()
    assert db.session.get(TwoFactor, person.id) is None
    assert db.session.scalars(db.select(RecoveryCode)).all() == []
    assert events(person, "reset-second-factor")[0].after == {"reason": "lost the phone"}
    deliver()
    assert "user.two_factor_disabled" in db.session.scalars(db.select(OutgoingMail.kind)).all()


def test_staff_invite_people_of_a_company_and_others(as_manager, person):
    data = {"email": "lee@nordwind.example", "role": "client", "client_id": str(person.client_id)}
    flashed(as_manager, as_manager.post("/admin/users/new", data={**data, "company_role": "member"}))
    lee = db.session.scalars(db.select(User).where(User.email == "lee@nordwind.example")).one()
    assert (lee.status, lee.role, lee.client_id, lee.company_role) == ("invited", "client", person.client_id, "member")
    assert lee.password_hash is None
    deliver()
    mail = db.session.scalars(db.select(OutgoingMail).where(OutgoingMail.user_id == lee.id)).one()
    assert (mail.kind, mail.address) == ("user.invited", "lee@nordwind.example")
    page = as_manager.get(f"/admin/users/{lee.id}").text
    assert "Send the invitation again" in page


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_only_administrators_invite_staff(as_manager, as_admin, role):
    data = {"email": "boss@example.com", "role": role}
    assert as_manager.post("/admin/users/new", data=data).status_code == 422
    assert db.session.scalars(db.select(User).where(User.email == data["email"])).all() == []
    assert as_admin.post("/admin/users/new", data=data).status_code == 303


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"email": "x", "role": "expert"}, 422),
        ({"email": "new@example.com", "role": "client"}, 422),
        ({"email": "new@example.com", "role": "expert", "client_id": "Nordwind"}, 422),
        ({"email": "KIM@nordwind.example", "role": "expert"}, 422),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(as_admin, person, data, status):
    before = db.session.scalar(db.select(db.func.count()).select_from(User))
    assert as_admin.post("/admin/users/new", data=data).status_code == status
    assert db.session.scalar(db.select(db.func.count()).select_from(User)) == before


def test_an_invitation_is_taken_back_and_its_address_free_again(as_manager):
    as_manager.post("/admin/users/new", data={"email": "ada@example.com", "role": "expert"})
    ada = db.session.scalars(db.select(User).where(User.email == "ada@example.com")).one()
    ada_id = ada.id
    flashed(as_manager, as_manager.post(f"/admin/users/{ada_id}/invite-again"))
    assert as_manager.post(f"/admin/users/{ada_id}/take-back").status_code == 303
    assert db.session.scalars(db.select(User).where(User.email == "ada@example.com")).all() == []
    assert as_manager.post("/admin/users/new", data={"email": "ada@example.com", "role": "expert"}).status_code == 303


def test_a_company_is_made_shown_renamed_suspended_and_brought_back(as_manager, person):
    made = as_manager.post("/admin/clients/new", data={"name": "Südwind", "status": "active"})
    assert made.status_code == 303
    assert "Nobody yet" in as_manager.get(made.headers["Location"]).text
    company = db.session.get(Client, person.client_id)
    path = f"/admin/clients/{company.id}"
    assert "kim@nordwind.example" in as_manager.get(path).text
    as_manager.post(f"{path}/edit", data={"name": "Nordwind AG", "status": "active"})
    assert fresh(company).name == "Nordwind AG"
    text = flashed(as_manager, as_manager.post(f"{path}/suspend"))
    assert f"{path}/reactivate" in text
    flashed(as_manager, as_manager.post(f"{path}/reactivate"))
    its = db.select(AuditEntry.action).where(AuditEntry.record_id == company.id).order_by(AuditEntry.id)
    assert db.session.scalars(its).all() == ["create", "update", "suspend", "reactivate"]


def test_the_palette_finds_people_for_staff_alone(as_manager, as_client, person):
    assert "kim" in as_manager.get("/admin/palette?q=nordwind").text
    assert as_client.get("/admin/palette?q=nordwind").status_code == 403


def test_the_page_of_permissions_tells_who_may_what(as_manager, as_client):
    page = as_manager.get("/admin/permissions")
    assert page.status_code == 200
    for told in (
        "Owner of a company",
        "products:read",
        "/api/users/&lt;reference&gt;",
        "users:write",
        "administrators",
    ):
        assert told in page.text
    assert as_client.get("/admin/permissions").status_code == 403


def test_suspending_a_company_ends_its_peoples_sign_ins(as_manager, api, person):
    api(person)
    as_manager.post(f"/admin/clients/{person.client_id}/suspend")
    reasons = db.session.scalars(db.select(UserSession.end_reason).where(UserSession.user_id == person.id)).all()
    assert reasons == ["suspended"]


def test_the_first_person_of_a_company_is_invited_as_its_owner(as_manager, make_client_company, person):
    def role_offered(company) -> str:
        page = as_manager.get(f"/admin/users/new?client_id={company.id}").text
        roles = re.search(r'<select[^>]*name="company_role".*?</select>', page, re.DOTALL)
        return re.search(r'<option value="(\w+)"[^>]* selected', roles[0])[1]

    assert role_offered(make_client_company(name="Nobody yet")) == "owner"
    assert role_offered(person.client) == "member"
