"""What workers do for automations."""

from threading import Event, Thread

from flask import Flask

from app.automations.runs.ending import end_overdue
from app.automations.runs.runner import Runner
from app.automations.runs.work import BELL
from app.extensions import db
from app.jobs import bells
from app.jobs.tasks import periodic, service


@service("automations.runner")
def run(app: Flask, stopping: Event) -> None:
    """Run workflows."""
    runner = Runner(app, stopping)

    def heard(name: str) -> None:
        if name == BELL:
            runner.bell.set()

    ears = Thread(target=bells.hear, args=(app, stopping, heard), name="bells", daemon=True)
    ears.start()
    runner.run()


@periodic(
    "23 * * * *",
    name="automations.end_overdue",
    title="End runs of automations that go on for too long",
    as_system="runs of all companies end after 30 days",
    commits=True,
)
def end_runs_that_are_overdue() -> None:
    """End runs after 30 days, a hundred to a transaction."""
    while end_overdue():
        db.session.commit()
