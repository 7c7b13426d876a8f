"""Whatever was told nothing sees no company's rows: a job, a thread, a new process, a bare engine."""

import json
import os
import subprocess
import sys
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.core.engine import register_engine_events
from app.core.modules import import_every
from app.core.tenancy import NOBODY, current_tenant
from app.extensions import db
from app.jobs.caller import Caller
from app.jobs.queue import CALLER
from config import ROOT, sqlalchemy_url
from tests.cross.test_rls import READ_BY_ALL

pytestmark = pytest.mark.committed

READ_BY_EVERYBODY = {*READ_BY_ALL, "assistant_skills"}
import_every("models")  # by itself, the test would know those tables alone that other tests have imported
TABLES = [table.name for table in db.metadata.sorted_tables if table.name not in READ_BY_EVERYBODY]
PROCESS = """
import json, sys
from app import create_app
from app.extensions import db
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
found = {}
with create_app().app_context():
    for table in json.loads(sys.argv[1]):
        try:
            found[table] = db.session.scalar(text(f'select count(*) from "{table}"'))
        except ProgrammingError:
            found[table] = "refused"
        db.session.rollback()
print(json.dumps(found))
"""


@pytest.fixture
def filled(committed_db: str, db_session: Any, fill_every_table: Any) -> str:
    """The address of a database with rows in every table."""
    fill_every_table()
    db_session.commit()
    empty = [table for table in TABLES if not db_session.scalar(text(f'select count(*) from "{table}"'))]
    assert empty == []
    db_session.rollback()
    return committed_db


def seen(session: Session) -> dict[str, int]:
    """How many rows of which table the session sees, where it sees any."""
    found = {}
    for table in TABLES:
        try:
            found[table] = session.scalar(text(f'select count(*) from "{table}"')) or 0
        except ProgrammingError:  # no right to it at all
            found[table] = 0
        session.rollback()
    return {table: number for table, number in found.items() if number}


def test_a_job_that_nobody_caused_sees_nothing(filled, db_session):
    with Caller.from_json({}).resumed():
        assert current_tenant() == NOBODY
        assert seen(db_session()) == {}
    assert set(seen(db_session())) == set(TABLES)


@pytest.mark.parametrize("kept", [{"request_id": "r"}, {"tenant": {}}, {"actor": {"name": "anna"}}])
def test_what_a_job_lacks_is_nobodys(kept):
    assert Caller.from_json(kept).tenant == NOBODY
    assert CALLER == "_caller"


def test_a_thread_sees_nothing(filled, app):
    found: list[Any] = []

    def look() -> None:
        with app.app_context():
            found.append(seen(db.session()))
            db.session.remove()

    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert found == [{}]


def test_a_bare_engine_in_a_thread_sees_nothing(filled, app):
    engine = create_engine(sqlalchemy_url(filled))
    register_engine_events(engine, app)
    found: list[Any] = []

    def look() -> None:
        with Session(engine) as session:
            found.append(seen(session))

    thread = Thread(target=look)
    thread.start()
    thread.join()
    engine.dispose()
    assert found == [{}]


def test_a_new_process_sees_nothing(filled, tmp_path):
    environment = {**os.environ, "DATABASE_URL": filled, "SECRET_KEY": "s" * 40, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PROCESS, json.dumps(TABLES)]
    answer = subprocess.run(command, cwd=ROOT, env=environment, timeout=60, check=True, capture_output=True)
    found = json.loads(answer.stdout)
    assert {table: number for table, number in found.items() if number not in (0, "refused")} == {}
    assert "projects" in found
