"""What publishing costs, what wakes the sequencer at what price, and what an old transaction does to it.

    DATABASE_URL=postgresql://… python -m benchmarks.events

The database must have the schema, and be one to spoil: it fills `events`. Figures are of one run; compare those that
stand together.
"""

import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
from flask import Flask
from sqlalchemy import func, select, text

from app import create_app
from app.core.events import Event, publish
from app.core.tenancy import as_system
from app.events import consuming, sequencing
from app.extensions import db
from app.identity.models import User

PUBLISHERS, SECONDS = 16, 4.0
ROW = """insert into event_outbox (type, table_name, record_id, actor_name, change_id, data)
         values ('user.suspended', 'users', %s, 'x', %s, '{}')"""
MANY = """insert into event_outbox (type, table_name, record_id, actor_name, change_id, data)
          select 'project.completed', 'projects', gen_random_uuid(), 'x', gen_random_uuid(), '{"project": "x"}'
            from generate_series(1, :many)"""


def timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def commits_per_second(url: str, then: str = "") -> float:
    """Publishers that commit one event each, side by side."""
    end, made = time.monotonic() + SECONDS, [0] * PUBLISHERS

    def work(at: int) -> None:
        with psycopg.connect(url) as connection:
            while time.monotonic() < end:
                connection.execute(ROW, [uuid4(), uuid4()])
                if then:
                    connection.execute(then)
                connection.commit()
                made[at] += 1

    threads = [threading.Thread(target=work, args=(at,)) for at in range(PUBLISHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(made) / SECONDS


def sequence_all() -> None:
    while sequencing.sequence_events():
        db.session.commit()
    db.session.commit()


def publishing() -> None:
    user = db.session.scalars(select(User).limit(1)).one()

    def one() -> None:
        publish("user.suspended", about=user, actor=user)

    one()
    print(f"publish, in an open transaction: {median(timed(one) for _ in range(500)):.3f} ms")
    db.session.rollback()


def waking(url: str) -> None:
    for _ in range(2):
        plain, notified = commits_per_second(url), commits_per_second(url, "select pg_notify('events', '')")
        print(f"{PUBLISHERS} publishers: {plain:,.0f} commits/s; with NOTIFY {notified:,.0f}")
    sequence_all()
    looking = median(timed(lambda: (sequencing.sequence_events(), db.session.rollback())) for _ in range(200))
    print(f"a look at an empty outbox: {looking:.2f} ms")


def many() -> None:
    db.session.execute(text(MANY), {"many": 10_000})
    db.session.commit()
    print(f"10,000 events given their places: {timed(sequence_all):.0f} ms")


def beside_an_old_transaction(url: str) -> None:
    with psycopg.connect(url) as old:
        old.execute("select pg_current_xact_id()")
        for _ in range(10):
            many_more = 10_000
            db.session.execute(text(MANY), {"many": many_more})
            db.session.commit()
            sequence_all()
        looking = median(timed(lambda: (sequencing.sequence_events(), db.session.rollback())) for _ in range(50))
        print(f"a look beside a transaction that keeps 100,000 moved rows alive: {looking:.2f} ms")


def reading(rows: int = 1_000_000) -> None:
    there = db.session.scalar(select(func.count()).select_from(Event)) or 0
    for _ in range((rows - there) // 100_000):
        db.session.execute(text(MANY), {"many": 100_000})
        db.session.commit()
        sequence_all()
    db.session.execute(text("analyze events"))
    consuming.ensure_places()
    db.session.execute(text("update event_consumers set last_id = 0"))
    db.session.commit()
    one = consuming.consumer_named("notifications")
    newest = db.session.scalar(select(func.max(Event.id))) or 0
    query = consuming.next_events(one, 0, newest, 50)
    print(f"a consumer's next 50 of {newest:,} events, its types rare: {median(_read(query) for _ in range(9)):.2f} ms")


def _read(query: Any) -> float:
    return timed(lambda: db.session.execute(query).all())


def main(app: Flask) -> None:
    url = str(app.config["SQLALCHEMY_DATABASE_URI"]).replace("+psycopg", "")
    with as_system("a benchmark"):
        publishing()
        waking(url)
        many()
        beside_an_old_transaction(url)
        reading()


if __name__ == "__main__":
    application = create_app()
    with application.app_context():
        main(application)
