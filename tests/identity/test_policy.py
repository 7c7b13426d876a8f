"""The permission matrix, written out once more from the contract."""

import pytest

from app.core.errors import Refused
from app.identity.models import User
from app.identity.policy import MATRIX, PERMISSIONS, can, is_admin, is_staff, permissions_of, require

# What a manager may do is all of the business; people, audit, jobs and settings only to look at.
BUSINESS = ["products", "solutions", "services", "assistants", "matches", "teams", "projects"]
BUSINESS += ["automations", "erp", "analytics", "clients", "seeing"]
BUSINESS += ["time"]
LOOKED_AT = ["users", "audit", "jobs", "settings", "skills"]

MAY = {
    "admin": {f"{name}:{verb}" for name in [*BUSINESS, *LOOKED_AT, "profile"] for verb in ("read", "write")}
    - {"audit:write"}
    | {"projects:manage"},
    "manager": {f"{name}:{verb}" for name in BUSINESS for verb in ("read", "write")}
    | {f"{name}:read" for name in LOOKED_AT}
    | {"projects:manage"},
    "client": {f"{name}:read" for name in BUSINESS if name not in ("clients", "seeing", "time")}
    | {f"{name}:write" for name in ("matches", "projects", "automations", "erp", "analytics")},
    "expert": {f"{name}:read" for name in ("products", "solutions", "services", "assistants", "teams", "projects")}
    | {f"{name}:{verb}" for name in ("profile", "time") for verb in ("read", "write")},
}


def user(role, status="active"):
    return User(username=role, role=role, status=status)


@pytest.mark.parametrize("role", MAY)
def test_each_role_has_these_permissions_and_no_others(role):
    assert permissions_of(user(role)) == MAY[role]


@pytest.mark.parametrize("role", MAY)
def test_writing_includes_reading(role):
    held = permissions_of(user(role))
    assert {name.replace(":write", ":read") for name in held} <= held


@pytest.mark.parametrize("role", MAY)
def test_a_suspended_user_has_no_permission(role):
    assert permissions_of(user(role, "suspended")) == frozenset()


def test_nobody_writes_the_audit():
    assert "audit:write" not in PERMISSIONS
    assert not can(user("admin"), "audit:write")


def test_an_unknown_permission_is_nobodys():
    assert not can(user("admin"), "products:delete")


def test_every_row_names_every_role():
    assert {len(row) for row in MATRIX.values()} == {4}


def test_managers_are_staff_but_no_administrators():
    assert is_staff(user("manager"))
    assert not is_admin(user("manager"))
    assert is_staff(user("admin"))
    assert is_admin(user("admin"))
    assert not is_staff(user("client"))
    assert not is_staff(user("admin", "suspended"))


def test_require_refuses():
    require(True)
    with pytest.raises(Refused):
        require(False)
