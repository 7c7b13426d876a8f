"""Automations begin on events: a consumer, one for all companies."""

from app.automations.triggers import listening
from app.automations.triggers.loops import LOOP
from app.core.events import Event
from app.events.consuming import Effect, consumer


def effects(event: Event) -> list[Effect]:
    """The runs that the event began, and those that it didn’t, to end a loop."""
    return [
        Effect("Run", name, run.created_at, *(("failed", LOOP["message"]) if run.error == LOOP else ()))
        for run, name in listening.runs_on(event)
    ]


@consumer("automations", types=listening.types_waited_for, effects=effects)
def begin_runs(event: Event) -> None:
    """Begin the runs of all automations that wait for the event."""
    listening.begin_runs_on(event)
