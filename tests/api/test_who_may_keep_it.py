"""What depends on who asks is kept by nobody but the caller."""

import re

import pytest

from app.api.openapi import endpoints
from tests.factories.assistants import make_assistant
from tests.factories.automations import make_automation, make_run, make_secret
from tests.factories.data_tables import make_data_row, make_data_table
from tests.factories.projects import make_project, make_team

MINE = re.compile(r"private|no-store")


def reads(app):
    return [each for each in endpoints(app) if each.method == "get"]


def addresses(app, program):
    """The address of every read, as far as there is something to read at it."""
    for each in reads(app):
        path = each.path
        parent = path.split("/{")[0]
        if "{" in path:
            listed = program.get(parent)
            found = (
                listed.json[0] if listed.status_code == 200 and isinstance(listed.json, list) and listed.json else {}
            )
            path = re.sub("{[^}]+}", str(found.get("id", "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10")), path, count=1)
            path = re.sub("{[^}]+}", "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10", path)
        yield path


def test_what_a_signed_in_caller_reads_is_private(
    app, api, make_user, make_product, make_solution, make_service_category
):
    make_solution(products=[make_product()])
    make_service_category()
    make_project(team=make_team(members=[make_assistant()]))
    make_run(automation := make_automation())
    make_run(make_automation(client=automation.client))
    make_secret(automation.client)
    make_data_row(make_data_table(columns={"note": "text"}))
    good = 0
    for role in ("admin", "client", "expert"):
        own = {"client_id": automation.client_id} if role == "client" else {}
        program = api(make_user(role=role, **own))
        for path in addresses(app, program):
            for method in ("GET", "HEAD"):
                answer = program.open(path, method=method)
                if path == "/api/auth/jwks.json":
                    continue  # what tokens are verified with, the same for everybody
                assert MINE.search(answer.headers["Cache-Control"]), (method, path, answer.headers["Cache-Control"])
                if answer.status_code == 200:
                    good += 1
                    again = program.open(path, method=method, headers={"If-None-Match": answer.headers["ETag"]})
                    assert again.status_code == 304, path
                    assert MINE.search(again.headers["Cache-Control"]), path
                    assert "Authorization" in answer.headers["Vary"], path
    assert good > 3 * len(reads(app))


def test_what_everybody_reads_may_be_kept_and_is_asked_for_anew(app, client, make_product):
    make_product()
    for path in ("/api", "/api/openapi.json", "/api/products", "/api/expert-teams", "/api/virtual-assistants"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-cache", path
        assert "Authorization" in answer.headers["Vary"], path


def test_what_changes_something_is_not_kept_at_all(app, api, make_user):
    admin = api(make_user(role="admin"))
    for each in endpoints(app):
        if each.method != "get":
            path = re.sub("{[^}]+}", "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10", each.path)
            answer = admin.open(path, method=each.method.upper(), json={})
            assert answer.headers["Cache-Control"] == "no-store", path


@pytest.mark.parametrize("path", ["/admin/products/export.csv", "/admin/audit/export.csv", "/admin/palette?q=a", "/"])
def test_no_page_and_no_file_made_for_somebody_is_kept(as_manager, path):
    answer = as_manager.get(path)
    assert answer.status_code in (200, 302, 303), answer.status
    assert MINE.search(answer.headers["Cache-Control"])
