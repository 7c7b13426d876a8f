"""Tasks that the tests of the queue run, in a worker process of their own: `python -m tests.ops.example_jobs`."""

import time
from contextlib import suppress
from decimal import Decimal

from sqlalchemy import text

from app import create_app
from app.catalog.operations import create_product
from app.catalog.schemas import ProductInput
from app.core import audit
from app.core.errors import Conflict
from app.extensions import db
from app.jobs.current import current_job
from app.jobs.progress import report
from app.jobs.tasks import task
from app.jobs.worker import run_worker

TABLE = "create table if not exists marks (mark text, job_id bigint, at timestamptz default clock_timestamp())"


def mark(what: str) -> None:
    job = current_job()
    assert job is not None
    db.session.execute(text("insert into marks (mark, job_id) values (:what, :id)"), {"what": what, "id": job.id})


@task("examples.mark")
def leave_mark(what: str) -> None:
    mark(what)


@task("examples.origin")
def leave_origin() -> None:
    context = audit.audit_context()
    mark(f"{context.via} {context.request_id}")


@task("examples.companies")
def see_companies() -> None:
    mark(" ".join(sorted(db.session.scalars(text("select name from clients")))))


@task("examples.own-companies", tenant=True)
def see_own_companies() -> None:
    see_companies()


@task("examples.all-companies", as_system="a test of what looks across companies")
def see_all_companies() -> None:
    see_companies()


@task("examples.make", as_system="a test of who signs")
def make_product() -> None:
    job = current_job()
    assert job is not None
    create_product(ProductInput(name="Made by a job", category="Tests", price=Decimal(1)), actor=job.actor)


def commit_between() -> None:
    mark("first")
    db.session.commit()
    mark("second")


task("examples.commit")(commit_between)


@task("examples.commit-declared", commits=True)
def commit_as_declared() -> None:
    commit_between()


@task("examples.savepoint")
def use_savepoints() -> None:
    with suppress(Conflict), db.session.begin_nested():
        mark("rolled back")
        raise Conflict("Not this one.")
    with db.session.begin_nested():
        mark("in a savepoint")
        with db.session.begin_nested():
            mark("in one within")


@task("examples.slow")
def be_slow(seconds: float) -> None:
    """Takes its time between a mark that only the end commits and one that is there at once."""
    mark("begun")
    report(1, 2, "half way")
    with db.engine.begin() as connection:
        connection.execute(text("insert into marks (mark) values ('running')"))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.05)
        report(1, 2)
    mark("ended")


@task("examples.fail", max_attempts=2)
def fail() -> None:
    mark("never seen")
    raise RuntimeError("the other end is down")


@task("examples.refuse")
def refuse() -> None:
    raise Conflict("It is too late for that.")


if __name__ == "__main__":
    run_worker(create_app())
