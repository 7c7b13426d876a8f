from functools import cache
from itertools import count
from typing import Any

from app.auth.passwords.hashing import CHEAP_HASHER, Passwords
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now
from app.extensions import db
from app.identity.models import Client, User

PASSWORD = "correct horse battery"
_numbers = count(1)


@cache
def cheap_hash(password: str) -> str:
    """As the portal hashes, at the least cost that Argon2 allows."""
    return Passwords(CHEAP_HASHER).hash(password)


def make_client_company(**values: Any) -> Client:
    company = Client(**{"name": f"Company {next(_numbers)}"} | values)
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(company)
    db.session.commit()
    return company


def make_user(role: str = "manager", *, password: str | None = PASSWORD, **values: Any) -> User:
    """A user who signs in with `PASSWORD`; one of role `client` gets a company, unless given one."""
    number = next(_numbers)
    if role == "client" and not {"client", "client_id"} & values.keys():
        values["client_id"] = make_client_company().id
    if role == "client":
        values.setdefault("company_role", "owner")
    user = User(
        **{
            "username": f"{role}{number}",
            "email": f"{role}{number}@diglit.test",
            "role": role,
            "email_confirmed_at": now(),
            "password_hash": cheap_hash(password) if password else None,
        }
        | values
    )
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(user)
    db.session.commit()
    return user
