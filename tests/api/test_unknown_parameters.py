"""A query parameter that an operation doesn't have is refused, as a field of a body is."""

from uuid import uuid4

import pytest

from app.api.openapi import endpoints


def every_address(app):
    for each in endpoints(app):
        path = each.path
        while "{" in path:
            path = f"{path[: path.index('{')]}{uuid4()}{path[path.index('}') + 1 :]}"
        yield each, path


def test_no_operation_takes_an_unknown_parameter(app, api, make_user):
    admin = api(make_user(role="admin"))
    for each, path in every_address(app):
        if each.operation.takes:
            continue  # any query is handed on, as a part of what is delivered
        answer = admin.open(path, method=each.method.upper(), query_string={"nonsense": "1"}, json={})
        assert answer.status_code == 422, (each.method, path, answer.text)
        assert answer.json["errors"][0]["pointer"] == "/query/nonsense", (each.method, path)
        assert answer.json["errors"][0]["code"] == "extra_forbidden"


def test_who_may_not_do_it_hears_that_first(app, client, api, make_user):
    expert = api(make_user(role="expert"))
    for each, path in every_address(app):
        if each.needs_sign_in:
            assert client.open(f"{path}?nonsense=1", method=each.method.upper(), json={}).status_code == 401, path
    assert expert.get("/api/users?nonsense=1").status_code == 403


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/solutions", "min_price"), ("/api/projects-of-nobody", None), ("/api/products/x", "q"), ("/api", "limit")],
)
def test_parameters_of_other_lists_are_unknown(client, path, name):
    answer = client.get(path, query_string={name or "x": "1"})
    assert answer.status_code == (422 if name else 404)
    if name:
        assert [error["pointer"] for error in answer.json["errors"]] == [f"/query/{name}"]


def test_name_of_a_parameter_is_pointed_at_as_a_json_pointer(client):
    answer = client.get("/api/products", query_string={"a/b~c": "1", "limit": "0"})
    assert {error["pointer"] for error in answer.json["errors"]} == {"/query/a~1b~0c", "/query/limit"}


def test_pages_pass_over_what_they_do_not_know(as_manager):
    assert as_manager.get("/admin/products?nonsense=1&limit=").status_code == 200
