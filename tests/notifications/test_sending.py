"""A mail on its way: the job, its tries, and what becomes of what the mail said."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from app.core.clock import now
from app.core.outbox import OutgoingMessage
from app.extensions import db
from app.integrations.email import sending
from app.integrations.email.mailbox import Mailbox
from app.integrations.email.message import MailDelayed, MailRefused
from app.jobs.current import CurrentJob, set_current_job
from app.jobs.models import jobs
from app.notifications import operations
from app.notifications.jobs import TRIES, forget, send_mail
from app.notifications.models import Notification, OutgoingMail
from tests.integrations import servers


@pytest.fixture
def mail(make_user):
    user = make_user()
    written = operations.send_mail(
        user.id, user.email, "test", "Hello\r\nBcc: x@example.com", "notice",
        name=user.username, text="A text.", label="Look", link="/account", advice="",
    )  # fmt: skip
    db.session.commit()
    return written


@pytest.fixture
def sent(monkeypatch):
    """What was sent; with `sent.error`, nothing is."""

    class Sent(list):
        error = None

    found = Sent()

    def send(mail):
        if found.error:
            raise found.error
        found.append(mail)

    monkeypatch.setattr(sending, "send", send)
    return found


def attempt(mail, number=1):
    set_current_job(CurrentJob(1, "notifications.send_mail", number, lambda: False))
    try:
        send_mail(str(mail.id))
        db.session.commit()
    finally:
        db.session.rollback()
        set_current_job(None)
    return again(mail)


def again(mail):
    db.session.expire_all()
    return db.session.get(OutgoingMail, mail.id)


def test_it_goes_out_once_and_what_it_said_is_gone(mail, sent):
    noted = attempt(mail)
    assert [one.to for one in sent] == [mail.address]
    assert sent[0].id == mail.id
    assert "http://127.0.0.1:8000/account" in sent[0].text
    assert (noted.content, noted.attempts, noted.failed_at) == (None, 1, None)
    assert noted.sent_at is not None
    attempt(mail)
    assert len(sent) == 1


def test_a_subject_cannot_break_out_of_its_header(mail, sent):
    attempt(mail)
    assert sent[0].subject == "Hello Bcc: x@example.com"


def test_a_passing_trouble_is_noted_and_tried_again(mail, sent):
    sent.error = MailDelayed("busy")
    with pytest.raises(MailDelayed):
        attempt(mail)
    noted = again(mail)
    assert (noted.error, noted.attempts, noted.failed_at, noted.sent_at) == ("busy", 1, None, None)
    sent.error = None
    noted = attempt(mail, 2)
    assert (noted.error, noted.attempts, len(sent)) == (None, 2, 1)


def test_a_refusal_is_final_and_keeps_what_it_said_for_another_time(mail, sent):
    sent.error = MailRefused("no such user")
    with pytest.raises(MailRefused):
        attempt(mail)
    assert again(mail).failed_at is not None
    assert again(mail).content is not None


def test_the_last_try_is_final(mail, sent):
    sent.error = MailDelayed("busy")
    with pytest.raises(MailDelayed):
        attempt(mail, TRIES)
    assert again(mail).failed_at is not None


def test_a_mail_that_is_gone_is_no_error(db_session, sent):
    send_mail("019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01")
    assert sent == []


def test_without_a_server_it_lies_in_the_mailbox(mail, app):
    attempt(mail)
    box = Mailbox(app.config["SETTINGS"].data_dir)
    assert any(one.to == mail.address for one in box.newest(500))


def test_it_goes_to_a_real_server(mail, app, monkeypatch):
    with servers.smtp() as server:
        changed = app.config["SETTINGS"].model_copy(update={"smtp_url": f"smtp://127.0.0.1:{server.port}"})
        monkeypatch.setitem(app.config, "SETTINGS", changed)
        attempt(mail)
    assert server.mails[0]["To"] == mail.address
    assert str(mail.id) in server.mails[0]["Message-ID"]


def test_in_production_without_a_server_it_fails_with_the_reason(mail, app, monkeypatch):
    changed = app.config["SETTINGS"].model_copy(update={"app_env": "production"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    with pytest.raises(MailRefused):
        attempt(mail)
    assert "SMTP_URL" in again(mail).error
    assert again(mail).content is not None


def test_what_is_old_is_forgotten(mail, make_user):
    operations.notify(make_user().id, "test", "Old")
    for row in (db.session.scalars(select(Notification)).one(), again(mail)):
        row.created_at = now() - timedelta(days=8)
    db.session.commit()
    forget()
    assert again(mail).content is None
    assert again(mail).failed_at is not None
    for row in (db.session.scalars(select(Notification)).one(), again(mail)):
        row.created_at = now() - timedelta(days=181)
    db.session.commit()
    forget()
    for model in (Notification, OutgoingMail):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0


def queued():
    return db.session.scalar(select(func.count()).where(jobs.c.task_name == operations.SEND))


def fail(mail):
    row = again(mail)
    row.failed_at, row.error = now(), "no room"
    db.session.commit()


def test_staff_see_the_log_of_mails_but_not_what_they_say(mail, as_manager):
    fail(mail)
    page = as_manager.get("/admin/mails").text
    assert mail.address in page
    assert "no room" in page
    assert "A text." not in page
    assert "Send again" not in page
    assert mail.subject in page
    assert mail.address in as_manager.get("/admin/mails?state=failed").text
    assert mail.address not in as_manager.get("/admin/mails?state=sent").text
    assert as_manager.get("/admin/mails?state=nonsense&before=x").status_code == 200


def test_an_administrator_sends_a_failed_one_again(mail, as_admin, as_manager, as_client):
    fail(mail)
    path = f"/admin/mails/{mail.id}/send"
    assert "Send again" in as_admin.get("/admin/mails").text
    assert as_manager.post(path).status_code == 403
    assert as_client.post(path).status_code == 403
    before = queued()
    assert as_admin.post(path).status_code == 303
    assert queued() == before + 1
    assert again(mail).failed_at is None
    assert as_admin.post(path).status_code == 409
    assert as_admin.post("/admin/mails/019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01/send").status_code == 404


def test_one_that_says_nothing_any_more_is_not_sent(mail, as_admin):
    again(mail).content = None
    db.session.commit()
    fail(mail)
    assert as_admin.post(f"/admin/mails/{mail.id}/send").status_code == 409


@pytest.mark.parametrize("path", ["/admin/mails", "/admin/mailbox"])
def test_others_see_neither(as_client, as_expert, client, path):
    assert as_client.get(path).status_code == 403
    assert as_expert.get(path).status_code == 403
    assert client.get(path).status_code == 303


def test_the_mailbox_shows_mails_with_links_that_can_be_followed(as_manager, make_user, app):
    user = make_user()
    written = operations.send_mail(
        user.id, user.email, "test", "<script>alert(1)</script>", "notice",
        name="<b>x</b>", text="Tea & <i>cake</i>", label="Look", link="/account", advice="",
    )  # fmt: skip
    db.session.commit()
    attempt(written)
    listing = as_manager.get("/admin/mailbox").text
    assert user.email in listing
    assert "<script>alert(1)" not in listing
    name = next(one.name for one in Mailbox(app.config["SETTINGS"].data_dir).newest(500) if one.to == user.email)
    page = as_manager.get(f"/admin/mailbox/{name}").text
    assert '<a href="http://127.0.0.1:8000/account">' in page
    assert "Tea &amp; &lt;i&gt;cake&lt;/i&gt;" in page
    shown = as_manager.get(f"/admin/mailbox/{name}/html")
    assert "&lt;b&gt;x&lt;/b&gt;" in shown.text
    assert any("sandbox" in policy for policy in shown.headers.getlist("Content-Security-Policy"))
    for unknown in ("20261122T000000000000-00000000", "secret-key", ".."):
        assert as_manager.get(f"/admin/mailbox/{unknown}").status_code in (303, 404)
        assert as_manager.get(f"/admin/mailbox/{unknown}/html").status_code in (303, 404)


def outbox_of(mail):
    db.session.expire_all()
    query = select(OutgoingMessage).where(OutgoingMessage.key == mail.id).order_by(OutgoingMessage.id)
    return list(db.session.scalars(query))


def test_each_attempt_stands_in_the_outbox(mail, sent):
    sent.error = MailDelayed("The mail server said 451: busy, see https://mail.example/why?token=abc")
    with pytest.raises(MailDelayed):
        attempt(mail)
    sent.error = None
    attempt(mail, 2)
    first, second = outbox_of(mail)
    assert (first.status, first.attempt) == ("failed", 1)
    assert first.answer == "The mail server said 451: busy, see https://mail.example/•••"
    assert (second.status, second.attempt, second.answer) == ("sent", 2, "Accepted")
    assert (second.channel, second.provider, second.recipient) == ("email", "stand-in", mail.address)
    assert (second.event, second.summary, second.run_id) == ("test", "Hello Bcc: x@example.com", None)
    assert second.duration_ms is not None
    assert second.finished_at is not None


@pytest.mark.parametrize("error", [None, MailDelayed("The mail server said 451.")])
def test_an_attempt_ends_under_the_lock_of_its_mail(mail, sent, error):
    """As it begins: two workers with the same mail never wait for each other."""
    sent.error = error
    asked = []
    note = lambda *given: asked.append(given[2].lower())  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        attempt(mail)
    except MailDelayed:
        pass
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    def done(statement):
        if "from outgoing_mails" in statement and "for update" in statement:
            return "lock"
        return "end" if "update outgoing_messages" in statement and "answer" in statement else ""

    assert [one for one in map(done, asked) if one] == ["lock", "lock", "end"]


def test_an_attempt_whose_worker_died_is_unknown(mail, monkeypatch):
    def die(mail):
        raise SystemExit

    monkeypatch.setattr(sending, "send", die)
    with pytest.raises(SystemExit):
        attempt(mail)
    assert [row.status for row in outbox_of(mail)] == ["sending"]
    monkeypatch.setattr(sending, "send", lambda mail: None)
    attempt(mail, 2)
    assert [row.status for row in outbox_of(mail)] == ["unknown", "sent"]


def test_staff_find_the_mails_of_the_portal_in_the_outbox(mail, sent, as_manager):
    attempt(mail)
    [row] = outbox_of(mail)
    found = f"/admin/outbox/{row.id}"
    queries = ("", "source=portal", "channel=email", f"recipient={mail.address[:8].upper()}", f"mail={mail.id}")
    for query in queries:
        assert found in as_manager.get(f"/admin/outbox?{query}").text, query
    for query in ("source=automations", "channel=sms", "recipient=somebody.else", f"mail={row.id}", "recipient=%25"):
        assert found not in as_manager.get(f"/admin/outbox?{query}").text, query
    page = as_manager.get(found).text
    assert mail.address in page
    assert "Portal" in page
    assert f"/admin/outbox?mail={mail.id}" in page


def test_no_link_of_a_mail_is_in_the_outbox(make_user, sent, as_manager):
    user = make_user()
    link = "/reset-password#token-4242"
    mail = operations.send_mail(
        user.id, user.email, "user.password_reset_requested", f"Go to https://portal.example{link} now", "notice",
        name=user.username, text="A text.", label="Reset", link=link, advice="",
    )  # fmt: skip
    db.session.commit()
    attempt(mail)
    assert link in sent[0].text
    [row] = outbox_of(mail)
    assert row.summary == "Go to https://portal.example/••• now"
    assert "token-4242" not in f"{vars(row)}"
    assert "token-4242" not in as_manager.get(f"/admin/outbox/{row.id}").text
