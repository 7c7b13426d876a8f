"""Making one of two accounts, or of two companies, that turned out to be the same.

What belongs to the one that goes comes to the one that stays. What proves who somebody is (password, second factor,
passkeys, keys, sign-ins) doesn't: it ends. The one that goes stays where it is, suspended, and names the other; nobody
can sign in by it. Both histories tell of it. Within 30 days the merge can be taken apart, as long as it didn't move
more rows than are written down with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.auth.people import errors, merge_references, operations, policy
from app.core.audit import Actor, AuditEntry, audit_as, record_event
from app.core.changes.history import UNDO_PERIOD
from app.core.clock import now
from app.core.events import publish
from app.core.numbering import NumberSeries, join_series
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import Client, User

MOST_WRITTEN_DOWN = 2_000
MERGE, TAKE_APART = "merge", "take-merge-apart"


@dataclass(frozen=True)
class Preview:
    """What a merge would do. `moves` and `ends` count rows by what they are."""

    moves: Mapping[str, int]
    ends: Mapping[str, int]

    @property
    def can_be_taken_apart(self) -> bool:
        return sum(self.moves.values()) <= MOST_WRITTEN_DOWN

    @property
    def most(self) -> int:
        return MOST_WRITTEN_DOWN


def preview(source: User | Client) -> Preview:
    table = source.__tablename__
    return Preview(
        merge_references.count(merge_references.references_to(table, "rewrite"), source.id),
        merge_references.count(merge_references.references_to(table, "end"), source.id),
    )


def check_users(source: User, target: User) -> None:
    """Raise CannotMerge where the two can't be one person."""
    if source.id == target.id:
        raise errors.CannotMerge("Choose another account than this one.")
    for user in (source, target):
        if user.merged_into_id is not None:
            raise errors.CannotMerge(f"“{user.username}” was merged into another account already.")
    if source.role != target.role:
        raise errors.CannotMerge("They have different roles. Give them the same role first, then merge.")
    if source.client_id != target.client_id:
        raise errors.CannotMerge("They belong to different companies. Merge the companies first.")
    if target.status != "active":
        raise errors.CannotMerge(f"“{target.username}” is {target.status}. The account that stays must be active.")


def check_companies(source: Client, target: Client) -> None:
    """Raise CannotMerge where the two can't be one company."""
    if source.id == target.id:
        raise errors.CannotMerge("Choose another company than this one.")
    for client in (source, target):
        if client.merged_into_id is not None:
            raise errors.CannotMerge(f"“{client.name}” was merged into another company already.")
    if target.status != "active":
        raise errors.CannotMerge(f"“{target.name}” is suspended. The company that stays must be active.")


def merge_users(source_id: UUID, target_id: UUID, *, actor: Actor) -> tuple[User, User]:
    """Make the first user part of the second. An administrator's act, under locks on both."""
    found = policy.lock_users(source_id, target_id)
    policy.hold_roles()
    policy.require_present(actor, "users:write")
    if len(found) < 2 and source_id != target_id:
        raise errors.CannotMerge("One of the two accounts is not there any more.")
    source, target = found[source_id], found[target_id]
    check_users(source, target)
    if source.id == actor.id:
        raise errors.OwnAccount
    audit_as(db.session, actor=actor, action=MERGE)
    was = {"status": source.status, "company_role": source.company_role}
    operations.close(source, actor=actor)
    audit_as(db.session, actor=actor, action=MERGE)
    if source.company_role == "owner":
        target.company_role, target.limits = "owner", None
    source.merged_into_id = target.id
    db.session.flush()
    _write_down(source, target, _move(source, target), was, actor)
    publish("user.merged", about=source, actor=actor, into=target.username)
    return source, target


def merge_companies(source_id: UUID, target_id: UUID, *, actor: Actor) -> tuple[Client, Client]:
    """Make the first company part of the second. Its owners come as members, if the second has an owner."""
    its_people = list(db.session.scalars(select(User.id).where(User.client_id == source_id)))
    people = policy.lock_users(*its_people)
    policy.hold_roles()
    policy.require_admin(actor)
    clients = {key: policy.lock_company(key) for key in sorted({source_id, target_id})}
    source, target = clients[source_id], clients[target_id]
    check_companies(source, target)
    audit_as(db.session, actor=actor, action=MERGE)
    operations.end_sessions_of_company(source.id, actor=actor)
    operations.revoke_keys_of_company(source.id)
    audit_as(db.session, actor=actor, action=MERGE)
    owners = [user for user in people.values() if user.company_role == "owner"]
    was = {"status": source.status, "owners": [str(user.id) for user in owners]}
    if operations.has_owner(target.id):
        for user in owners:
            user.company_role = "member"
    source.status, source.merged_into_id = "suspended", target.id
    db.session.flush()
    moved = _move(source, target)
    _write_down(source, target, moved, was, actor)
    db.session.expire_all()
    return source, target


