"""A list of 5,000 rows as Excel saves it, from preview to undo; a worker that dies; two who press Apply at once."""

import os
import signal
import subprocess
import sys
from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from app.catalog.kinds import products
from app.catalog.operations import create_products
from app.catalog.schemas import ProductInput
from app.core.audit import SYSTEM
from app.core.changes import applying, staging, undo
from app.core.changes.models import State
from app.core.tenancy import as_system
from app.extensions import db
from config import ROOT

SIZE = 5_000
WRONG = [";Falsch;Büro;abc;EUR;", ";;Büro;5,00;EUR;", "x y;Falsch 2;Büro;-5,00;XYZ;"]


@pytest.fixture
def catalogue(committed_db, db_session):
    """Half as many products as the list has rows."""
    for start in range(0, SIZE // 2, 500):
        create_products(
            [
                ProductInput(name=f"Größe {n}", category="Büro", price=f"{n}.10", features=["a", "b"], description="Ä")
                for n in range(start, start + 500)
            ],
            actor=SYSTEM,
        )
    db_session.commit()
    return committed_db


@pytest.fixture
def price_list(catalogue):
    known = [f"groesse-{n};;Neu;1.{n % 900:03d},50;EUR;x | y" for n in range(SIZE // 2)]
    slugs = db.session.scalars(text("select slug from products order by created_at, id")).all()
    known = [f"{slug}{line.partition(';')[1]}{line.partition(';')[2]}" for slug, line in zip(slugs, known, strict=True)]
    new = [f";Gerät {n};Büro;{n},99 €;eur;a" for n in range(SIZE // 2 - len(WRONG))]
    return "\r\n".join(["Slug;Name;Category;Price;Currency;Features", *known, *new, *WRONG]).encode("cp1252")


def table(session):
    rows = session.execute(
        text("select to_jsonb(p) - array['updated_at', 'version'] as row from products p order by id")
    )
    return [row[0] for row in rows]


def previewed(session, content):
    change_set = staging.stage_import(session, products, content, filename="preise.csv", actor=SYSTEM)
    staging.preview_import(session, change_set)
    session.commit()
    return change_set


@pytest.mark.committed
def test_a_list_of_5000_rows_is_previewed_applied_and_undone_exactly(db_session, price_list):
    before = table(db_session)
    change_set = previewed(db_session, price_list)
    assert (change_set.rows_changed, change_set.rows_new, change_set.rows_wrong) == (2500, 2497, 3)
    assert [row.number for row in staging.list_rows(db_session, change_set, "wrong")] == [4999, 5000, 5001]
    assert table(db_session) == before
    applying.apply(db_session, change_set, actor=SYSTEM)
    db_session.commit()
    assert (change_set.state, change_set.rows_done, change_set.rows_conflict) == (State.APPLIED, 4997, 0)
    after = table(db_session)
    assert len(after) == 4997
    undo_set = undo.stage_undo(db_session, actor=SYSTEM, change_set=change_set)
    undo.preview_undo(db_session, undo_set)
    undo.carry_out(db_session, undo_set, actor=SYSTEM)
    db_session.commit()
    assert (undo_set.rows_done, undo_set.rows_conflict, change_set.state) == (4997, 0, State.UNDONE)
    assert table(db_session) == before
    redo = undo.stage_undo(db_session, actor=SYSTEM, change_set=undo_set)
    undo.preview_undo(db_session, redo)
    undo.carry_out(db_session, redo, actor=SYSTEM)
    db_session.commit()
    assert table(db_session) == after
    assert (redo.state, undo_set.state, change_set.state) == (State.APPLIED, State.UNDONE, State.APPLIED)


DYING = """
import os, signal, sys
from app import create_app
from app.core.changes import applying
from app.changes import jobs
from app.core.tenancy import as_system
original = applying.apply
def dying(session, change_set, *, actor, done):
    original(session, change_set, actor=actor, done=lambda n: n >= 1000 and os.kill(os.getpid(), signal.SIGKILL))
if sys.argv[2] == "die":
    applying.apply = dying
app = create_app()
with app.app_context(), as_system("a test"):
    jobs.apply_change_set(sys.argv[1])
    from app.extensions import db
    db.session.commit()
"""


def run_job(url, change_set, how):
    environment = {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL"}
    return subprocess.run(
        [sys.executable, "-c", DYING, str(change_set.id), how], cwd=ROOT, env=environment, timeout=120, check=False
    ).returncode


@pytest.mark.committed
def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_retry_does_it_all(catalogue, db_session, price_list):
    before = table(db_session)
    change_set = previewed(db_session, price_list)
    change_set.state = State.QUEUED
    db_session.commit()
    assert run_job(catalogue, change_set, "die") == -signal.SIGKILL
    db_session.expire_all()
    assert change_set.state == State.RUNNING
    assert table(db_session) == before
    db_session.commit()
    assert run_job(catalogue, change_set, "live") == 0
    db_session.expire_all()
    assert (change_set.state, change_set.rows_done) == (State.APPLIED, 4997)
    db_session.commit()
    assert run_job(catalogue, change_set, "live") == 0
    assert len(table(db_session)) == 4997


@pytest.mark.committed
def test_of_two_who_apply_at_once_one_does_and_the_other_is_told(app, committed_db, db_session):
    change_set = previewed(db_session, b"name,category,price,currency\nA,c,1.00,EUR\n")
    key, barrier, outcomes = change_set.id, Barrier(2), []

    def attempt():
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                locked = staging.get_change_set(db.session, key, for_update=True)
                applying.require_appliable(locked)
                applying.apply(db.session, locked, actor=SYSTEM)
                db.session.commit()
                outcomes.append("applied")
            except staging.NotOpen as error:
                db.session.rollback()
                outcomes.append(error.message)

    threads = [Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["It has been applied already.", "applied"]
    assert len(table(db_session)) == 1
