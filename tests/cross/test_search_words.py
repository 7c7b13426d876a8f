"""Whose words the search may put others right with: a public list's own, and nobody else's."""

from typing import Any

import pytest
from sqlalchemy import text

from app.core import kinds
from app.core.kinds import Kind
from tests.factories.projects import make_team


def _kinds() -> list[Kind]:
    return [one.kind for one in kinds.listings() if one.spec.searchable]


@pytest.fixture
def teaching(db_session: Any) -> set[str]:
    """The tables whose rows teach the search their words."""
    query = "select tgrelid::regclass::text from pg_trigger where tgname = 'learn_insert'"
    return set(db_session.scalars(text(query)))


def test_the_tables_of_public_lists_teach_their_words_and_no_others_do(app: Any, teaching: set[str]) -> None:
    public = {kind.table for kind in _kinds() if kind.listing.spec.words_are_public}
    assert {"products", "teams"} <= public
    assert teaching == public


def test_the_table_of_each_list_with_a_search_has_the_words(db_session: Any) -> None:
    query = "select table_name from information_schema.columns where column_name = 'search' and udt_name = 'tsvector'"
    assert {kind.table for kind in _kinds()} - set(db_session.scalars(text(query))) == set()


def test_a_word_that_only_a_team_has_is_put_right_to_it(as_manager: Any) -> None:
    make_team(name="Kubernetes Wranglers")
    page = as_manager.get("/admin/teams?q=wranglres").text
    assert "Kubernetes Wranglers" in page
