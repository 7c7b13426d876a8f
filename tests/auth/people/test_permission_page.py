"""The page of permissions says what the rules answer."""

import re
from dataclasses import dataclass

import pytest

from app.auth.people import permission_matrix
from app.identity.policy import MATRIX, can


@dataclass
class Someone:
    role: str
    is_active: bool = True
    narrowed_to: frozenset[str] | None = None


def table(html):
    rows = re.findall(r'<tr><th scope="row" class="cell-main">(.*?)</th>(.*?)</tr>', html, flags=re.DOTALL)
    return {name.lower(): re.findall(r'data-label="(\w+)">\s*<span[^>]*>(.*?)</span>', cells) for name, cells in rows}


def words(resource, role):
    acts = [act for act in ("read", "write", "manage") if can(Someone(role), f"{resource}:{act}")]
    return {0: "Nothing", 1: "Read", 2: "Read and write", 3: "Read, write and manage"}[len(acts)]


@pytest.mark.parametrize("resource", ["products", "projects", "skills", "time", "users", "profile"])
def test_each_cell_is_what_the_rules_answer(as_manager, resource):
    shown = table(as_manager.get("/admin/permissions").text)
    assert shown[resource] == [(role.capitalize(), words(resource, role)) for role in permission_matrix.ROLES]


def test_what_the_portal_does_not_have_is_left_out(as_manager):
    page = as_manager.get("/admin/permissions").text
    assert set(table(page)) <= set(MATRIX) - {"erp", "analytics"}
    assert "erp:read" not in page


@pytest.mark.parametrize("path", ["/account/api-keys/new", "/admin/applications/new"])
def test_forms_offer_the_scopes_that_open_something(as_admin, path):
    page = as_admin.get(path).text
    assert "products:read" in page
    assert "erp:read" not in page
