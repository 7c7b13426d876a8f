"""What was mailed, as its reader has it."""

import re
from urllib.parse import urlsplit

from sqlalchemy import select

from app.extensions import db
from app.notifications.letters import Letter
from app.notifications.models import OutgoingMail
from tests.factories.events import deliver


def mails_to(address, kind=None):
    """The letters on their way to the address, oldest first."""
    deliver()
    query = select(OutgoingMail).where(OutgoingMail.address == address).order_by(OutgoingMail.created_at)
    found = db.session.scalars(query.where(OutgoingMail.kind == kind) if kind else query)
    return [Letter.loads(mail.subject, mail.content) for mail in found]


def link_in(letter):
    """The link that the letter is about, without the portal's address."""
    address = re.search(r"\S+[?]token=\S+", letter.text)[0]
    return urlsplit(address)._replace(scheme="", netloc="").geturl()


def token_in(letter):
    return link_in(letter).partition("token=")[2]


def latest_token(address, kind):
    """The token of the newest mail of that kind."""
    db.session.expire_all()
    return token_in(mails_to(address, kind)[-1])
