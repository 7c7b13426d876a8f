"""Who may do what.

The matrix says it for each role: `rw` reads and writes, `r` reads, `-` neither. A client's reading and writing is of
their own company's rows alone, and an expert's of their own assignments; the queries see to that. `m` manages: makes
and changes the records themselves, where a client's writing is to ask, to decide and to review. A scope or a limit that
leaves the writing leaves the managing too.
"""

from collections.abc import Sequence
from typing import Protocol

from app.core.domain import Domain, Row, on_install
from app.core.errors import Refused
from app.core.permissions import STAFF, Role
from app.core.sides import Side

_ROLES = (Role.ADMIN, Role.MANAGER, Role.CLIENT, Role.EXPERT)

MATRIX: dict[str, Row] = {}
"""For each resource, what the roles may do with it; each domain announces its own."""

_LETTERS = {"r": "read", "w": "write", "m": "manage"}

_BY_ROLE: dict[str, frozenset[str]] = {}
PERMISSIONS: set[str] = set()
"""Every permission that there is; an administrator has them all."""


def _learn(domains: Sequence[Domain]) -> None:
    MATRIX.clear()
    for domain in domains:
        MATRIX.update(domain.permissions)
    for at, role in enumerate(_ROLES):
        _BY_ROLE[role.value] = frozenset(
            f"{resource}:{_LETTERS[letter]}"
            for resource, row in MATRIX.items()
            for letter in row[at]
            if letter in _LETTERS
        )
    PERMISSIONS.clear()
    PERMISSIONS.update(_BY_ROLE[Role.ADMIN.value])


on_install(_learn)

_NONE: frozenset[str] = frozenset()


class Person(Protocol):
    """Whoever asks: a user, or nobody in particular."""

    @property
    def role(self) -> str | None: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def narrowed_to(self) -> frozenset[str] | None: ...


def permissions_of(person: Person) -> frozenset[str]:
    """What the person may do; nothing, for one who is suspended or hasn't signed in."""
    if person.role is None or not person.is_active:
        return _NONE
    narrowed_to = person.narrowed_to
    if narrowed_to is None:
        return _BY_ROLE[person.role]
    return frozenset(
        permission for permission in _BY_ROLE[person.role] if permission.replace(":manage", ":write") in narrowed_to
    )


def permissions_of_role(role: str) -> frozenset[str]:
    """What the role's people may do, if nothing narrows it."""
    return _BY_ROLE[role]


def can(person: Person, permission: str) -> bool:
    """Whether the person has the permission, such as `products:write`."""
    return permission in permissions_of(person)


def is_staff(person: Person) -> bool:
    return person.role in STAFF and person.is_active


def side_of(person: Person) -> Side:
    """From which side somebody meets the records of companies."""
    if is_staff(person):
        return "staff"
    return "expert" if person.role == Role.EXPERT else "company"


def is_admin(person: Person) -> bool:
    return person.role == Role.ADMIN and person.is_active


def require(allowed: bool, message: str = "You may not do this.") -> None:
    """Refuse what isn't allowed: `require(can(user, "products:write"))`."""
    if not allowed:
        raise Refused(message)
