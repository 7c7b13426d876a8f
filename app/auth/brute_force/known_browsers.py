"""Known browsers: those in which a person has signed in before, so that strangers can't lock their owner out.

A browser holds a random token for each account that has signed in there, all in one cookie for 400 days, which is as
long as browsers keep any (RFC 6265bis). The database holds their SHA-256. A token is good for its own account alone,
and is never taken over from what a browser brings: whoever plants a cookie in another's browser is not known by it.

The token opens nothing. It says that wrong passwords of others don't count here.
"""

import re
from datetime import timedelta
from uuid import UUID

from flask import Response, after_this_request, request
from sqlalchemy import delete, exists, or_, select, update

from app.auth.brute_force.models import KnownBrowser
from app.core.addresses import under_api
from app.core.clock import now
from app.core.events import publish
from app.extensions import db
from app.identity import sessions
from app.identity.cookies import Cookie
from app.identity.models import User, UserSession
from app.web import limits

LIFETIME = timedelta(days=400)
COOKIE = Cookie("browser", LIFETIME)
ACCOUNTS = 8
"""How many accounts of one browser are known at a time."""
KEPT = 50
"""How many browsers of one account are known at a time."""
_NOBODY = UUID(int=0)
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


def known_to(user_id: UUID | None) -> str | None:
    """The mark of this browser, if the user is known to use it. The same is asked for a user who doesn't exist."""
    hashes = [sessions.hash_of(token) for token in _tokens()]
    if not hashes:
        return None
    theirs = (KnownBrowser.user_id == (user_id or _NOBODY), KnownBrowser.last_used_at > now() - LIFETIME)
    found = db.session.scalar(select(KnownBrowser.token_hash).where(KnownBrowser.token_hash.in_(hashes), *theirs))
    return None if found is None else found.hex()


def remember(user: User, *, keep: bool) -> str | None:
    """Know this browser from now on, and tell the owner of one that wasn't known; its mark, when it is new."""
    if _is_known_again(user.id):
        return None
    if _has_been_here(user.id):
        _tell_owner(user)
    return _add(user.id) if keep else None


def trust(user: User) -> None:
    """Know this browser from now on; its owner needs not be told."""
    if not _is_known_again(user.id):
        _add(user.id)


def _is_known_again(user_id: UUID) -> bool:
    """Note that a known browser is in use, and let it keep its cookie for as long again; False for another one."""
    mark = known_to(user_id)
    if mark is None:
        return False
    this = (KnownBrowser.token_hash == bytes.fromhex(mark), KnownBrowser.user_id == user_id)
    db.session.execute(update(KnownBrowser).where(*this).values(last_used_at=now(), device=_device()))
    _keep(_tokens())
    return True


def _has_been_here(user_id: UUID) -> bool:
    """Whether the user has signed in before, in any way: the first time is no news."""
    browsers = exists().where(KnownBrowser.user_id == user_id)
    sign_ins = exists().where(UserSession.user_id == user_id)
    return bool(db.session.scalar(select(browsers | sign_ins)))


def _tell_owner(user: User) -> None:
    """A program that signs in again and again from one place is news once a day."""
    address = request.remote_addr or ""
    if not under_api() or limits.allows("new-browser-news", str(user.id), _device(), address):
        publish("user.signed_in_from_new_browser", about=user, actor=user, device=_device(), address=address)


def _add(user_id: UUID) -> str:
    token, moment = sessions.new_token(), now()
    _sweep(user_id)
    made = sessions.hash_of(token)
    db.session.add(
        KnownBrowser(token_hash=made, user_id=user_id, device=_device(), created_at=moment, last_used_at=moment)
    )
    db.session.flush()
    _keep([token, *_tokens()])
    return made.hex()


def _sweep(user_id: UUID) -> None:
    """Forget what is past its time, and the browsers that were used longest ago where there are many."""
    newest = select(KnownBrowser.token_hash).where(KnownBrowser.user_id == user_id)
    newest = newest.order_by(KnownBrowser.last_used_at.desc()).limit(KEPT - 1)
    stale = or_(KnownBrowser.last_used_at < now() - LIFETIME, KnownBrowser.token_hash.not_in(newest))
    db.session.execute(delete(KnownBrowser).where(KnownBrowser.user_id == user_id, stale))


def _tokens() -> list[str]:
    """The tokens that the browser brings, the latest first; whatever else stands in the cookie is passed over."""
    given = COOKIE.sent().split(".")
    return list(dict.fromkeys(token for token in given if _TOKEN.fullmatch(token)))[:ACCOUNTS]


def _keep(tokens: list[str]) -> None:
    """Give the browser its cookie with the answer to this request."""
    value = ".".join(tokens[:ACCOUNTS])

    @after_this_request
    def give(answer: Response) -> Response:
        # What failed has not been committed.
        if answer.status_code < 400:
            COOKIE.keep(answer, value)
        return answer


def _device() -> str:
    return sessions.device_of(request.user_agent.string)
