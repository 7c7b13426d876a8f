"""Roles and permission names. A permission is `<resource>:<read|write>`; an API scope is the same name."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    CLIENT = "client"
    EXPERT = "expert"


STAFF = frozenset({Role.ADMIN, Role.MANAGER})
