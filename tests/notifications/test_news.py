"""What happens to an account is told in the portal and by mail, in the transaction of what happened."""

import string

import pytest
from sqlalchemy import func, select, text

import app.assistants.events
import app.projects.events  # noqa: F401 - what they declare is asked for below
from app.core.news import kinds, tell
from app.extensions import db
from app.jobs.models import jobs
from app.notifications.models import Notification, OutgoingMail
from app.notifications.operations import SEND
from app.notifications.wording import WORDS
from tests.auth.mail import mails_to

VALUES = {
    "name": "Shop",
    "old": "old@example.com",
    "new": "new@example.com",
    "address": "a@example.com",
    "link": "/x?token=t",
    "company": "Example Ltd",
    "by": "maria",
    "into": "lena",
    "left": 3,
    "device": "Firefox on Windows",
    "url": "/dashboard/matches",
    "hours": "20",
    "start": "1 Dec 2026",
    "day": "5 Jan 2027",
    "first": "24 Dec 2026",
    "last": "31 Dec 2026",
    "reason": "The work is done.",
    "stars": 5,
    "project": "Migration",
    "status": "active",
    "title": "Inventory",
    "decision": "approved",
    "note": "Well done.",
    "percent": 80,
    "spent": "$40,000.00",
    "budget": "$50,000.00",
}


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_every_kind_has_words():
    assert set(WORDS) == kinds()


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_the_words_of_each_kind_can_be_told(make_user, kind):
    user = make_user()
    tell(user.id, kind, **VALUES)
    db.session.commit()
    words = WORDS[kind]
    assert count(Notification) == int(words.in_inbox)
    mails = db.session.scalars(select(OutgoingMail)).all()
    assert len(mails) == (len(words.to or "x") if words.by_mail else 0)
    assert all(mail.kind == kind for mail in mails)
    for mail in mails:
        letter = mails_to(mail.address)[0]
        for said in (letter.subject, letter.text, letter.html):
            assert "{" not in said
            assert "None" not in said
        assert "http://127.0.0.1:8000" in letter.text


def test_each_kind_names_no_value_that_events_does_not_promise():
    used = {
        name
        for words in WORDS.values()
        for text in (words.title, words.text, *words.act)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    assert used <= set(VALUES)


def test_unknown_news_are_refused(make_user):
    with pytest.raises(ValueError, match="no news"):
        tell(make_user().id, "weather")


def test_what_is_rolled_back_is_not_told(make_user):
    user = make_user()
    tell(user.id, "two-factor-on")
    db.session.rollback()
    assert (count(Notification), count(OutgoingMail)) == (0, 0)
    assert db.session.scalar(select(func.count()).where(jobs.c.task_name == SEND)) == 0


def test_a_mail_is_queued_with_its_cause(make_user):
    tell(make_user().id, "two-factor-on")
    mail = db.session.scalars(select(OutgoingMail)).one()
    arguments = db.session.scalars(select(jobs.c.args).where(jobs.c.task_name == SEND)).one()
    assert arguments == {"mail_id": str(mail.id)}


def test_what_a_mail_says_is_sealed_in_the_database(make_user):
    tell(make_user().id, "password-reset", link="/reset-password?token=t0psecret")
    sealed = bytes(db.session.execute(text("select sealed from outgoing_mails")).scalar_one())
    assert b"t0psecret" not in sealed
    assert b"Hello" not in sealed


def test_a_link_that_opens_an_account_never_stands_in_the_inbox(make_user):
    user = make_user()
    for kind in ("password-reset", "email-confirm", "invitation"):
        tell(user.id, kind, **VALUES)
    assert count(Notification) == 0


def test_names_that_people_choose_are_text_and_nothing_else(make_user):
    user = make_user()
    tell(user.id, "api-key-created", name="{0.__class__} <b>bold</b>\r\nBcc: x@example.com {link}")
    letter = mails_to(user.email)[0]
    assert "\n" not in letter.subject
    assert "{0.__class__}" in letter.text
    assert "<b>bold" not in letter.html
    assert "&lt;b&gt;bold" in letter.html


def test_mailed_links_begin_with_the_public_address_whatever_host_was_asked_for(client, make_user, app, monkeypatch):
    changed = app.config["SETTINGS"].model_copy(update={"public_url": "https://portal.example"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    user = {"username": "maria", "email": "maria@example.com", "company": "Ltd", "password": "plum tractor nine sky"}
    client.post("/api/auth/register", json=user, headers={"Host": "evil.example"})
    text = mails_to("maria@example.com")[0].text
    assert "https://portal.example/confirm-email?token=" in text
    assert "evil" not in text
