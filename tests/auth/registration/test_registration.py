"""Registering: /register, POST /api/auth/register, and the link that confirms the address."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.audit import AuditEntry
from app.core.clock import shifted
from app.extensions import db
from app.identity.models import Client, User, UserSession
from tests.auth.mail import latest_token, link_in, mails_to

NEW = {"username": "maria", "email": "maria@example.com", "company": "Example Ltd", "password": "plum tractor nine sky"}
PATH = "/api/auth/register"


def only(model):
    return db.session.scalars(select(model)).one()


def problems(answer):
    return {error["pointer"]: error["code"] for error in answer.json.get("errors", [])}


def test_who_registers_is_signed_in_and_owns_a_new_company(client):
    answer = client.post(PATH, json=NEW)
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/auth/me"
    assert answer.json["token_type"] == "Bearer"
    assert "refresh_token" not in answer.json
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    user = only(User)
    assert (user.role, user.company_role, user.status) == ("client", "owner", "active")
    assert (user.client.name, user.email_confirmed_at) == ("Example Ltd", None)
    assert answer.json["user"]["client_id"] == str(user.client_id)
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/auth/me", headers=headers).json["username"] == "maria"


def test_the_refresh_token_comes_in_the_body_where_it_is_asked_for(client):
    answer = client.post(PATH, json={**NEW, "token_delivery": "body"})
    assert answer.json["refresh_token"]
    assert client.post("/api/auth/refresh", json={"refresh_token": answer.json["refresh_token"]}).status_code == 200


def test_a_registration_is_in_the_audit_under_the_new_name(client):
    client.post(PATH, json=NEW)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.table_name.in_(["users", "clients"])))
    assert {entry.actor_name for entry in entries} == {"maria"}


@pytest.mark.parametrize(
    ("again", "pointer"),
    [
        ({"email": "other@example.com", "username": "MARIA"}, "/username"),
        ({"username": "other", "email": "Maria@Example.com"}, "/email"),
    ],
)
def test_a_name_or_address_that_is_taken_is_a_conflict(client, again, pointer):
    client.post(PATH, json=NEW)
    answer = client.post(PATH, json=NEW | again)
    assert answer.status_code == 409
    assert list(problems(answer)) == [pointer]
    assert db.session.scalar(select(func.count()).select_from(Client)) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"password": "short"}, "/password"),
        ({"password": "password1234"}, "/password"),
        ({"password": "Maria@example.com"}, "/password"),
        ({"email": "no address"}, "/email"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "/email"),
        ({"username": "a@b"}, "/username"),
        ({"username": ""}, "/username"),
        ({"username": ".."}, "/username"),
        ({"username": "_-_"}, "/username"),
        ({"company": "  "}, "/company"),
        ({"company": "x" * 121}, "/company"),
        ({"role": "admin"}, "/role"),
        ({"client_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01"}, "/client_id"),
        ({"status": "active"}, "/status"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(client, change, pointer):
    answer = client.post(PATH, json=NEW | change)
    assert answer.status_code == 422
    assert pointer in problems(answer)
    assert db.session.scalar(select(func.count()).select_from(User)) == 0
    assert db.session.scalar(select(func.count()).select_from(Client)) == 0


def test_every_field_is_needed(client):
    for name in NEW:
        answer = client.post(PATH, json={key: value for key, value in NEW.items() if key != name})
        assert (answer.status_code, list(problems(answer))) == (422, [f"/{name}"])


def test_twenty_registrations_an_hour_from_one_address(limited, client):
    codes = [
        client.post(PATH, json=NEW | {"username": f"n{at}", "email": f"n{at}@example.com"}).status_code
        for at in range(20)
    ]
    assert codes == [201] * 20
    answer = client.post(PATH, json=NEW)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    page = client.post("/register", data=NEW)
    assert page.status_code == 429
    assert 'value="maria"' in page.text
    assert NEW["password"] not in page.text


def post(app, body):
    with app.app_context():
        return app.test_client().post(PATH, json=body)


@pytest.mark.committed
def test_of_registrations_of_one_name_at_once_one_wins(app, committed_db, db_session):
    for at in range(4):
        new = NEW | {"username": f"racer{at}", "email": f"racer{at}@example.com"}
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _, body=new: post(app, body), range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        lost = next(answer for answer in answers if answer.status_code == 409)
        assert list(problems(lost)) in (["/username"], ["/email"])
    db_session.rollback()
    assert db_session.scalar(select(func.count()).select_from(Client)) == 4


def test_the_page_registers_and_signs_in(client):
    page = client.get("/register")
    assert page.status_code == 200
    assert 'autocomplete="new-password"' in page.text
    answer = client.post("/register", data=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard/")
    assert "maria@example.com" in client.get("/dashboard/").text
    assert only(UserSession).kind == "portal"


def test_the_page_keeps_what_was_typed_but_not_the_password(client):
    page = client.post("/register", data=NEW | {"password": "short", "company": "Über & Söhne <b>"})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    assert 'value="Über &amp; Söhne &lt;b&gt;"' in page.text
    assert 'value="short"' not in page.text


def test_a_taken_name_is_told_at_the_field_of_the_page(client, make_user):
    make_user(username="maria")
    page = client.post("/register", data=NEW)
    assert page.status_code == 422
    assert "is taken" in page.text
    assert 'aria-describedby="username-help username-error"' in page.text


def test_who_is_signed_in_is_led_home(as_client):
    assert as_client.get("/register").headers["Location"] == "/dashboard/"


def test_the_sign_in_page_leads_to_both_pages(client):
    page = client.get("/login").text
    assert 'href="/register"' in page
    assert 'href="/forgot-password"' in page


def test_the_mailed_link_confirms_the_address_once(client):
    client.post("/register", data=NEW)
    assert "Not confirmed" in client.get("/account/email").text
    link = link_in(mails_to(NEW["email"])[0])
    assert link.startswith("/confirm-email?token=")
    moved = client.get(link)
    assert (moved.status_code, moved.headers["Location"]) == (303, "/confirm-email")
    page = client.get("/confirm-email")
    assert NEW["email"] in page.text
    assert only(User).email_confirmed_at is None
    answer = client.post("/confirm-email")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/email")
    assert only(User).email_confirmed_at is not None
    assert client.post("/confirm-email").status_code == 422
    client.get(link)
    assert client.get("/confirm-email").status_code == 422


def test_pages_remind_of_an_address_that_is_not_confirmed(client, as_client):
    client.post("/register", data=NEW)
    assert 'href="/account/email">have it sent again' in client.get("/dashboard/").text
    assert "have it sent again" not in as_client.get("/dashboard/").text


def test_mail_scanners_that_follow_links_confirm_nothing(app, client):
    client.post("/register", data=NEW)
    scanner = app.test_client()
    link = link_in(mails_to(NEW["email"])[0])
    assert scanner.get(link, follow_redirects=True).status_code == 200
    assert scanner.head(link).status_code == 303
    assert only(User).email_confirmed_at is None


def test_the_token_leaves_the_address_for_a_cookie_of_that_page(client):
    moved = client.get("/reset-password?token=abc")
    cookie = moved.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/reset-password" in cookie
    assert "SameSite=Lax" in cookie


def test_a_program_confirms_with_the_token(client):
    client.post(PATH, json=NEW)
    token = latest_token(NEW["email"], "user.email_confirmation_requested")
    answer = client.post("/api/auth/email/confirm", json={"token": token})
    assert (answer.status_code, answer.data) == (204, b"")
    assert only(User).email_confirmed_at is not None
    again = client.post("/api/auth/email/confirm", json={"token": token})
    assert (again.status_code, list(problems(again))) == (422, ["/token"])


@pytest.mark.parametrize("token", ["x", "x" * 200, "ä" * 40, "a\0b"])
def test_a_wrong_token_confirms_nothing(client, token):
    answer = client.post("/api/auth/email/confirm", json={"token": token})
    assert (answer.status_code, list(problems(answer))) == (422, ["/token"])


def test_a_late_link_confirms_nothing(client):
    client.post(PATH, json=NEW)
    token = latest_token(NEW["email"], "user.email_confirmation_requested")
    with shifted(timedelta(days=3, seconds=1)):
        assert client.post("/api/auth/email/confirm", json={"token": token}).status_code == 422


def test_a_reset_token_confirms_no_address(client):
    client.post(PATH, json=NEW)
    token = latest_token(NEW["email"], "user.email_confirmation_requested")
    assert (
        client.post("/api/auth/password/reset", json={"token": token, "password": "some other words here"}).status_code
        == 422
    )


def test_another_link_can_be_had_and_ends_the_first(client):
    first = client.post(PATH, json=NEW).json["access_token"]
    headers = {"Authorization": f"Bearer {first}"}
    old = latest_token(NEW["email"], "user.email_confirmation_requested")
    assert client.post("/api/auth/email/resend", headers=headers).status_code == 202
    new = latest_token(NEW["email"], "user.email_confirmation_requested")
    assert client.post("/api/auth/email/confirm", json={"token": old}).status_code == 422
    assert client.post("/api/auth/email/confirm", json={"token": new}).status_code == 204
    assert client.post("/api/auth/email/resend", headers=headers).status_code == 409


def test_links_are_sent_again_five_times_an_hour(limited, client):
    client.post("/register", data=NEW)
    codes = [client.post("/account/email/resend").status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]


def test_nobody_asks_for_links_unless_signed_in(client):
    assert client.post("/api/auth/email/resend").status_code == 401
    assert client.post("/account/email/resend").status_code in (303, 401)


def test_wrong_tokens_are_counted(limited, client):
    codes = [client.post("/api/auth/email/confirm", json={"token": f"t{at}"}).status_code for at in range(31)]
    assert codes == [422] * 30 + [429]
