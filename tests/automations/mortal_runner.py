"""Runners as processes of their own, for tests that kill and freeze them. One process imports the portal, and forks one
for each line that it reads: `{"database": address, "dies": place, "clock": seconds, "idle": seconds}`. It answers with
the number of the process."""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from app import create_app
from app.automations.runs import runner, work
from app.core import clock
from app.core.tenancy import NOBODY, set_tenant
from app.extensions import db

PLACES = ("beginning", "begun", "called", "finishing", "finished", "looking", "looked")
LEASE = timedelta(seconds=0.6)


class ShiftedClock:
    """One that is wrong by so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.by = timedelta(seconds=seconds)

    @property
    def held_at(self) -> datetime:
        return datetime.now(UTC) + self.by


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    def dying(*arguments: Any, **named: Any) -> None:
        function(*arguments, **named)
        die()

    return dying


def doom(place: str) -> None:
    """Have this process killed where it first gets to that place."""
    match place:
        case "beginning":  # nothing of the try is committed
            runner.begin_try = after(runner.begin_try)
        case "begun":  # the try is written down, the service isn't asked
            runner.call = lambda *_: die()
        case "called":  # the service has answered
            runner.call = after(runner.call)
        case "finishing":  # the result isn't committed
            runner.finish_try = after(runner.finish_try)
        case "finished":  # the result is, and nobody knows yet what follows
            runner.do_step = after(runner.do_step)
        case "looking":  # what follows isn't committed
            runner.advance = after(runner.advance)
        case "looked":
            runner.Runner._commit_advance = after(runner.Runner._commit_advance)


def run(wish: dict[str, Any]) -> None:
    os.environ["DATABASE_URL"] = wish["database"]
    app = create_app()
    work.LEASE, work.RENEW_EVERY, runner.WAKE_EVERY, runner.IDLE = LEASE, 0.2, 0.1, wish.get("idle", 0.02)
    if wish.get("clock"):
        clock._clock = ShiftedClock(wish["clock"])
    doom(wish.get("dies", ""))
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    runner.Runner(app, stopping).run()


def main() -> None:
    app = create_app()
    with app.app_context():
        db.engine.dispose()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The dead needn't be waited for.
    set_tenant(NOBODY)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            os.close(0)
            run(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
