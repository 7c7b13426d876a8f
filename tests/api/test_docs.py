"""The documentation for people."""

import re

from app.api.openapi import document


def test_every_operation_has_its_place_and_an_example(app, client):
    page = client.get("/api/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    with app.test_request_context():
        told = document()
    for path, methods in told["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"].replace("_", "-")}"' in page.text, path
    assert "curl" in page.text


def test_page_loads_nothing_from_elsewhere_and_holds_no_script_or_style(client):
    page = client.get("/api/docs").text
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "<style" not in page
    assert " style=" not in page


def test_type_of_a_problem_leads_to_its_explanation(client):
    told = client.get("/api/products?limit=0").json
    path, _, anchor = told["type"].partition("#")
    assert f'id="{anchor}"' in client.get(path).text
