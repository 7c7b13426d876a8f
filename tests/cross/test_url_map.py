"""Every route says who may use it."""

from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, UUIDConverter


def routes(app: Flask):
    return [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]


def test_every_route_states_its_audience(app):
    silent = [f"{rule.rule} ({rule.endpoint})" for rule, view in routes(app) if not getattr(view, "audience", None)]
    assert silent == []


def test_a_view_that_states_none_is_refused_even_to_administrators(app, as_admin, monkeypatch):
    def forgotten():
        return "open"

    monkeypatch.setitem(app.view_functions, "portal.home", forgotten)
    assert as_admin.get("/admin/").status_code in (403, 500)


def fitting(converter):
    if isinstance(converter, IntegerConverter):
        return 1
    return UUID(int=1) if isinstance(converter, UUIDConverter) else "x"


@pytest.mark.parametrize("role", ["anonymous", "client", "expert"])
def test_staff_pages_are_closed_to_others(app, request, role):
    browser = request.getfixturevalue("client" if role == "anonymous" else f"as_{role}")
    pages = [rule for rule, _ in routes(app) if rule.rule.startswith("/admin") and "GET" in rule.methods]
    assert len(pages) > 20
    for rule in pages:
        path = rule.build({name: fitting(kind) for name, kind in rule._converters.items()}, append_unknown=False)[1]
        answer = browser.get(path)
        if role == "anonymous":
            assert answer.status_code in (302, 303, 401), path
        else:
            assert answer.status_code in (403, 404), path
