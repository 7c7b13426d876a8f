"""The people of the demo: one of each role, and a second client company to show that they don't see each other."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import func, select

from app.auth.accounts import operations as accounts
from app.auth.passwords.hashing import Passwords, password_hasher
from app.core.audit import Actor, audit_as
from app.core.domain import Seeding
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


FILE = "demo-credentials.txt"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def add_people(seeding: Seeding) -> Iterator[None]:
    """Add those who are missing. Where all are there, they have the password in DEMO_PASSWORD, if it is set."""
    given, hashing = seeding.settings.demo_password, password_hasher()
    if missing_users():
        add_users(given or _kept_password(seeding), hashing=hashing, actor=seeding.actor)
        yield
    elif given and set_password(given, hashing=hashing, actor=seeding.actor):
        yield
        seeding.say("The demo users have the password in DEMO_PASSWORD from now on.")


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
            audit_as(db.session, actor=actor, action="set-password")
            user.password_hash = hashing.hash(password)
            changed = True
    db.session.flush()
    return changed


def _company(name: str, actor: Actor) -> Client:
    found = db.session.scalar(select(Client).where(Client.name == name).order_by(Client.created_at).limit(1))
    if found is None:
        audit_as(db.session, actor=actor, action="create")
        found = Client(name=name)
        db.session.add(found)
        db.session.flush()
    return found


def _kept_password(seeding: Seeding) -> str:
    """The password in the file in DATA_DIR; when there is none, one is made up, kept there and shown this once."""
    path: Path = seeding.settings.data_dir / FILE
    try:
        return path.read_text().splitlines()[0].removeprefix("Password: ")
    except (FileNotFoundError, IndexError):
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
    names = "\n".join(email_of(username) for username, _, _ in USERS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(f"Password: {password}\nfor each of:\n{names}\n")
    except OSError as error:
        raise click.ClickException(
            f"{path} can't be written ({error.strerror}); set DATA_DIR or DEMO_PASSWORD."
        ) from None
    seeding.say(f"The demo users' password is {password}\n(kept in {path})\n{names}")
    return password
