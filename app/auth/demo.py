"""The people of the demo: one of each role, and a second client company to show that they don't see each other."""

from sqlalchemy import func, select

from app.auth.accounts import operations as accounts
from app.auth.passwords.hashing import Passwords
from app.core.audit import Actor, attribute
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import Client, User

USERS = (
    # user name, role, company
    ("admin", Role.ADMIN, None),
    ("manager", Role.MANAGER, None),
    ("client", Role.CLIENT, "Brightwater Stores"),
    ("client2", Role.CLIENT, "Halden Freight"),
    ("expert", Role.EXPERT, None),
)


def email_of(username: str) -> str:
    return f"{username}@diglit.test"


def missing_users() -> list[str]:
    """The user names of the demo's people who aren't there yet."""
    emails = {email_of(username): username for username, _, _ in USERS}
    there = set(db.session.scalars(select(func.lower(User.email)).where(func.lower(User.email).in_(emails))))
    return [username for email, username in emails.items() if email not in there]


def add_users(password: str, *, hashing: Passwords, actor: Actor) -> None:
    """Make those who are missing; they all have that password."""
    missing = missing_users()
    for username, role, company in USERS:
        if username in missing:
            client = _company(company, actor) if company else None
            accounts.add_user(
                username=username,
                email=email_of(username),
                role=role,
                client_id=client.id if client else None,
                password_hash=hashing.hash(password),
                actor=actor,
                email_is_confirmed=True,
            )


def set_password(password: str, *, hashing: Passwords, actor: Actor) -> bool:
    """Give all of them that password, where it isn't theirs already; tells whether anything changed."""
    changed = False
    for user in db.session.scalars(
        select(User).where(func.lower(User.email).in_([email_of(name) for name, *_ in USERS]))
    ):
        if not hashing.is_right(password, user.password_hash):
            attribute(db.session, actor=actor, action="set-password")
            user.password_hash = hashing.hash(password)
            changed = True
    db.session.flush()
    return changed


def find_manager() -> User | None:
    return db.session.scalar(select(User).where(func.lower(User.email) == email_of("manager")))


def _company(name: str, actor: Actor) -> Client:
    found = db.session.scalar(select(Client).where(Client.name == name).order_by(Client.created_at).limit(1))
    if found is None:
        attribute(db.session, actor=actor, action="create")
        found = Client(name=name)
        db.session.add(found)
        db.session.flush()
    return found
