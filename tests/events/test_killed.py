"""A manager changes the state of a project: one event, written once; inbox, mail and history have it once, wherever the
worker is killed in between. The portal and the workers are processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from app.core.events.models import Delivery, Event, PublishedEvent
from app.core.tenancy import as_system
from app.extensions import db
from app.integrations.email.mailbox import Mailbox
from app.notifications.models import Notification, OutgoingMail
from config import ROOT
from tests.events.dying_worker import PLACES
from tests.factories import PASSWORD, make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team
from tests.live import serving


@contextmanager
def worker(app: Flask, url: str, folder: Path, *, dies_at: str = "") -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "SECRET_KEY": str(app.secret_key),
        "DATA_DIR": str(folder),
        "FLASK_RUN_FROM_CLI": "true",
        "DIES_AT": dies_at,
    }
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.events.dying_worker"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def eventually(what: Callable[[], Any], within: float = 60.0) -> Any:
    end = time.monotonic() + within
    while time.monotonic() < end:
        db.session.rollback()
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {within} seconds")


def rows(model: Any, *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


@pytest.mark.committed
def test_a_state_is_changed_and_inbox_mail_and_history_have_it_though_the_worker_is_killed(
    app: Flask, committed_db: str, db_session: Any, tmp_path: Path
) -> None:
    manager, customer, expert = make_user(role="manager"), make_user(role="client"), make_user(role="expert")
    team = make_team(members=[make_assistant(user=expert)])
    project = make_project(client=customer.client, team=team, name="Migration")
    path, name, key = f"/api/expert-teams/projects/{project.id}", project.name, project.id
    told = {customer.id: customer.email, expert.id: expert.email}
    named = manager.username
    db.session.commit()

    with serving(app, committed_db, tmp_path) as portal:
        signed_in = requests.post(
            f"{portal}/api/auth/login", json={"username": named, "password": PASSWORD}, timeout=30
        ).json()
        program = {"Authorization": f"Bearer {signed_in['access_token']}"}
        changed = requests.patch(portal + path, json={"status": "on_hold"}, headers=program, timeout=30)
        assert (changed.status_code, changed.json()["status"]) == (200, "on_hold")
        assert (rows(PublishedEvent), rows(Event), rows(Notification), rows(OutgoingMail)) == (1, 0, 0, 0)

        for place in PLACES:
            with worker(app, committed_db, tmp_path, dies_at=place) as dying:
                assert dying.wait(60) == -9, place
        with worker(app, committed_db, tmp_path):
            eventually(lambda: rows(OutgoingMail, OutgoingMail.sent_at.is_not(None)) == 2)
            eventually(lambda: rows(Delivery) == 1)

    with as_system("a test"):
        db.session.rollback()
        event = db.session.scalars(select(Event)).one()
        assert rows(PublishedEvent) == 0
        assert (event.type, event.record_id, event.record_label, event.actor_name) == (
            "project.status_changed", key, name, named,
        )  # fmt: skip
        assert event.values == {"project": name, "old": "active", "status": "on_hold", "state": "on hold"}
        delivery = db.session.scalars(select(Delivery)).one()
        assert (delivery.consumer, delivery.state, delivery.attempts) == ("notifications", "done", 1)
        notices = db.session.scalars(select(Notification)).all()
        assert {(one.user_id, one.title, one.event_id) for one in notices} == {
            (user_id, "“Migration” is on hold", event.id) for user_id in told
        }
        assert len(notices) == 2
        mails = db.session.scalars(select(OutgoingMail)).all()
        assert sorted(mail.address for mail in mails) == sorted(told.values())
        assert all(mail.sent_at and mail.event_id == event.id for mail in mails)
    sent = [mail for mail in Mailbox(tmp_path).newest(100) if mail.to in told.values()]
    assert len(sent) == 2
