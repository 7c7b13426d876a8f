"""Seeing the portal as a customer: who may, whom, for how long, what stays closed, and what is written down."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.clock import frozen, now
from app.extensions import db
from app.identity import impersonation, sessions
from app.identity.models import User, UserSession
from tests.factories.events import published

COOKIE = "diglit_seeing"
ROLES = ("admin", "manager")


@pytest.fixture
def customer(make_user):
    return make_user(role="client", username="paula", email="paula@customer.test")


def look(browser, user, reason="Ticket 4711"):
    return browser.post(f"/admin/users/{user.id}/see-as", data={"reason": reason})


@pytest.fixture
def looking(as_manager, customer):
    answer = look(as_manager, customer)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/dashboard/"
    return as_manager


def entries(action):
    return db.session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)).all()


def row():
    query = select(UserSession).where(UserSession.impersonator_id.is_not(None)).order_by(UserSession.created_at.desc())
    return db.session.scalars(query.limit(1)).one()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("seen", ["client", "expert"])
def test_staff_see_the_portal_as_a_client_or_an_expert_does(request, make_user, role, seen):
    browser = request.getfixturevalue(f"as_{role}")
    user = make_user(role=seen)
    assert look(browser, user).status_code == 303
    page = browser.get("/dashboard/")
    assert page.status_code == 200
    text = " ".join(page.text.split())
    assert f"<b>{browser.user.username}</b>, you see the portal as <b>{user.username}</b>" in text
    assert "Stop</button>" in text
    assert browser.get("/admin/products").status_code == 403


@pytest.mark.parametrize("role", ["client", "expert"])
def test_others_may_not(request, make_user, role):
    browser = request.getfixturevalue(f"as_{role}")
    target = make_user(role="client")
    assert browser.get("/admin/see-as").status_code == 403
    assert browser.get(f"/admin/users/{target.id}/see-as").status_code == 403
    assert look(browser, target).status_code == 403
    assert COOKIE not in str(browser._cookies)


def test_a_stranger_is_led_to_the_sign_in(client, customer):
    assert client.get(f"/admin/users/{customer.id}/see-as").status_code == 303
    assert look(client, customer).status_code in (303, 401)
    assert not db.session.scalars(select(UserSession)).all()


@pytest.mark.parametrize("role", ROLES)
def test_staff_are_never_seen_as(as_admin, make_user, role):
    target = make_user(role=role)
    for answer in (look(as_admin, target), as_admin.get(f"/admin/users/{target.id}/see-as")):
        assert answer.status_code == 403
        assert "never staff" in answer.text
    assert look(as_admin, as_admin.user).status_code == 403


@pytest.mark.parametrize("status", ["suspended", "invited"])
def test_who_is_not_active_is_not_seen_as(as_admin, make_user, status):
    assert look(as_admin, make_user(role="client", status=status)).status_code == 409


def test_people_of_a_suspended_company_are_not_seen_as(as_admin, make_user, make_client_company):
    company = make_client_company(status="suspended")
    assert look(as_admin, make_user(role="client", client_id=company.id)).status_code == 409


def test_nobody_of_that_id_is_not_found(as_admin):
    path = "/admin/users/01890000-0000-7000-8000-000000000000/see-as"
    assert as_admin.get(path).status_code == 404
    assert as_admin.post(path, data={"reason": "Ticket"}).status_code == 404


@pytest.mark.parametrize("reason", ["", "  ", "x", "y" * 201])
def test_a_reason_is_asked_for(as_admin, customer, reason):
    answer = look(as_admin, customer, reason)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert not entries("see-as")


def test_start_and_end_are_in_the_audit_with_both_identities(looking, customer):
    looking.post("/see-as/stop")
    (began,), (ended,) = entries("see-as"), entries("stop-seeing-as")
    for entry in (began, ended):
        assert (entry.actor_id, entry.actor_name) == (looking.user.id, looking.user.username)
        assert (entry.acting_as_id, entry.acting_as_name) == (customer.id, "paula")
        assert entry.record_id == customer.id
        assert entry.client_id == customer.client_id
    assert began.after["reason"] == "Ticket 4711"
    assert ended.after["reason"] == "stopped"
    page = looking.get("/admin/audit?person=paula").text
    assert "began to see the portal through a customer’s eyes" in page
    assert "seeing as <b>paula</b>" in page


def test_the_customer_is_told_by_name(looking, customer, as_admin, make_user):
    other = make_user(role="client")
    look(as_admin, other)
    assert published("user.viewed_as")[-1:] == [(other.id, "user.viewed_as", {"viewer": as_admin.user.username})]


def test_the_customers_sessions_list_the_look(app, looking, customer, sign_in):
    page = sign_in(app.test_client(), customer).get("/account/sessions")
    assert page.status_code == 200
    assert "DIG|LIT staff" in page.text


def test_stopping_brings_the_own_sign_in_back(looking, customer):
    assert looking.get("/admin/").status_code == 403
    answer = looking.post("/see-as/stop")
    assert answer.headers["Location"] == f"/admin/users/{customer.id}"
    page = looking.get("/admin/")
    assert page.status_code == 200
    assert "you see the portal as" not in page.text
    assert row().end_reason == "stopped"
    assert len(entries("stop-seeing-as")) == 1


def test_stopping_twice_leads_back_although_the_forms_token_is_gone(app, looking, monkeypatch):
    token = re.search(r'name="csrf_token" value="([^"]+)"', looking.get("/dashboard/").text)[1]
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for said in ("You are yourself again", "You are yourself already"):
        answer = looking.post("/see-as/stop", data={"csrf_token": token}, csrf=False)
        assert answer.status_code == 303
        assert said in looking.get(answer.headers["Location"], follow_redirects=True).text
    assert len(entries("stop-seeing-as")) == 1


def test_after_half_an_hour_it_is_over_and_said_so(looking):
    look_began = now()
    assert row().expires_at - row().created_at == timedelta(minutes=30)
    with frozen(look_began + timedelta(minutes=29)):
        assert looking.get("/dashboard/").status_code == 200
    with frozen(look_began + timedelta(minutes=31)):
        answer = looking.get("/dashboard/")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
        page = looking.get("/admin/").text
        assert "You no longer see the portal as paula" in page
        assert looking.get("/admin/products").status_code == 200
    assert entries("stop-seeing-as")[0].after["reason"] == "expired"
    assert entries("stop-seeing-as")[0].acting_as_name == "paula"


def test_what_was_sent_after_the_end_is_not_done_in_ones_own_name(looking):
    with frozen(now() + timedelta(minutes=31)):
        answer = looking.post("/account", data={"timezone": "Europe/Berlin", "theme": "dark"})
        assert answer.headers["Location"] == "/admin/"
    assert db.session.get(User, looking.user.id).theme is None


def test_styles_and_public_pages_do_not_swallow_the_message(looking):
    with frozen(now() + timedelta(minutes=31)):
        looking.get("/api/docs")
        assert "You no longer see" in looking.get("/dashboard/", follow_redirects=True).text


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"role": "expert"}])
def test_a_suspension_or_another_role_of_the_onlooker_ends_it(looking, db_session, change):
    db_session.execute(update(User).where(User.id == looking.user.id).values(**change))
    db_session.commit()
    answer = looking.get("/dashboard/")
    assert "you see the portal as" not in answer.text
    assert answer.status_code in (303, 200)
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith(("/login", "/admin/"))


def test_a_suspension_of_the_customer_ends_it(looking, customer, db_session):
    db_session.execute(update(User).where(User.id == customer.id).values(status="suspended"))
    db_session.commit()
    assert looking.get("/dashboard/").headers["Location"] == "/admin/"


def test_the_end_of_the_own_sign_in_ends_it(looking, db_session):
    own = db_session.scalars(
        select(UserSession).where(UserSession.user_id == looking.user.id, UserSession.impersonator_id.is_(None))
    ).one()
    sessions.end_session(own.id, reason="ended")
    db_session.commit()
    assert looking.get("/dashboard/").headers["Location"].startswith("/login")
    assert row().ended_at is not None
    assert entries("stop-seeing-as")


def test_signing_out_ends_both(looking):
    assert looking.post("/logout").headers["Location"] == "/login"
    assert all(session.ended_at for session in db.session.scalars(select(UserSession)))
    assert looking.get("/admin/").status_code == 303
    assert len(entries("stop-seeing-as")) == len(entries("sign-out")) == 1


def test_the_customer_can_end_it(looking, customer, db_session):
    sessions.end_other_sessions(customer.id, keep=None, reason="ended", actor=customer)
    db_session.commit()
    assert looking.get("/dashboard/").headers["Location"] == "/admin/"
    (entry,) = entries("stop-seeing-as")
    assert entry.actor_id == customer.id
    assert entry.after["seen_by"] == looking.user.username


def test_looks_are_not_nested(looking, make_user):
    other = make_user(role="client")
    assert look(looking, other).status_code == 403
    assert len(db.session.scalars(select(UserSession).where(UserSession.impersonator_id.is_not(None))).all()) == 1


def test_a_second_look_ends_the_first(as_manager, customer, make_user, app, sign_in):
    look(as_manager, customer)
    second = sign_in(app.test_client(), as_manager.user)
    assert look(second, make_user(role="expert")).status_code == 303
    assert as_manager.get("/dashboard/").headers["Location"] == "/admin/"


def test_the_second_cookie_alone_opens_nothing(app, looking):
    token = looking.get_cookie(COOKIE).value
    for name in (COOKIE, "diglit_session"):
        thief = app.test_client()
        thief.set_cookie(name, token)
        assert thief.get("/dashboard/").status_code == 303


def test_the_second_cookie_is_of_no_use_to_other_staff(app, looking, sign_in, make_user):
    other = sign_in(app.test_client(), make_user(role="admin"))
    other.set_cookie(COOKIE, looking.get_cookie(COOKIE).value)
    answer = other.get("/dashboard/")
    assert "you see the portal as" not in answer.text
    assert looking.get("/dashboard/").status_code == 200


def test_the_api_takes_none_of_it(looking):
    assert looking.get("/api/auth/me").status_code == 401


def test_the_cookie_is_the_browsers_own_and_short_lived(as_manager, customer):
    cookie = next(c for c in look(as_manager, customer).headers.getlist("Set-Cookie") if c.startswith(COOKIE))
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= 31 * 60


AN_ID = "01890000-0000-7000-8000-000000000000"


def changing_routes(app):
    """Each address that takes a change, with ids of the kind that it wants."""
    for rule in app.url_map.iter_rules():
        methods = rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        if not methods or rule.rule.startswith("/api"):
            continue
        path = re.sub(r"<int[^>]*>", "1", rule.rule)
        yield app.view_functions[rule.endpoint], sorted(methods), re.sub(r"<[^>]+>", AN_ID, path)


def test_nothing_can_be_changed_on_any_page(app, looking):
    tried = 0
    for view, methods, path in changing_routes(app):
        if getattr(view, "also_when_impersonating", False):
            continue
        for method in methods:
            answer = looking.open(path, method=method, data={})
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert "nothing can be changed" in answer.text, path
            tried += 1
    assert tried >= 20
    assert "you see the portal as" in looking.get("/dashboard/").text


def test_only_these_are_open_meanwhile(app):
    marked = {name for name, view in app.view_functions.items() if getattr(view, "also_when_impersonating", False)}
    assert marked == {"auth.logout", "portal.set_theme", "impersonation.stop"}


def test_what_is_a_persons_own_is_closed(app, looking):
    closed = 0
    for rule in app.url_map.iter_rules():
        audience = getattr(app.view_functions[rule.endpoint], "audience", None)
        if str(audience) != "person" or rule.rule.startswith("/api") or rule.arguments or "GET" not in rule.methods:
            continue
        answer = looking.get(rule.rule)
        assert answer.status_code == 403, rule.rule
        assert "stays closed" in answer.text or "nothing can be changed" in answer.text, rule.rule
        closed += 1
    assert closed >= 3


def test_ways_in_are_closed(looking):
    for path in ("/login", "/register", "/forgot-password"):
        assert looking.get(path).status_code == 403


def test_htmx_hears_it_in_a_fragment(looking):
    answer = looking.post("/account", data={"theme": "dark"}, headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "<html" not in answer.text
    assert "nothing can be changed" in answer.text


def test_colours_may_be_changed_and_stay_in_the_browser(looking, customer):
    assert looking.post("/theme", data={"theme": "dark"}).status_code == 303
    assert db.session.get(User, customer.id).theme is None


def test_a_change_in_the_customers_name_is_the_onlookers(looking, customer, app, monkeypatch, db_session):
    """Should a marked page ever change something, the trail names both."""
    from flask_login import current_user  # noqa: PLC0415

    from app.core.audit import audit_as  # noqa: PLC0415
    from app.identity import queries  # noqa: PLC0415
    from app.web import guards  # noqa: PLC0415

    @guards.public
    @guards.also_when_impersonating
    def changes():
        audit_as(db.session, actor=current_user, action="update")
        queries.get_user(current_user.id).timezone = "Europe/Berlin"
        db.session.commit()
        return "done"

    monkeypatch.setitem(app.view_functions, "portal.set_theme", changes)
    assert looking.post("/theme").text == "done"
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.actor_id, entry.acting_as_id) == (looking.user.id, customer.id)


def test_people_are_found_by_the_start_of_name_or_address(as_manager, customer, make_user):
    make_user(role="manager", username="paul-staff")
    make_user(role="client", username="paulus", status="suspended")
    for q in ("pau", "PAULA@cust"):
        page = as_manager.get("/admin/see-as", query_string={"q": q}).text
        assert "paula@customer.test" in page
        assert f"/admin/users/{customer.id}/see-as" in page
        assert "paul-staff" not in page
        assert "paulus" not in page
    assert "Nobody fits" in as_manager.get("/admin/see-as?q=zzz").text
    assert as_manager.get("/admin/see-as?q=%00%25").status_code == 200


def test_a_form_from_before_is_not_sent_in_anothers_name(looking, customer):
    """The token of forms is another one before, during and after."""
    looking.get("/account")
    with looking.session_transaction() as kept:
        during = kept["csrf_token"]
    looking.post("/see-as/stop")
    looking.get("/account")
    with looking.session_transaction() as kept:
        assert kept["csrf_token"] != during


def test_two_at_once_leave_one_look(committed_db, app, make_user, sign_in):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    staff, users = make_user(role="manager"), [make_user(role="client") for _ in range(4)]
    browsers = [sign_in(app.test_client(), staff) for _ in users]
    paths = [f"/admin/users/{user.id}/see-as" for user in users]

    def begin(pair):
        browser, path = pair
        with app.app_context():
            return browser.post(path, data={"reason": "Ticket"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(begin, zip(browsers, paths, strict=True))) == [303] * 4
    with app.app_context(), Session(db.engine) as session:
        looks = session.scalars(select(UserSession).where(UserSession.impersonator_id.is_not(None))).all()
        assert len(looks) == 4
        assert sum(one.ended_at is None for one in looks) == 1


def test_it_lasts_no_longer_than_said():
    assert timedelta(minutes=30) == impersonation.LONGEST


def test_a_customers_page_offers_it_and_a_colleagues_does_not(as_manager, customer, make_user):
    offered = f"/admin/users/{customer.id}/see-as"
    assert offered in as_manager.get(f"/admin/users/{customer.id}").text
    other = make_user(role="admin")
    assert "/see-as" not in as_manager.get(f"/admin/users/{other.id}").text.replace("/admin/see-as", "")
