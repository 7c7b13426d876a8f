"""Seeing where one is signed in, and ending it: in the API and at /account/sessions."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.auth.jobs import sweep
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.one_time_tokens.operations import issue
from app.core.audit import AuditEntry
from app.core.clock import now, shifted
from app.extensions import db
from app.identity import sessions
from app.identity.models import Application, Grant, User, UserSession
from app.identity.sessions import Device
from tests.factories import PASSWORD
from tests.factories.events import published

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOBODYS = "00000000-0000-7000-8000-000000000000"
PATH = "/api/auth/sessions"


@pytest.fixture
def laptop(app, make_user, sign_in):
    """A user who is signed in to the portal with Firefox."""
    user = make_user(role="client")
    browser = app.test_client()
    browser.environ_base["HTTP_USER_AGENT"] = FIREFOX
    browser.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    sign_in(browser, user)
    browser.user = user
    return browser


def listed(program):
    answer = program.get(PATH)
    assert answer.status_code == 200
    return answer.json


def test_the_list_tells_what_and_when(api, laptop):
    program = api(laptop.user)
    sessions = listed(program)
    assert len(sessions) == 2
    portal = next(one for one in sessions if one["kind"] == "portal")
    assert set(portal) == {"id", "kind", "device", "address", "created_at", "last_used_at", "current"}
    assert (portal["device"], portal["address"], portal["current"]) == ("Firefox on Linux", "203.0.113.7", False)
    assert portal["created_at"].endswith("Z")
    assert [one["kind"] for one in sessions if one["current"]] == ["api"]


def test_only_what_is_open_is_listed(app, api, laptop, make_user):
    user = laptop.user
    program = api(user)
    laptop.post("/logout")
    sessions.start_session(user, kind="portal", device=Device("Idle", ""))
    idle = db.session.scalars(select(UserSession).where(UserSession.device == "Idle")).one()
    idle.last_used_at = now() - timedelta(hours=12, minutes=1)
    late = sessions.start_session(user, kind="api", device=Device("Late", "")).session
    late.expires_at = now() - timedelta(seconds=1)
    api(make_user())
    db.session.commit()
    assert [one["current"] for one in listed(program)] == [True]


def test_what_applications_may_do_is_not_among_them(api, make_user):
    user = make_user(role="client")
    program = api(user)
    application = Application(
        name="Reports", identifier="reports", secret_hash=b"x", grant_types=["authorization_code"], scopes=[]
    )
    db.session.add(application)
    db.session.flush()
    db.session.add(Grant(user_id=user.id, application_id=application.id, scopes=["products:read"]))
    oauth = sessions.start_session(
        user, kind="oauth", device=Device("x", ""), application_id=application.id, scopes=[]
    ).session
    db.session.commit()
    assert len(listed(program)) == 1
    assert program.delete(f"{PATH}/{oauth.id}").status_code == 404
    assert program.delete(PATH).status_code == 204
    assert oauth.ended_at is None


def test_a_look_of_staff_is_seen_and_can_be_ended(api, make_user):
    user, manager = make_user(role="client"), make_user(role="manager")
    program = api(user)
    look = sessions.start_session(user, kind="portal", device=Device("Staff", ""), impersonator_id=manager.id).session
    db.session.commit()
    assert [one["device"] for one in listed(program) if not one["current"]] == ["Staff"]
    assert program.delete(f"{PATH}/{look.id}").status_code == 204
    assert look.ended_at is not None


def test_ending_one_ends_exactly_that_one(app, api, laptop):
    user = laptop.user
    here, other = api(user), api(user)
    lost = next(one["id"] for one in listed(here) if one["kind"] == "portal")
    assert here.delete(f"{PATH}/{lost}").status_code == 204
    assert laptop.get("/account").status_code == 303
    assert here.get("/api/auth/me").status_code == 200
    assert other.get("/api/auth/me").status_code == 200
    assert here.delete(f"{PATH}/{lost}").status_code == 404
    assert published("session.") == [(user.id, "session.ended", {"device": "Firefox on Linux"})]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "end-session")).one()
    assert (entry.record_id, entry.after["reason"], entry.after["device"]) == (user.id, "ended", "Firefox on Linux")


def test_its_access_and_refresh_tokens_end_with_it(app, api, make_user):
    user = make_user()
    here = api(user)
    sent = {"username": user.username, "password": PASSWORD, "token_delivery": "body"}
    lost = app.test_client().post("/api/auth/login", json=sent).json
    other = next(one["id"] for one in listed(here) if not one["current"])
    assert here.delete(f"{PATH}/{other}").status_code == 204
    stranger = app.test_client()
    headers = {"Authorization": f"Bearer {lost['access_token']}"}
    assert stranger.get("/api/auth/me", headers=headers).status_code == 401
    assert stranger.post("/api/auth/refresh", json={"refresh_token": lost["refresh_token"]}).status_code == 401


def test_ending_the_own_one_is_a_sign_out(api, make_user):
    program = api(make_user())
    (mine,) = listed(program)
    assert program.delete(f"{PATH}/{mine['id']}").status_code == 204
    assert program.get(PATH).status_code == 401
    assert published("session.") == []
    assert db.session.scalars(select(AuditEntry.action).where(AuditEntry.action == "sign-out")).all() == ["sign-out"]


def test_all_others_end_and_this_one_stays(api, laptop, make_user):
    user = laptop.user
    here, other, stranger = api(user), api(user), api(make_user())
    assert here.delete(PATH).status_code == 204
    assert here.get("/api/auth/me").status_code == 200
    assert other.get("/api/auth/me").status_code == 401
    assert laptop.get("/account").status_code == 303
    assert stranger.get("/api/auth/me").status_code == 200
    assert [one["current"] for one in listed(here)] == [True]


@pytest.mark.parametrize("session_id", ["x", "00000000-0000-0000-0000-000000000000", "%00", "1;drop"])
def test_what_is_no_session_is_not_found(api, make_user, session_id):
    assert api(make_user()).delete(f"{PATH}/{session_id}").status_code == 404


def test_another_users_session_is_not_found(api, make_user):
    mine, theirs = api(make_user()), api(make_user())
    (session,) = listed(theirs)
    assert mine.delete(f"{PATH}/{session['id']}").status_code == 404
    assert theirs.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", PATH), ("DELETE", PATH), ("DELETE", f"{PATH}/{NOBODYS}")])
def test_nobody_in_particular_has_sessions(client, method, path):
    assert client.open(path, method=method).status_code == 401


def test_a_sign_in_and_a_sign_out_are_written_down(laptop):
    laptop.post("/logout")
    found = {
        entry.action: entry for entry in db.session.scalars(select(AuditEntry).where(AuditEntry.action.like("sign-%")))
    }
    assert set(found) == {"sign-in", "sign-out"}
    details = found["sign-in"].after
    assert found["sign-in"].actor_id == found["sign-in"].record_id == laptop.user.id
    assert (details["device"], details["address"], details["methods"]) == (
        "Firefox on Linux", "203.0.113.7", ["password"],
    )  # fmt: skip
    assert "token" not in str(details)


class TestPage:
    def test_it_shows_this_device_and_the_others(self, api, laptop):
        api(laptop.user)
        page = laptop.get("/account/sessions")
        assert page.status_code == 200
        assert "Firefox on Linux" in page.text
        assert "203.0.113.7" in page.text
        assert page.text.count("This one") == 1
        assert "A program, over the API" in page.text
        assert page.text.count('action="/account/sessions/') == 2

    def test_alone_there_is_nothing_to_end(self, laptop):
        page = laptop.get("/account/sessions")
        assert "signed in nowhere else" in page.text
        assert "/end" not in page.text

    def test_a_button_ends_one(self, api, laptop):
        program = api(laptop.user)
        action = re.search(r'action="(/account/sessions/[0-9a-f-]+/end)"', laptop.get("/account/sessions").text)[1]
        answer = laptop.post(action)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions")
        assert "is signed out." in laptop.get("/account/sessions").text
        assert program.get("/api/auth/me").status_code == 401
        assert [kind for _, kind, _ in published("session.")] == ["session.ended"]
        again = laptop.post(action)
        assert (again.status_code, again.headers["Location"]) == (303, "/account/sessions")
        assert "is signed out already." in laptop.get("/account/sessions").text
        assert [kind for _, kind, _ in published("session.")] == ["session.ended"]

    def test_a_button_ends_all_others(self, api, laptop):
        programs = [api(laptop.user) for _ in range(2)]
        assert laptop.post("/account/sessions/end-others").status_code == 303
        assert "2 other devices are signed out." in laptop.get("/account/sessions").text
        assert [program.get("/api/auth/me").status_code for program in programs] == [401, 401]
        assert laptop.post("/account/sessions/end-others").status_code == 303
        assert "no other device" in laptop.get("/account/sessions").text

    def test_another_users_is_not_found(self, api, laptop, make_user):
        theirs = api(make_user())
        (session,) = listed(theirs)
        assert laptop.post(f"/account/sessions/{session['id']}/end").status_code == 404
        assert theirs.get("/api/auth/me").status_code == 200
        theirs.delete(f"{PATH}/{session['id']}")
        assert laptop.post(f"/account/sessions/{session['id']}/end").status_code == 404

    @pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/end-others"), ("POST", f"/{NOBODYS}/end")])
    def test_it_is_for_those_who_are_signed_in(self, client, method, path):
        answer = client.open(f"/account/sessions{path}", method=method)
        assert answer.status_code in (303, 401)
        if answer.status_code == 303:
            assert answer.headers["Location"].startswith("/login")

    def test_a_form_of_another_site_ends_nothing(self, app, api, laptop, monkeypatch):
        program = api(laptop.user)
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
        answer = super(type(laptop), laptop).open("/account/sessions/end-others", method="POST")
        assert answer.status_code == 400
        assert program.get("/api/auth/me").status_code == 200

    def test_the_profile_says_how_many(self, api, laptop):
        assert "Signed in here alone" in laptop.get("/account").text
        api(laptop.user)
        assert "And 1 other device" in laptop.get("/account").text

    def test_a_devices_name_is_no_markup(self, api, laptop):
        api(laptop.user)
        session = db.session.scalars(select(UserSession).where(UserSession.kind == "api")).one()
        session.device = "<script>alert(1)</script>" + "x" * 40
        db.session.commit()
        assert "<script>alert(1)" not in laptop.get("/account/sessions").text

    def test_many_devices_come_page_by_page(self, laptop):
        many_devices(laptop.user, 45)
        seen, address = [], "/account/sessions"
        while address:
            page = laptop.get(address).text
            assert "This one" in page
            assert "45 devices" in page
            seen += re.findall(r"<h3 class=\"session-device\">(Device \d+)</h3>", page)
            found = re.search(r'href="([^"]+)" rel="next"', page)
            address = found and found[1]
        assert seen == [f"Device {number:02}" for number in range(45)]
        assert "Device 00" in laptop.get("/account/sessions?cursor=no-cursor").text

    def test_few_devices_need_no_pages(self, laptop):
        many_devices(laptop.user, 3)
        page = laptop.get("/account/sessions").text
        assert "Pages of devices" not in page
        assert "3 devices" not in page


def many_devices(user, count):
    """Sign-ins of the user, the first one last used first."""
    for number in range(count):
        session = sessions.start_session(user, kind="api", device=Device(f"Device {number:02}", "")).session
        session.last_used_at = now() - timedelta(minutes=number + 1)
    db.session.commit()


def test_the_list_is_paged(api, laptop):
    program = api(laptop.user)
    many_devices(laptop.user, 5)
    seen, address = [], f"{PATH}?limit=3"
    while address:
        answer = program.get(address)
        assert answer.headers["X-Total-Count"] == "7"
        seen += [one["id"] for one in answer.json]
        found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("Link", ""))
        address = found and found[1]
    assert len(seen) == len(set(seen)) == 7
    assert sum(one["current"] for one in listed(program)) == 1
    by_age = program.get(f"{PATH}?sort=created_at").json
    assert [one["created_at"] for one in by_age] == sorted(one["created_at"] for one in by_age)
    for wrong, status in (("limit=0", 422), ("cursor=x", 400), ("person=x", 422), ("q=x", 422)):
        assert program.get(f"{PATH}?{wrong}").status_code == status


def test_the_list_is_ones_own(api, laptop, make_user):
    other = make_user(role="admin")
    many_devices(other, 2)
    assert {one["device"] for one in listed(api(laptop.user))}.isdisjoint({"Device 00", "Device 01"})


def test_the_sweep_forgets_what_ended_long_ago(api, make_user, db_session):

    user = make_user()
    sessions.start_session(user, kind="api", device=Device("Old", ""), lifetime=timedelta(days=1))
    sessions.start_session(user, kind="api", device=Device("New", ""))
    issue("confirm-email", lifetime=timedelta(hours=1), user_id=user.id)
    db.session.commit()
    with shifted(timedelta(days=31, hours=1)):
        sweep()
        assert [one.device for one in db.session.scalars(select(UserSession))] == ["New"]
        assert db.session.scalars(select(OneTimeToken)).all() == []
    assert db.session.scalars(select(User)).one().id == user.id
