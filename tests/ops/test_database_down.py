"""The database stops under a running portal: everybody is told so, and to come back."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.api import cached
from app.cli.preparation import OLDEST_SERVER
from app.extensions import db
from tests.client import PortalClient
from tests.conftest import migrate, settings_for
from tests.factories import PASSWORD, make_user
from tests.other_servers import make_installation, other_server, programs_of, run_as_server

PROGRAMS = programs_of(OLDEST_SERVER)
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason=f"PostgreSQL {OLDEST_SERVER} isn't installed")


@pytest.fixture
def portal() -> Iterator[Flask]:
    assert PROGRAMS is not None
    with other_server(PROGRAMS) as server:
        url = make_installation(server, "portal", "portal_owner")
        migrate(settings_for(url))
        app = create_app(settings_for(url))
        app.test_client_class = PortalClient
        app.config["PROPAGATE_EXCEPTIONS"] = False
        with app.app_context():
            app.extensions["stop"] = lambda: run_as_server(
                PROGRAMS / "pg_ctl", "-D", f"{server.partition('host=')[2]}/data", "-m", "immediate", "stop"
            )
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.mark.parametrize("keeps", [False, True])
def test_people_and_programs_are_told_that_the_database_is_down(portal: Flask, keeps: bool):
    if keeps:
        cached.switch_on(portal)
    known = {"username": make_user(role="manager").username, "password": PASSWORD}
    signed_in, stranger, program = portal.test_client(), portal.test_client(), portal.test_client()
    assert signed_in.post("/login", data=known).status_code == 303
    assert signed_in.get("/admin/products").status_code == 200
    token = program.post("/api/auth/login", json=known).json["access_token"]
    assert stranger.get("/api/products").status_code == 200
    db.session.remove()
    portal.extensions["stop"]()

    htmx = {"HX-Request": "true", "HX-Target": "results"}
    pages = [
        signed_in.get("/admin/products"),
        signed_in.get("/admin/products", headers=htmx),
        stranger.post("/login", data=known),
    ]
    for answer in pages:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "The database can’t be reached" in answer.text.replace("&#39;", "’").replace("'", "’")
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        answer = portal.test_client().get("/api/products", headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == 503
