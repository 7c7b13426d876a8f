"""Who may do what, in words: the page `/admin/permissions` and docs/permissions.md are made from this, and this from
`policy.MATRIX`, the scopes and the URL map."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.core.permissions import Role
from app.identity.policy import MATRIX, permissions_of_role
from app.identity.scopes import WORDS

ROLES = tuple(role.value for role in Role)
_STAFF = (Role.ADMIN.value, Role.MANAGER.value)

ROLE_WORDS = {
    Role.ADMIN: "Everything. Gives roles, suspends and merges accounts, resets second factors.",
    Role.MANAGER: "Staff: all of the business. Reads users, the audit, jobs and settings, but changes none of them. "
    "Manages companies and invites clients and experts.",
    Role.CLIENT: "Belongs to one client company, and sees and acts for that company alone.",
    Role.EXPERT: "A virtual assistant or a member of a team: their own profile and assignments.",
}

STANDINGS = (
    (
        "Owner of a company",
        "A client who also manages the company’s people: invites and removes them, limits what a member may do, makes "
        "others owners, asks for a second factor, and manages the company’s API keys and apps. An owner can’t be "
        "limited, and a company keeps its last owner.",
    ),
    (
        "Member of a company",
        "A client with the role’s permissions, or as many of them as an owner has left. A change counts at the next "
        "request.",
    ),
    (
        "Suspended, or of a suspended company",
        "Nothing: every sign-in, token and key stops working at once.",
    ),
    (
        "Staff who see as a customer",
        "What that customer sees, for 30 minutes at most. Nothing can be changed meanwhile, and the customer is told.",
    ),
    (
        "API key or app",
        "Acts for the person or the company that let it in, with those of their permissions that its scopes name. A "
        "scope narrows, and never widens. What is a person’s own (password, sessions, keys, second factor) is closed "
        "to it.",
    ),
)

AUDIENCES = {
    "public": "everyone",
    "entrance": "everyone: a way in",
    "signed-in": "everyone who is signed in",
    "person": "everyone who is signed in, in person",
    "owner": "owners of companies, for their own",
    "staff": "staff",
    "admin": "administrators",
}

MARKS = {"rwm": "read, write and manage", "rw": "read and write", "r": "read", "-": "nothing"}


@dataclass(frozen=True)
class Row:
    """A line of the matrix: for each role `rwm`, `rw`, `r` or `-`."""

    resource: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """An address, and whom it is for."""

    methods: str
    path: str
    audience: str
    roles: tuple[str, ...]
    of_staff: bool

    @property
    def in_words(self) -> str:
        """Whom it is for; a permission stays as it is."""
        return ("staff with " if self.of_staff else "") + AUDIENCES.get(self.audience, self.audience)


def rows() -> list[Row]:
    return [Row(resource, tuple(_cell(resource, role) for role in ROLES)) for resource in MATRIX]


def _cell(resource: str, role: str) -> str:
    """What `can` answers people of that role, in letters."""
    held = permissions_of_role(role)
    return "".join(act[0] for act in ("read", "write", "manage") if f"{resource}:{act}" in held) or "-"


def scopes() -> list[tuple[str, str, tuple[str, ...]]]:
    """Every scope: its name, what it means, and the roles that it can mean anything to."""
    return [(name, words, roles_with(name)) for name, words in WORDS.items()]


def roles_with(permission: str) -> tuple[str, ...]:
    return tuple(role for role in ROLES if permission in permissions_of_role(role))


def routes(app: Flask) -> Iterator[Route]:
    """Every address of the application but files, with whom its view is for, in the order of the paths."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, _methods(rule))):
        audience = getattr(app.view_functions.get(rule.endpoint), "audience", None)
        if audience is not None and not rule.rule.startswith(("/static/", "/api/v1")):
            yield Route(_methods(rule), rule.rule, audience.name, _roles_of(audience), audience.of_staff)


def _methods(rule: Rule) -> str:
    return ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def _roles_of(audience: Any) -> tuple[str, ...]:
    name = audience.name
    if name == "admin":
        return (Role.ADMIN.value,)
    if name == "staff":
        return _STAFF
    if name == "owner":
        return (Role.ADMIN.value, Role.CLIENT.value)
    roles = roles_with(name) if ":" in name else ROLES
    return tuple(role for role in roles if role in _STAFF or not audience.of_staff)
