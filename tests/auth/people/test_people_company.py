"""What a company's owner does: inviting, removing and limiting the company's people."""

import re

import pytest

from app.auth.api_keys.models import ApiKey
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.core.audit import AuditEntry
from app.extensions import db
from app.identity.models import Client, User
from app.identity.policy import permissions_of
from app.notifications.models import OutgoingMail
from tests.factories.events import deliver

PEOPLE = "/account/company"


def fresh(record):
    db.session.expire_all()
    return db.session.get(type(record), record.id)


def one(email):
    return db.session.scalars(db.select(User).where(User.email == email)).one_or_none()


@pytest.fixture
def owner(app, sign_in, make_user, make_client_company):
    company = make_client_company(name="Nordwind")
    user = make_user(role="client", client_id=company.id, username="olga")
    browser = sign_in(app.test_client(), user)
    browser.user = user
    return browser


@pytest.fixture
def member(make_user, owner):
    return make_user(role="client", client_id=owner.user.client_id, company_role="member", username="max")


def post(browser, path, **data):
    return browser.post(f"{PEOPLE}{path}", data=data)


def invite(browser, email="new@nordwind.example", role="member"):
    return post(browser, "/invitations", email=email, company_role=role)


def test_an_owner_sees_the_companys_people_and_nobody_elses(owner, member, make_user):
    stranger = make_user(role="client", username="stranger")
    page = owner.get(PEOPLE).text
    assert "max" in page
    assert "stranger" not in page
    assert owner.get(f"{PEOPLE}/people/{member.id}").status_code == 200
    assert owner.get(f"{PEOPLE}/people/{stranger.id}").status_code == 404


def test_the_navigation_leads_owners_alone_there(owner, member, app, sign_in):
    assert f'href="{PEOPLE}"' in owner.get("/dashboard/").text
    assert f'href="{PEOPLE}"' not in sign_in(app.test_client(), member).get("/dashboard/").text


ACTS = ["limits", "role", "remove", "invite-again"]


@pytest.mark.parametrize("role", ["member", "stranger", "expert", "manager", "anonymous"])
def test_others_may_do_none_of_it(app, sign_in, owner, member, make_user, client, role):
    if role == "anonymous":
        browser = client
    elif role == "member":
        browser = sign_in(
            app.test_client(), make_user(role="client", client_id=member.client_id, company_role="member")
        )
    else:
        browser = sign_in(app.test_client(), make_user(role="client" if role == "stranger" else role))
    expected = {"anonymous": (303, 401), "stranger": (404,)}.get(role, (403,))
    for act in ACTS:
        answer = post(browser, f"/people/{member.id}/{act}", company_role="owner", limits="products:read")
        assert answer.status_code in expected, f"{act}: {answer.status}"
    if role != "stranger":
        assert invite(browser).status_code in expected
        assert browser.get(PEOPLE).status_code in expected
        assert post(browser, "/second-factor", require_second_factor="yes").status_code in expected
    assert one("new@nordwind.example") is None
    assert (fresh(member).status, member.company_role, member.limits) == ("active", "member", None)


def test_a_colleague_is_invited_by_mail_and_comes_in(owner, app):
    assert invite(owner).status_code == 303
    user = one("new@nordwind.example")
    assert (user.status, user.role, user.company_role) == ("invited", "client", "member")
    assert user.client_id == owner.user.client_id
    ticket = db.session.scalars(db.select(OneTimeToken).where(OneTimeToken.user_id == user.id)).one()
    assert ticket.purpose == "invitation"
    assert (ticket.expires_at - ticket.created_at).days == 7
    deliver()
    mail = db.session.scalars(db.select(OutgoingMail).where(OutgoingMail.user_id == user.id)).one()
    assert (mail.kind, mail.address) == ("user.invited", "new@nordwind.example")
    assert "invited" in owner.get(PEOPLE).text.lower()
    told = [str(entry.after) for entry in db.session.scalars(db.select(AuditEntry))]
    assert not [text for text in told if "token" in text and "invitation?" in text]


def test_the_link_of_an_invitation_lets_in_once(owner, app):
    invite(owner)
    user = one("new@nordwind.example")
    token = one_time_tokens.issue("invitation", lifetime=one_time_tokens.KEPT_AFTER_END, user_id=user.id)
    db.session.commit()
    data = {"username": "nora", "password": "a long sentence of mine"}
    newcomer, late = app.test_client(), app.test_client()
    for browser in (newcomer, late):
        assert browser.get(f"/invitation?token={token}").status_code == 303
    assert newcomer.post("/invitation", data=data).status_code == 303
    assert (fresh(user).status, user.username) == ("active", "nora")
    assert late.post("/invitation", data={**data, "username": "n2"}).status_code == 422


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"email": "nonsense", "company_role": "member"}, "email"),
        ({"email": "", "company_role": "member"}, "email"),
        ({"email": "a@example.com", "company_role": "admin"}, "company_role"),
    ],
)
def test_an_invitation_that_makes_no_sense_comes_back(owner, data, pointer):
    answer = post(owner, "/invitations", **data)
    assert answer.status_code == 422
    assert re.search(rf'id="{pointer}"[^>]*aria-invalid|aria-invalid[^>]*id="{pointer}"', answer.text)


def test_nobody_is_invited_with_more_than_the_form_has(owner):
    post(owner, "/invitations", email="a@example.com", company_role="member", role="admin", status="active")
    user = one("a@example.com")
    assert (user.role, user.status) == ("client", "invited")


