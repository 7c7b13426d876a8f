"""Workers are woken after each commit that has work for them."""

from queue import Empty, Queue
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.tenancy import as_system
from app.extensions import db
from app.jobs import bells


def test_a_bell_rings_after_each_commit_and_never_before(app: Flask, committed_db: str) -> None:
    heard: Queue[str] = Queue()
    stopping = Event()
    ears = Thread(target=bells.hear, args=(app, stopping, heard.put), daemon=True)
    ears.start()
    try:
        with app.app_context(), as_system("a test"):
            for attempt in range(200):  # until somebody listens
                bells.ring_after_commit(f"ready {attempt}")
                db.session.commit()
                try:
                    heard.get(timeout=0.05)
                except Empty:
                    continue
                break
            for name in ("one", "two", "three"):
                bells.ring_after_commit(name)
                db.session.execute(text("select 1"))
                with pytest.raises(Empty):
                    heard.get(timeout=0.1)
                db.session.commit()
                assert heard.get(timeout=5) == name
    finally:
        stopping.set()
        ears.join()
