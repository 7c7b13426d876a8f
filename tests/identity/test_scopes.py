"""Scopes and their words."""

import pytest
from pydantic_core import PydanticCustomError

from app.identity.policy import PERMISSIONS
from app.identity.scopes import SCOPES, WORDS, check_scopes, in_order, in_words
from config import ROOT

RESOURCES = [
    "products",
    "solutions",
    "services",
    "assistants",
    "matches",
    "teams",
    "projects",
    "automations",
    "erp",
    "analytics",
    "users",
    "clients",
]


def test_scopes_are_the_permissions_that_a_program_may_be_given():
    assert set(SCOPES) == {f"{resource}:{act}" for resource in RESOURCES for act in ("read", "write")}
    assert set(SCOPES) <= PERMISSIONS


def test_each_has_words_of_its_own():
    assert len(set(WORDS.values())) == len(SCOPES)
    assert in_words("projects:write") == "Change projects"


def test_they_are_told_once_and_in_order():
    assert check_scopes(["users:read", "products:write", "users:read"]) == ["products:write", "users:read"]
    assert in_order({"erp:read", "nonsense"}) == ["erp:read"]


@pytest.mark.parametrize("unknown", ["settings:write", "products", "products:delete", "", "PRODUCTS:READ"])
def test_an_unknown_one_is_refused(unknown):
    with pytest.raises(PydanticCustomError):
        check_scopes([unknown])


def test_the_guide_for_third_parties_names_them_all():
    guide = (ROOT / "docs" / "oauth.md").read_text()
    assert [line for line in guide.splitlines() if line.startswith("| `") and ":" in line and "` | " in line][-24:] == [
        f"| `{scope}` | {words} |" for scope, words in WORDS.items()
    ]
