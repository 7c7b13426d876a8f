"""What is promised of PostgreSQL from 15 on, on a real one, for an owner who is no superuser."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app import create_app
from app.core import roles
from app.core.tenancy import NOBODY, TenantContext, tenant_context
from app.extensions import db
from app.jobs.queue import enqueue
from tests.client import PortalClient
from tests.conftest import settings_for
from tests.factories import PASSWORD, make_client_company, make_user
from tests.ops.example_jobs import TABLE
from tests.ops.test_jobs import eventually, worker
from tests.other_servers import OTHERS, make_installation, other_server, programs_of


@pytest.fixture(scope="module", params=OTHERS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    programs = programs_of(request.param)
    if programs is None:
        pytest.skip(f"PostgreSQL {request.param} isn't installed")
    with other_server(programs) as server:
        yield make_installation(server, "portal", "portal_owner")


@pytest.fixture(scope="module")
def portal(url: str) -> Iterator[Flask]:
    """The application, on a schema that has been up, down and up again."""
    app = create_app(settings_for(url))
    app.test_client_class = PortalClient
    with app.app_context():
        upgrade()
        downgrade(revision="base")
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_people_sign_in(portal):
    user = make_user(role="manager")
    assert portal.test_client().get("/login").status_code == 200
    browser = portal.test_client()
    answer = browser.post("/login", data={"username": user.username, "password": PASSWORD})
    assert (answer.status_code, browser.get("/admin/products").status_code) == (303, 200)
    wrong = portal.test_client().post("/api/auth/login", json={"username": user.username, "password": "not this one"})
    assert wrong.status_code == 401


def test_companies_are_kept_apart(portal):
    company, _other = make_client_company(), make_client_company()
    who = text("select current_user::text, count(*) from clients")
    assert db.session.execute(who).one()[1] >= 2
    with tenant_context(TenantContext(client_id=company.id)):
        assert db.session.execute(who).one()[1] == 1
    with tenant_context(NOBODY):
        assert db.session.execute(who).one()[1] == 0
    db.session.rollback()


def test_jobs_run(portal, url: str, tmp_path: Path):
    with psycopg.connect(url) as owner:
        owner.execute(TABLE)
        owner.execute(f"grant all on marks to {roles.own().staff}")
    enqueue(db.session, "examples.mark", what="done")
    db.session.commit()

    def marks() -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(text("select mark from marks")))

    with worker(url, tmp_path):
        eventually(lambda: marks() == ["done"])
