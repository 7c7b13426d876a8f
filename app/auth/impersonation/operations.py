"""Begin and end a look through a customer's eyes. Both are events of the audit with both identities."""

from uuid import UUID

from app.auth.impersonation.queries import SEEN_ROLES, can_be_seen
from app.core.audit import Actor, record_event, using_audit_context
from app.core.errors import Conflict, Refused
from app.core.events import publish
from app.extensions import db
from app.identity import queries as users
from app.identity import sessions
from app.identity.impersonation import LONGEST, PERMISSION
from app.identity.models import UserSession
from app.identity.policy import can, require
from app.identity.sessions import Device, SignIn


class OnlyCustomersAreSeen(Refused):
    """Staff are never seen as by staff: that would lend one the other's rights."""

    says = "Only clients and experts can be seen as, never staff."


class NotToBeSeen(Conflict):
    """There is nothing to see: the account isn't active."""

    says = "This account is not active, so there is nothing to see through it."


class NothingChangesNow(Refused):
    """While somebody sees the portal as a customer, nothing can be changed."""

    code = "nothing-changes-while-seeing"

    def __init__(self, seen: str) -> None:
        super().__init__(f"You are seeing the portal as {seen}. You can look, but nothing can be changed meanwhile.")


def begin_look(user_id: UUID, *, reason: str, actor: Actor, device: Device) -> SignIn:
    """Let the member of staff see the portal as the user, who is told. A look that is still open ends.

    Raises OnlyCustomersAreSeen, NotToBeSeen, or Refused for one who may not look.
    """
    assert actor.id is not None, "only a person looks"
    staff = users.get_user(actor.id, for_update=True)
    require(can(staff, PERMISSION), "Only staff with the permission may see as a customer.")
    user = users.get_user(user_id, for_update=True)
    if user.role not in SEEN_ROLES:
        raise OnlyCustomersAreSeen
    if not can_be_seen(user):
        raise NotToBeSeen
    sessions.end_impersonations(staff.id, reason="stopped")
    shown = Device("DIG|LIT staff, looking on", "")  # in the customer's list; from where is the audit's alone
    started = sessions.start_session(user, kind="portal", device=shown, lifetime=LONGEST, impersonator_id=staff.id)
    details = {"reason": reason, "device": device.name, "address": device.address}
    with using_audit_context(acting_as_id=user.id, acting_as_name=user.username):
        record_event(db.session, actor=staff, action="see-as", about=user, details=details)
    publish("user.viewed_as", about=user, actor=staff, viewer=staff.username)
    return started


def end_look(look: UserSession, *, reason: str) -> None:
    """End this look: `stopped` by its impersonator, or `expired`. Ending it again changes nothing."""
    sessions.end_session(look.id, reason=reason)
