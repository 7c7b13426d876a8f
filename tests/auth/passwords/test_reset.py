"""A forgotten password: asking for a link, and choosing a new one with it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from app.auth.mfa.models import TwoFactor
from app.auth.passwords.operations import START
from app.core.clock import now, shifted
from app.extensions import db
from app.identity.models import User, UserSession
from app.jobs.models import jobs
from tests.auth.mail import latest_token, link_in, mails_to
from tests.factories import PASSWORD
from tests.jobs import run_jobs

FORGOT, RESET = "/api/auth/password/forgot", "/api/auth/password/reset"
NEW = "plum tractor nine sky"


def ask(client, user):
    client.post(FORGOT, json={"email": user.email})
    run_jobs(db.session, START)
    return latest_token(user.email, "user.password_reset_requested")


def reset(client, token, password=NEW):
    return client.post(RESET, json={"token": token, "password": password})


def signs_in(client, user, password):
    return client.post("/api/auth/login", json={"username": user.username, "password": password}).status_code == 200


def test_the_mailed_token_sets_a_new_password(client, make_user):
    user = make_user()
    answer = reset(client, ask(client, user))
    assert (answer.status_code, answer.data) == (204, b"")
    assert signs_in(client, user, NEW)
    assert not signs_in(client, user, PASSWORD)


def test_a_token_works_once(client, make_user):
    user = make_user()
    token = ask(client, user)
    assert reset(client, token).status_code == 204
    again = reset(client, token, "yet another long one")
    assert again.status_code == 422
    assert again.json["errors"][0]["pointer"] == "/token"
    assert signs_in(client, user, NEW)


@pytest.mark.parametrize("token", ["", "x" * 201])
def test_what_can_be_no_token_is_told_at_its_place(client, token):
    answer = reset(client, token)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/token")


@pytest.mark.parametrize("token", ["x", "../../etc", "ü" * 40, "a\0b"])
def test_a_wrong_token_is_422_at_token(client, token):
    answer = reset(client, token)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/token")


def test_a_late_token_is_422(client, make_user):
    token = ask(client, make_user())
    with shifted(timedelta(hours=1, seconds=1)):
        assert reset(client, token).status_code == 422


def test_a_weak_password_leaves_the_token_good(client, make_user):
    user = make_user()
    token = ask(client, user)
    answer = reset(client, token, "short")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/password")
    assert reset(client, token).status_code == 204


def test_a_password_that_changed_meanwhile_kills_the_token(client, make_user, api):
    user = make_user()
    token = ask(client, user)
    changed = api(user).post("/api/auth/password", json={"current": PASSWORD, "new": NEW})
    assert changed.status_code == 204
    assert reset(client, token, "yet another long one").status_code == 422


def test_a_new_password_ends_every_sign_in_and_every_other_link(client, as_client, api, make_user):
    user = as_client.user
    program = api(user)
    other, token = ask(client, user), ask(client, user)
    assert reset(client, token).status_code == 204
    assert as_client.get("/account").status_code == 303
    assert program.get("/api/auth/me").status_code == 401
    assert reset(client, other, "yet another long one").status_code == 422
    reasons = set(db.session.scalars(select(UserSession.end_reason).where(UserSession.user_id == user.id)))
    assert reasons == {"password"}


def test_it_proves_the_address_and_tells_the_owner(client, make_user):
    user = make_user(email_confirmed_at=None)
    reset(client, ask(client, user))
    assert db.session.get(User, user.id).email_confirmed_at is not None
    assert mails_to(user.email, "user.password_changed")


def test_a_second_factor_stays_and_is_asked_for(app, client, make_user):
    user = make_user()
    db.session.add(TwoFactor(user_id=user.id, secret="JBSWY3DPEHPK3PXP", confirmed_at=now()))
    db.session.commit()
    assert reset(client, ask(client, user)).status_code == 204
    answer = app.test_client().post("/login", data={"username": user.username, "password": NEW})
    assert answer.headers["Location"].startswith("/login/second")


def test_a_suspended_user_gets_no_link_and_an_open_one_stops_working(client, make_user):
    user = make_user()
    token = ask(client, user)
    db.session.get(User, user.id).status = "suspended"
    db.session.commit()
    assert reset(client, token).status_code == 422
    client.post(FORGOT, json={"email": user.email})
    run_jobs(db.session, START)
    assert len(mails_to(user.email)) == 1


def test_an_invited_user_gets_the_invitation_again(client, make_user):
    user = make_user(role="client", password=None, status="invited", email_confirmed_at=None)
    client.post(FORGOT, json={"email": user.email})
    run_jobs(db.session, START)
    assert [link_in(mail).split("?")[0] for mail in mails_to(user.email)] == ["/invitation"]


def test_the_answer_and_the_work_are_the_same_for_an_address_that_nobody_has(client, make_user):
    user = make_user()
    client.post(FORGOT, json={"email": "warm@example.com"})
    done = []

    def note(_connection, _cursor, statement, *_):
        if "SAVEPOINT" not in statement:
            done.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        seen = {}
        for email in (user.email, "nobody@example.com", user.email.upper()):
            done.clear()
            answer = client.post(FORGOT, json={"email": email})
            seen[email] = (answer.status_code, answer.data, list(done))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len({str(one) for one in seen.values()}) == 1
    assert seen[user.email][:2] == (202, b"")
    assert db.session.scalar(select(func.count()).where(jobs.c.task_name == START)) == 4


def test_the_job_names_no_address_in_clear(client, make_user):
    user = make_user()
    client.post(FORGOT, json={"email": user.email})
    arguments = str(db.session.scalars(select(jobs.c.args).where(jobs.c.task_name == START)).all())
    assert user.email not in arguments
    assert user.email.partition("@")[0] not in arguments


def test_an_address_in_other_capitals_is_the_same(client, make_user):
    user = make_user()
    client.post(FORGOT, json={"email": user.email.upper()})
    run_jobs(db.session, START)
    assert mails_to(user.email, "user.password_reset_requested")


@pytest.mark.parametrize("body", [{}, {"email": "x"}, {"email": None}, {"email": "a@example.com", "username": "a"}])
def test_what_is_no_address_is_422(client, body):
    assert client.post(FORGOT, json=body).status_code == 422


def test_the_sixth_asking_within_an_hour_is_answered_alike_and_does_nothing(limited, client, make_user):
    user = make_user()
    answers = [client.post(FORGOT, json={"email": user.email}) for _ in range(7)]
    assert {(answer.status_code, answer.data) for answer in answers} == {(202, b"")}
    assert db.session.scalar(select(func.count()).where(jobs.c.task_name == START)) == 5


@pytest.mark.committed
def test_of_many_who_send_the_token_at_once_one_wins(app, committed_db, db_session, make_user):
    for _ in range(3):
        user = make_user()
        with app.app_context():
            token = ask(app.test_client(), user)
        passwords = [f"{NEW} {at}" for at in range(6)]
        with ThreadPoolExecutor(6) as threads:
            codes = list(threads.map(lambda word, sent=token: send(app, sent, word), passwords))
        assert sorted(codes) == [204] + [422] * 5
        db_session.rollback()
        hashing = app.extensions["passwords"]
        right = passwords[codes.index(204)]
        assert hashing.is_right(right, db_session.scalar(select(User.password_hash).where(User.id == user.id)))


def send(app, token, password):
    with app.app_context():
        return reset(app.test_client(), token, password).status_code


def test_the_pages_lead_from_the_address_to_the_new_password(app, client, make_user):
    user = make_user()
    assert client.get("/forgot-password").status_code == 200
    asked = client.post("/forgot-password", data={"email": user.email})
    assert (asked.status_code, asked.headers["Location"]) == (303, "/forgot-password/sent")
    assert client.get("/forgot-password/sent").status_code == 200
    run_jobs(db.session, START)
    link = link_in(mails_to(user.email)[0])
    moved = client.get(link)
    assert moved.headers["Location"] == "/reset-password"
    page = client.get("/reset-password")
    assert user.username in page.text
    assert link.partition("=")[2] not in page.text
    wrong = client.post("/reset-password", data={"password": "short"})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    done = client.post("/reset-password", data={"password": NEW})
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert "Your new password is set" in client.get("/login").text
    assert client.post("/reset-password", data={"password": "yet another long one"}).status_code == 422
    assert signs_in(client, user, NEW)


def test_the_page_answers_alike_for_any_address(client, make_user):
    known = client.post("/forgot-password", data={"email": make_user().email})
    unknown = client.post("/forgot-password", data={"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 303
    assert known.headers["Location"] == unknown.headers["Location"]
    wrong = client.post("/forgot-password", data={"email": "no address"})
    assert wrong.status_code == 422
    assert 'value="no address"' in wrong.text


def test_without_a_token_the_page_offers_a_new_link(client):
    page = client.get("/reset-password")
    assert page.status_code == 422
    assert 'href="/forgot-password"' in page.text


def test_no_token_stands_in_the_log(client, make_user, capfd):
    token = ask(client, make_user())
    client.get(f"/reset-password?token={token}", follow_redirects=True)
    client.post("/reset-password", data={"password": NEW})
    reset(client, token)
    written = "".join(capfd.readouterr())
    assert "/reset-password" in written
    assert token not in written
    assert NEW not in written
