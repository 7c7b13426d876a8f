"""A worker that kills itself, as `kill -9` does, where it first gets to that place."""

import os
import signal
from typing import Any

from app import create_app
from app.events import consuming, sequencing
from app.events import jobs as event_jobs
from app.extensions import db
from app.integrations.email import sending
from app.jobs.worker import run_worker

PLACES = ("sequencing", "sequenced", "handling", "moving", "moved", "sending")


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(function: Any, unless: Any = lambda _: False) -> Any:
    def dying(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        if not unless(result):
            die()
        return result

    return dying


def prepare(place: str) -> None:
    if place == "sequencing":  # ids are given, and not committed
        sequencing.sequence_events = after(sequencing.sequence_events, lambda types: not types)
    elif place == "sequenced":  # nobody is woken
        sequencing.wake_for = die
    elif place == "handling":  # inbox and mail are written, the place isn't
        consuming._hand_over = after(consuming._hand_over)
    elif place == "moving":  # everything is written, and not committed
        event_jobs.consuming.run_batch = after(consuming.run_batch, lambda done: not done)
    elif place == "moved":  # all is committed, the job isn't done
        consuming.is_behind = die
    elif place == "sending":  # the mail isn't out
        sending.send = die


if __name__ == "__main__":
    prepare(os.environ["DIES_AT"])
    app = create_app()
    with app.app_context():
        db.engine.dispose()
    run_worker(app)
