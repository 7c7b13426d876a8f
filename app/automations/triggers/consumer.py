"""Automations begin on events: a consumer, one for all companies."""

from app.automations.errors import Loop
from app.automations.models import Run
from app.automations.triggers import listening
from app.core.events import Event
from app.events.consuming import Effect, consumer


def effects(event: Event) -> list[Effect]:
    """The runs that the event began, and those that it didn’t, to end a loop."""
    return [Effect("Run", name, run.created_at, *_stopped(run)) for run, name in listening.runs_on(event)]


def _stopped(run: Run) -> tuple[str, ...]:
    """Why the run never began, in the words of its time."""
    error = run.error or {}
    return ("failed", error["message"]) if error.get("code") == Loop.code and run.started_at is None else ()


@consumer("automations", types=listening.types_waited_for, effects=effects)
def begin_runs(event: Event) -> None:
    """Begin the runs of all automations that wait for the event."""
    listening.begin_runs_on(event)
