"""Link a person's account with one at the provider, and unlink it."""

from uuid import UUID

from app.auth.mfa.queries import has_passkey
from app.auth.providers.models import LinkedIdentity
from app.auth.providers.queries import find_link, links_of
from app.core.audit import Actor, record_event
from app.core.clock import now
from app.core.errors import Conflict, NotFound
from app.core.events import publish
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import queries as users
from app.identity.models import User


class LinkedElsewhere(Conflict):
    """The provider's account opens another account here already."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"That account at {provider} is linked with another account here. Unlink it there first.")


class LastWayIn(Conflict):
    """Without the link its owner could not sign in any more."""

    says = "This is the only way into your account. Set a password or add a passkey first."


class NotLinked(NotFound):
    says = "There is no such link; it may be removed already."


def link(user: User, *, issuer: str, subject: str, email: str, name: str, actor: Actor) -> LinkedIdentity:
    """Let that account at the provider (which people call `name`) open the user's from now on.

    The caller knows that both are the same person's. Linking again changes nothing; raises LinkedElsewhere.
    """
    users.get_user(user.id, for_update=True)
    with as_system("a link may be another company's; whose it is isn't said"):
        known = find_link(issuer, subject)
    if known is not None:
        if known.user_id != user.id:
            raise LinkedElsewhere(name)
        return known
    made = LinkedIdentity(user_id=user.id, issuer=issuer, subject=subject, email=email)
    db.session.add(made)
    details = {"provider": name, "issuer": issuer, "email": email}
    record_event(db.session, actor=actor, action="link-provider", about=user, details=details)
    publish("user.provider_linked", about=user, actor=actor, name=name)
    return made


def unlink(user_id: UUID, link_id: UUID, *, name: str, actor: Actor) -> None:
    """Remove one of the user's links. Raises NotLinked, or LastWayIn where nothing else lets the user in."""
    user = users.get_user(user_id, for_update=True)
    links = links_of(user.id)
    found = next((one for one in links if one.id == link_id), None)
    if found is None:
        raise NotLinked
    if user.password_hash is None and len(links) == 1 and not has_passkey(user.id):
        raise LastWayIn
    db.session.delete(found)
    details = {"provider": name, "issuer": found.issuer, "email": found.email}
    record_event(db.session, actor=actor, action="unlink-provider", about=user, details=details)
    publish("user.provider_unlinked", about=user, actor=actor, name=name)


def note_use(link: LinkedIdentity) -> None:
    link.last_used_at = now()
    db.session.flush()
