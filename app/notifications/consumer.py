"""What people are told of events, in the portal and by mail: a consumer, which finds who that is."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from app.core.errors import Conflict
from app.core.events import PERSON, Event, Message, event_types
from app.core.events.types import Audience
from app.core.permissions import STAFF as STAFF_ROLES
from app.core.sides import COMPANY, STAFF
from app.events.consuming import Effect, consumer, forget_secret
from app.extensions import db
from app.identity.models import User
from app.notifications import operations
from app.notifications.models import Notification, OutgoingMail
from app.notifications.queries import state_of
from app.notifications.words import fill, values_of


def types_with_messages() -> Collection[str]:
    return [name for name, kind in event_types().items() if kind.messages]


def effects(event: Event) -> list[Effect]:
    """The notices and mails that the event led to."""
    notices = db.session.execute(
        select(Notification.created_at, User.username).join(User).where(Notification.event_id == event.id)
    )
    mails = db.session.scalars(select(OutgoingMail).where(OutgoingMail.event_id == event.id))
    return [
        *(Effect("Notification", name, at) for at, name in notices),
        *(Effect("Mail", one.address, one.sent_at or one.created_at, state_of(one), one.error or "") for one in mails),
    ]


class LinkGone(Conflict):
    code = "link-gone"
    says = "The link of this event is too old, and was deleted. Have a new one sent."


@consumer("notifications", types=types_with_messages, effects=effects)
def notify(event: Event) -> None:
    """Tell everybody whom a message of the event's type is for."""
    if event_types()[event.type].secret and event.secret is None:
        raise LinkGone
    values = values_of(event)
    for message in event_types()[event.type].messages:
        if message.by and values["by"] not in message.by:
            continue
        filled = fill(message, values, event.secret)
        for user in recipients(event, message.to):
            _tell(user, event, filled, values)
    if event.secret is not None:
        forget_secret(event)


def recipients(event: Event, to: Audience) -> Sequence[User]:
    """Who is told: of a company and of staff, whoever is active; a person whatever the state of the account."""
    return db.session.scalars(select(User).where(*_those(event, to)).order_by(User.id)).all()


def _those(event: Event, to: Audience) -> Sequence[Any]:
    if to == COMPANY:
        return User.client_id == event.client_id, User.status == "active"
    if to == STAFF:
        return User.role.in_([role.value for role in STAFF_ROLES]), User.status == "active"
    if to == PERSON:
        return (User.id == event.user_id,)
    assert callable(to)
    return (User.id.in_(list(to(event))),)


def _tell(user: User, event: Event, message: Message, values: dict[str, Any]) -> None:
    label, link = message.act
    if message.in_inbox:
        operations.notify(user.id, event.type, message.title, message.text, link, event_id=event.id)
    if not message.by_mail:
        return
    for address in dict.fromkeys([str(values[name]) for name in message.mail_to] or [user.email]):
        operations.send_mail(
            user.id,
            address,
            event.type,
            message.title,
            "notice",
            event_id=event.id,
            name="" if user.status == "invited" else user.username,
            text=message.text,
            label=label,
            link=link,
            advice=message.advice,
        )