def test_an_address_that_has_an_account_is_refused_kindly(owner, member, make_user):
    other = make_user(role="client", email="busy@elsewhere.example")
    answer = invite(owner, "BUSY@elsewhere.example")
    assert answer.status_code == 422
    assert "has an account here already" in answer.text
    assert fresh(other).client_id != owner.user.client_id
    assert "belongs to this company already" in invite(owner, member.email).text
    invite(owner)
    assert "is invited already" in invite(owner).text


def test_who_invites_has_confirmed_the_own_address(app, sign_in, make_user):
    browser = sign_in(app.test_client(), make_user(role="client", email_confirmed_at=None))
    answer = invite(browser)
    assert answer.status_code == 409
    assert "Confirm your own e-mail address first" in answer.text
    assert one("new@nordwind.example") is None


def test_invitations_are_limited_for_a_day(owner, limited, monkeypatch):
    codes = {invite(owner, f"p{number}@nordwind.example").status_code for number in range(50)}
    assert codes == {303}
    assert invite(owner, "last@nordwind.example").status_code == 429
    assert one("last@nordwind.example") is None


def test_an_invitation_is_sent_again_and_the_first_link_ends(owner):
    invite(owner)
    user = one("new@nordwind.example")
    assert post(owner, f"/people/{user.id}/invite-again").status_code == 303
    states = db.session.scalars(db.select(OneTimeToken.used_at).where(OneTimeToken.user_id == user.id)).all()
    assert sorted(used is None for used in states) == [False, True]


def test_an_invitation_is_taken_back(owner):
    invite(owner)
    user_id = one("new@nordwind.example").id
    assert post(owner, f"/people/{user_id}/remove").status_code == 303
    assert one("new@nordwind.example") is None
    assert db.session.scalars(db.select(OneTimeToken).where(OneTimeToken.user_id == user_id)).all() == []
    assert invite(owner).status_code == 303


def test_who_is_removed_is_out_at_once(owner, member, api, app, sign_in):
    program, browser = api(member), sign_in(app.test_client(), member)
    key = ApiKey(user_id=member.id, client_id=member.client_id, name="Shop", prefix="dlk_abc", scopes=["products:read"])
    key.secret_hash = b"x" * 32
    db.session.add(key)
    db.session.commit()
    assert post(owner, f"/people/{member.id}/remove").status_code == 303
    assert (fresh(member).status, fresh(key).revoked_at is None) == ("suspended", False)
    assert program.get("/api/auth/me").status_code == 401
    assert browser.get("/dashboard/").status_code == 303
    page = owner.get(PEOPLE).text
    assert "No access" in page
    entry = db.session.scalars(db.select(AuditEntry).where(AuditEntry.action == "remove")).first()
    assert (entry.actor_id, entry.record_id) == (owner.user.id, member.id)


def test_a_member_is_limited_from_the_next_request_on(owner, member, api, app, sign_in):
    program, browser = api(member), sign_in(app.test_client(), member)
    assert "matches:write" in program.get("/api/auth/me").json["permissions"]
    kept = ["products:read", "matches:write"]
    assert post(owner, f"/people/{member.id}/limits", limits=kept).status_code == 303
    assert fresh(member).limits == ["matches:read", "matches:write", "products:read"]
    assert program.get("/api/auth/me").json["permissions"] == ["matches:read", "matches:write", "products:read"]
    assert "Solutions" not in re.findall(r'nav-entry"[^>]*>.*?<span>(\w+)</span>', browser.get("/dashboard/").text)
    every = sorted(permissions_of(User(role="client", status="active", client_id=member.client_id)))
    post(owner, f"/people/{member.id}/limits", limits=every)
    assert fresh(member).limits is None
    post(owner, f"/people/{member.id}/limits")
    assert program.get("/api/auth/me").json["permissions"] == []


@pytest.mark.parametrize("name", ["users:write", "clients:read", "everything", "", "products:write"])
def test_nobody_is_given_more_than_the_role_has(owner, member, name):
    post(owner, f"/people/{member.id}/limits", limits=[name, "products:read"])
    assert fresh(member).limits is None


def test_owners_are_not_limited_and_the_last_one_stays(owner, member):
    assert "Make the person a member first" in limited_owner(owner, member)
    answer = post(owner, f"/people/{owner.user.id}/remove")
    assert "change your own" in owner.get(answer.headers["Location"]).text
    post(owner, f"/people/{owner.user.id}/role", company_role="member")
    assert fresh(owner.user).company_role == "owner"
    assert owner.user.status == "active"


def limited_owner(owner, member):
    post(owner, f"/people/{member.id}/role", company_role="owner")
    assert fresh(member).company_role == "owner"
    answer = post(owner, f"/people/{member.id}/limits", limits="products:read")
    return owner.get(answer.headers["Location"]).text


def test_who_becomes_an_owner_loses_limits_and_may_step_back(owner, member):
    post(owner, f"/people/{member.id}/limits", limits="products:read")
    post(owner, f"/people/{member.id}/role", company_role="owner")
    assert (fresh(member).company_role, member.limits) == ("owner", None)
    post(owner, f"/people/{member.id}/role", company_role="member")
    assert fresh(member).company_role == "member"


def test_the_owner_asks_for_a_second_factor(owner):
    assert post(owner, "/second-factor", require_second_factor="yes").status_code == 303
    company = db.session.get(Client, owner.user.client_id)
    assert fresh(company).require_second_factor


def test_a_suspended_company_can_do_nothing(owner, member):
    company = db.session.get(Client, owner.user.client_id)
    company.status = "suspended"
    db.session.commit()
    assert post(owner, f"/people/{member.id}/remove").status_code in (303, 401)
    assert fresh(member).status == "active"
