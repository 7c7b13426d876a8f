"""What happens to an account, a match or a project is told in the portal and by mail, once it is committed."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.core.clock import frozen, now
from app.core.events import PERSON, Message, declare, event_types, publish
from app.core.events.models import Event
from app.core.events.types import EventType
from app.core.modules import import_every
from app.core.tenancy import as_system
from app.events import jobs as event_jobs
from app.extensions import db
from app.jobs.models import jobs
from app.notifications.consumer import types_with_messages
from app.notifications.models import Notification, OutgoingMail
from app.notifications.operations import SEND
from app.notifications.words import fill, values_of
from tests.auth.mail import mails_to
from tests.factories.events import deliver

import_every("events")  # Before the application does: their names are asked for right below.
EXAMPLES = {str: "Ana <b>Pérez</b>", int: 5, Decimal: Decimal("1234.5"), date: date(2027, 1, 5), UUID: UUID(int=7)}
OWN = [name for name in sorted(event_types()) if event_types()[name].private]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def announce(user, name, /, **values):
    kind = event_types()[name]
    known = {value: EXAMPLES[type_] for value, type_ in kind.values.items()}
    secret = "/x?token=t0psecret" if kind.secret else None
    publish(name, about=user, user_id=user.id, actor=user, secret=secret, **{**known, **values})


@pytest.mark.parametrize("name", OWN)
def test_what_happens_to_an_account_is_told_to_its_owner(make_user, name):
    user = make_user()
    addresses = {"address": "a@example.com", "old": "old@example.com", "new": "new@example.com"}
    kind = event_types()[name]
    announce(user, name, **{value: address for value, address in addresses.items() if value in kind.values})
    db.session.commit()
    assert (count(Notification), count(OutgoingMail)) == (0, 0)
    deliver()
    (message,) = kind.messages
    assert count(Notification) == int(message.in_inbox)
    mails = db.session.scalars(select(OutgoingMail)).all()
    assert len(mails) == (len(message.mail_to or "x") if message.by_mail else 0)
    assert all((mail.kind, mail.user_id) == (name, user.id) for mail in mails)
    for mail in mails:
        letter = mails_to(mail.address)[0]
        for said in (letter.subject, letter.text, letter.html):
            assert "{" not in said
            assert "None" not in said
        assert "http://127.0.0.1:8000" in letter.text


@pytest.mark.parametrize("name", sorted(types_with_messages()))
def test_every_message_can_be_written_from_the_values_of_its_event(app, name):
    kind = event_types()[name]
    ids = {"record_id": UUID(int=1), "parent_id": UUID(int=2)}
    event = Event(type=name, data=kind.dump({value: EXAMPLES[type_] for value, type_ in kind.values.items()}), **ids)
    for message in kind.messages:
        with app.app_context():
            filled = fill(message, values_of(event), "/x?token=t")
        for said in (filled.title, filled.text, *filled.act):
            assert "{" not in said
            assert "None" not in said
        assert filled.act[1].startswith(("/", "Ana"))
        assert set(message.mail_to) <= set(kind.values)
        assert not message.by or "by" in kind.values


def test_amounts_days_and_times_are_told_in_words(db_session):
    kind = EventType("test.words", {"spent": Decimal, "hours": Decimal, "minutes": int, "day": date})
    declare(kind)
    data = {
        "spent": Decimal("1234.5"),
        "hours": Decimal("20.00"),
        "minutes": 450,
        "day": date(2027, 1, 5),
    }
    event = Event(type=kind.name, data=kind.dump(data), record_id=UUID(int=1), parent_id=None)
    said = "{spent:,.2f} {hours} {minutes:duration} {day}"
    filled = fill(Message(PERSON, said, ""), values_of(event))
    assert filled.title == "1,234.50 20 7 h 30 min 5 Jan 2027"


def test_values_that_an_event_does_not_come_with_are_refused(make_user):
    user = make_user()
    with pytest.raises(ValueError, match="no event is named"):
        publish("weather.changed", about=user, actor=None)
    with pytest.raises(ValueError, match="comes with"):
        publish("user.merged", about=user, actor=None)
    with pytest.raises(TypeError, match="not of the type str"):
        publish("user.merged", about=user, actor=None, into=5)
    with pytest.raises(ValueError, match="a secret"):
        publish("user.password_reset_requested", about=user, actor=None)


def test_what_is_rolled_back_is_not_told(make_user):
    user = make_user()
    db.session.commit()
    announce(user, "user.two_factor_enabled")
    db.session.rollback()
    deliver()
    assert (count(Notification), count(OutgoingMail)) == (0, 0)
    assert db.session.scalar(select(func.count()).where(jobs.c.task_name == SEND)) == 0


def test_a_mail_is_queued_with_its_cause(make_user):
    announce(make_user(), "user.two_factor_enabled")
    deliver()
    mail = db.session.scalars(select(OutgoingMail)).one()
    arguments = db.session.scalars(select(jobs.c.args).where(jobs.c.task_name == SEND)).one()
    assert arguments["mail_id"] == str(mail.id)
    assert (mail.event_id, mail.kind) == (db.session.scalar(select(Event.id)), "user.two_factor_enabled")


def test_a_secret_is_sealed_and_gone_from_the_event_once_it_is_mailed(make_user):
    announce(make_user(), "user.password_reset_requested")
    db.session.flush()
    row = "select sealed, to_jsonb(t) - 'sealed' from {} t"
    sealed, rest = db.session.execute(text(row.format("event_outbox"))).one()
    assert sealed is not None
    assert b"t0psecret" not in bytes(sealed)
    assert "t0psecret" not in str(rest)
    deliver()
    assert db.session.execute(text(row.format("events"))).one()[0] is None
    mailed = bytes(db.session.execute(text("select sealed from outgoing_mails")).scalar_one())
    assert b"t0psecret" not in mailed
    assert b"Hello" not in mailed


def test_a_secret_that_nobody_used_goes_after_a_week_and_its_mail_with_it(make_user):
    old, young = make_user(), make_user()
    for user, days in ((old, 8), (young, 6)):
        with frozen(now() - timedelta(days=days)):
            announce(user, "user.invited")
            db.session.commit()
    with as_system("a worker"):
        event_jobs.sequence()
        event_jobs.forget()
    sealed = db.session.execute(text("select record_id, sealed is not null from events order by id")).all()
    assert {tuple(row) for row in sealed} == {(old.id, False), (young.id, True)}
    deliver()
    assert db.session.scalars(select(OutgoingMail.user_id)).all() == [young.id]
    state = "select state, error from event_deliveries where state <> 'done'"
    assert db.session.execute(text(state)).all() == [
        ("failed", "LinkGone: The link of this event is too old, and was deleted. Have a new one sent.")
    ]


def test_a_link_that_opens_an_account_never_stands_in_the_inbox(make_user):
    secret = [name for name, kind in event_types().items() if kind.secret]
    assert len(secret) == 3
    for name in secret:
        announce(make_user(), name)
    deliver()
    assert count(Notification) == 0
    assert count(OutgoingMail) == 3


def test_names_that_people_choose_are_text_and_nothing_else(make_user):
    user = make_user()
    announce(user, "api_key.created", name="{0.__class__} <b>bold</b>\r\nBcc: x@example.com {link}")
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
