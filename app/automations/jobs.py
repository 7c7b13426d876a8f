"""What workers do for automations."""

from threading import Event, Thread

from flask import Flask

from app.automations.runs.runner import Runner
from app.automations.runs.work import BELL
from app.jobs import bells
from app.jobs.tasks import service


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