def _move(source: User | Client, target: User | Client) -> dict[str, Sequence[str] | None]:
    """Let all that refers to the one refer to the other; the keys of the rows, by table and column."""
    forbidding = merge_references.references_to(source.__tablename__, "forbid")
    for label, number in merge_references.count(forbidding, source.id).items():
        raise errors.CannotMerge(f"The one that would go has {number:,} {label}, which can’t become anybody else’s.")
    moved: dict[str, Sequence[str] | None] = {}
    for reference in merge_references.references_to(source.__tablename__, "rewrite"):
        try:
            with db.session.begin_nested():
                only = join_series(source.id, target.id) if reference.table is NumberSeries.__table__ else None
                keys = merge_references.redirect(reference, old=source.id, new=target.id, only=only)
        except IntegrityError:
            names = merge_references.shared_names(reference, source.id, target.id)
            named = f" ({', '.join(names)})" if names else ""
            raise errors.CannotMerge(
                f"Both have {reference.label(2)} of which there can be one only{named}. Take those of one away first."
            ) from None
        if keys is None or keys:
            moved[reference.name] = None if keys is None else [str(key) for key in keys]
    db.session.expire_all()
    return moved


def _write_down(source: Any, target: Any, moved: Mapping[str, Any], was: Mapping[str, Any], actor: Actor) -> None:
    """Tell both histories; the one that goes keeps what a way back needs."""
    number = sum(len(keys or ()) for keys in moved.values())
    whole = number <= MOST_WRITTEN_DOWN and all(keys is not None for keys in moved.values())
    details = {"into": str(target.id), "was": was, "moved": moved if whole else None, "rows": number}
    record_event(db.session, actor=actor, action=MERGE, about=source, details=details)
    told = {"merged": str(source.id), "rows": number}
    record_event(db.session, actor=actor, action=MERGE, about=target, details=told)


def find_merge(source: User | Client) -> AuditEntry | None:
    """How the source was merged, where that can still be taken back."""
    if source.merged_into_id is None:
        return None
    its = (AuditEntry.table_name == source.__tablename__, AuditEntry.record_id == source.id)
    query = select(AuditEntry).where(*its, AuditEntry.action == MERGE, AuditEntry.at >= now() - UNDO_PERIOD)
    for entry in db.session.scalars(query.order_by(AuditEntry.id.desc())):
        told = entry.after or {}
        if told.get("into") == str(source.merged_into_id):
            return entry if told.get("moved") is not None else None
    return None


def take_apart(source: User | Client, *, actor: Actor) -> User | Client:
    """Undo a merge of a user or company, locked for update: what came from it and is still there goes back to it.

    It is as it was before the merge; sign-ins, keys and invitations that ended then are not given back.
    """
    policy.hold_roles()
    policy.require_admin(actor)
    if source.merged_into_id is None:
        raise errors.CannotTakeApart("Nothing is merged here, or it was taken back already.")
    entry = find_merge(source)
    if entry is None or entry.after is None:
        raise errors.CannotTakeApart(
            f"This can’t be taken back: it is longer ago than {UNDO_PERIOD.days} days, or moved more than "
            f"{MOST_WRITTEN_DOWN:,} records."
        )
    target_id, was = source.merged_into_id, entry.after["was"]
    audit_as(db.session, actor=actor, action=TAKE_APART)
    rows = _move_back(source, target_id, entry.after["moved"])
    source.merged_into_id = None
    source.status = was["status"]
    db.session.flush()
    _restore_owners(was.get("owners", ()), source.id)
    details = {"from": str(target_id), "rows": rows}
    record_event(db.session, actor=actor, action=TAKE_APART, about=source, details=details)
    return source


def _move_back(source: User | Client, target_id: UUID, moved: Mapping[str, Sequence[str]]) -> int:
    rows = 0
    for reference in merge_references.references_to(source.__tablename__, "rewrite"):
        keys, column = moved.get(reference.name), reference.key
        if keys and column is not None:
            kind = column.type.python_type
            typed = [kind(key) for key in keys]
            rows += len(merge_references.redirect(reference, old=target_id, new=source.id, only=typed) or ())
    db.session.expire_all()
    return rows


def _restore_owners(ids: Sequence[str], client_id: UUID) -> None:
    for user in policy.lock_users(*map(UUID, ids)).values():
        if user.client_id == client_id and user.role == Role.CLIENT.value:
            user.company_role, user.limits = "owner", None
    db.session.flush()
