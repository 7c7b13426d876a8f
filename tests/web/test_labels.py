"""Words of the program's own are read by their labels."""

import re

import pytest

from app.web.filters import isolated
from tests.factories.projects import make_project


@pytest.mark.parametrize("path", ["projects", "matches", "users", "clients", "skills", "time"])
def test_no_filter_and_no_cell_shows_a_key(as_manager, path):
    make_project(status="on_hold")
    page = as_manager.get(f"/admin/{path}").text
    shown = re.findall(r"<option[^>]*>([^<]*)</option>", page) + re.findall(r'<span class="badge[^>]*>([^<]*)<', page)
    assert [word for word in shown if re.fullmatch(r"[a-z]+(_[a-z]+)*", word.strip())] == []


def test_the_filter_still_sends_the_key(as_manager):
    make_project(status="on_hold", name="Paused")
    page = as_manager.get("/admin/projects?status=on_hold").text
    assert '<option value="on_hold" selected>On hold</option>' in page
    assert "Paused" in page


def test_a_name_in_a_notice_turns_nothing_around_it():
    assert isolated("“כיסא <3>” is archived, 3 left.") == "“<bdi>כיסא &lt;3&gt;</bdi>” is archived, 3 left."
    assert isolated("“Chair <3>” is archived") == "“Chair &lt;3&gt;” is archived"
