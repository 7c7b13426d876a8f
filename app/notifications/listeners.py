"""What the domains tell becomes a notice in the portal and a mail, in the transaction of what happened."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask

from app.core import news
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from app.notifications import operations
from app.notifications.wording import WORDS
from app.notifications.words import Words


def init_app(_app: Flask) -> None:
    news.told.connect(pass_on)


def pass_on(user_id: UUID, *, kind: str, values: Mapping[str, Any]) -> None:
    """Put the news into words, and tell the user."""
    words = WORDS[kind].fill(values)
    if words.in_inbox:
        operations.notify(user_id, kind, words.title, words.text, words.act[1])
    if words.by_mail:
        _mail(user_id, kind, words)


def _mail(user_id: UUID, kind: str, words: Words) -> None:
    with as_system("who is told may be of another company than who acts"):
        user = db.session.get(User, user_id)
    if user is None:
        return
    label, link = words.act
    for address in dict.fromkeys(words.to or (user.email,)):
        operations.send_mail(
            user_id,
            address,
            kind,
            words.title,
            "notice",
            name="" if user.status == "invited" else user.username,
            text=words.text,
            label=label,
            link=link,
            advice=words.advice,
        )
