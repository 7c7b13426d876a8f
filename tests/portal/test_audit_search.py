"""The audit page's search by person, record, door and time; events in words."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.catalog import operations
from app.core.audit import SYSTEM, record_event, using_audit_context
from app.core.clock import frozen

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def log(browser, status=200, **asked):
    answer = browser.get("/admin/audit", query_string=asked, headers={"HX-Request": "true"})
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.fixture
def reprice(db_session, make_product):
    """Reprice a product of that name as somebody; its price before is 1."""

    def reprice(name, price, actor, **origin):
        product = make_product(name=name, price=Decimal("1.00"))
        with using_audit_context(**{"via": "portal"} | origin):
            operations.update_product(product, {"price": Decimal(price)}, actor=actor)
            db_session.commit()
        return product

    return reprice


def test_who_was_looked_through_is_found_and_shown_beside_the_doer(as_manager, make_user, reprice):
    seen = make_user(role="client")
    reprice("Seen", "77.00", as_manager.user, acting_as_id=seen.id, acting_as_name=seen.email)
    reprice("Unseen", "66.00", as_manager.user)
    page = log(as_manager, person=seen.username)
    assert "77.00" in page
    assert "66.00" not in page
    assert f"<b>{as_manager.user.username}</b>" in page
    assert f"seeing as <b>{seen.email}</b>" in page
    assert "77.00" in log(as_manager, person=as_manager.user.username)


def test_a_person_is_found_by_the_start_of_a_name_or_address_in_any_case_or_by_id(as_manager, make_user, reprice):
    user = make_user(role="manager", username="Ángela_M", email="Angela@Somewhere.test")
    reprice("Hers", "77.00", user)
    for person in ("Ángela", "angela_m", "ANGELA@SOME", "Angela@somewhere.test", str(user.id)):
        assert "77.00" in log(as_manager, person=person), person
    for person in ("ngela", "somewhere.test", "%", "_", "angela_mm"):
        assert "77.00" not in log(as_manager, person=person), person


def test_the_person_search_does_not_scan_the_users(app, db_session):
    db_session.execute(text("set local enable_seqscan = off"))
    for fold, column in (("plain", "username"), ("lower", "email")):
        name = f'({fold}({column}) collate "C")'
        query = f"select id from users where {name} >= 'a' and {name} < 'b' order by {name} limit 50"
        plan = "\n".join(db_session.scalars(text(f"explain {query}")))
        assert "Index Cond" in plan, plan
        assert "Sort" not in plan, plan


@pytest.mark.parametrize(
    "link",
    [
        "https://portal.example/admin/products/{id}",
        "https://portal.example/admin/products/{id}/history?page=2#top",
        "/admin/products/{id}/edit",
        "/api/products/{id}",
        "/products/{slug}",
        "{slug}",
        "{id}",
        " {upper} ",
    ],
)
def test_a_record_is_found_by_a_link_that_is_pasted(as_manager, reprice, link):
    product = reprice("Atlas Prime", "77.00", as_manager.user)
    reprice("Other", "66.00", as_manager.user)
    page = log(as_manager, record=link.format(id=product.id, slug=product.slug, upper=str(product.id).upper()))
    assert "77.00" in page
    assert "66.00" not in page


def test_a_record_is_found_by_what_it_was_called_then(as_manager, reprice, db_session):
    product = reprice("Old Name", "77.00", as_manager.user)
    operations.update_product(product, {"name": "New Name"}, actor=as_manager.user)
    db_session.commit()
    assert "77.00" in log(as_manager, record="old name")
    assert "77.00" in log(as_manager, record="New Name")


def test_a_user_is_a_record_by_name_and_by_address(as_manager, make_user):
    user = make_user(role="expert", username="vera", email="vera.long@experts.test")
    for record in ("vera", "VERA.long@experts.test", str(user.id), f"/admin/users/{user.id}"):
        assert "vera" in log(as_manager, record=record)


def test_the_log_is_searched_by_door(as_manager, reprice):
    reprice("Portal thing", "77.00", as_manager.user)
    reprice("Api thing", "66.00", as_manager.user, via="api")
    page = log(as_manager, via="api", action="update")
    assert "66.00" in page
    assert "77.00" not in page
    assert "66.00" not in log(as_manager, via="telegraph")


def test_the_time_may_be_given_to_the_minute_in_the_readers_zone(as_manager, reprice):
    as_manager.set_cookie("tz", "Europe/Berlin")
    with frozen(NOON):
        reprice("Noon", "77.00", as_manager.user)
    assert "77.00" in log(as_manager, since="2026-03-10T13:00", until="2026-03-10T13:00", action="update")
    assert "77.00" in log(as_manager, since="2026-03-10T12:00:00Z", until="2026-03-10T12:00+00:00", action="update")
    assert "77.00" not in log(as_manager, since="2026-03-10T13:01", action="update")
    assert "77.00" not in log(as_manager, until="2026-03-10T12:59", action="update")


def test_all_that_is_asked_must_fit(as_manager, make_user, reprice):
    other = make_user(role="manager")
    asked = {"action": "update", "via": "portal", "since": "2026-03-10", "until": "2026-03-10", "request_id": "r-1"}
    with frozen(NOON):
        reprice("Right", "77.00", as_manager.user, request_id="r-1")
        reprice("Right too", "66.00", other, request_id="r-1")
        reprice("Right as well", "55.00", as_manager.user, request_id="r-2")
    page = log(as_manager, person=as_manager.user.username, **asked)
    assert "77.00" in page
    assert "66.00" not in page
    assert "55.00" not in page
    assert "77.00" not in log(as_manager, person=as_manager.user.username, **asked, record="Right too")


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-03-10T25:00"},
        {"until": "soon"},
        {"person": "x" * 400},
        {"record": "x" * 3000},
        {"via": "x" * 30},
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(as_manager, asked):
    page = as_manager.get("/admin/audit", query_string=asked)
    (name,) = asked
    assert page.status_code == 422
    assert f'aria-describedby="audit-{name}-error"' in page.text or name == "via"


@pytest.mark.parametrize("odd", ["\0", "'; drop table users", "https://", "http://[", "/", "//", "%00", "\U0010ffff"])
def test_odd_input_finds_nothing_and_breaks_nothing(as_manager, odd):
    for field in ("person", "record", "action", "via", "request_id"):
        log(as_manager, **{field: odd})


def event(session, user, action, **details):
    record_event(session, actor=user, action=action, about=user, details=details)
    session.commit()


def test_an_event_is_told_in_words(as_manager, make_user, db_session):
    user = make_user(role="client")
    event(db_session, user, "sign-in", device="Firefox on Windows", address="203.0.113.7", methods=["password", "otp"])
    page = log(as_manager, action="sign-in", person=user.username)
    told = "signed in by a password and a one-time code with Firefox on Windows from 203.0.113.7"
    assert told in " ".join(page.split())
    assert told in " ".join(as_manager.get(f"/admin/users/{user.id}/history").text.split())


def test_a_person_in_the_details_of_an_event_is_named(as_manager, make_user, db_session):
    taker, subject = make_user(role="admin"), make_user(role="client", username="brightwater")
    event(db_session, taker, "export", format="csv", person=str(subject.id))
    page = log(as_manager, action="export")
    assert "brightwater" in page
    assert str(subject.id) not in page


def test_actions_are_offered_in_words(as_manager, make_user, db_session):
    event(db_session, make_user(role="client"), "mark-on_hold")
    assert '<option value="mark-on_hold">Mark on hold</option>' in as_manager.get("/admin/audit").text


def test_an_event_of_an_unknown_kind_is_told_by_its_name_and_details(as_manager, make_user, db_session):
    user = make_user(role="client")
    event(db_session, user, "moon-landing", client_id="not-an-id", note="<b>one</b> small step")
    page = log(as_manager, action="moon-landing")
    assert "moon landing" in page
    assert "not-an-id" in page
    assert "&lt;b&gt;one&lt;/b&gt; small step" in page


def test_an_event_by_another_names_whom_it_is_about(as_manager, make_user, db_session):
    user = make_user(role="client")
    record_event(db_session, actor=SYSTEM, action="token-theft", about=user, details={"device": "curl"})
    db_session.commit()
    page = log(as_manager, action="token-theft")
    assert "<b>system</b>" in page
    assert user.username in page


def test_events_are_no_news_of_changes(as_manager, make_user, make_product, db_session):
    user = make_user(role="client")
    make_product(name="Newest thing")
    for _ in range(30):
        event(db_session, user, "sign-in", device="Firefox on Windows", address="203.0.113.7")
    page = as_manager.get("/admin/").text
    assert "Newest thing" in page
    assert "sign in" not in page
