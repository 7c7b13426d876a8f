"""The states of automations and of their runs."""

from app.core.steps import By, Confirm, State, Step, Steps

BOTH: By = {"staff": "automations:write", "company": "automations:write"}

AUTOMATION = Steps(
    table="automations",
    noun="automation",
    label="name",
    by=BOTH,
    action="{verb}-automation",
    said="“{record.name}” is {state}.",
    states=(State("active", "success"), State("paused", "warning")),
    steps=(
        Step(
            "pause",
            ("active",),
            "paused",
            icon="player-pause",
            about="Pause an automation.\n\nNo new runs start until you resume it. Runs that have started continue.",
        ),
        Step(
            "resume",
            ("paused",),
            "active",
            past="resumed",
            icon="player-play",
            style="primary",
            about="Resume an automation.\n\nRuns that were due while it was paused are not made up for.",
        ),
    ),
)

RUN = Steps(
    table="automation_runs",
    noun="run",
    label="id",
    by=BOTH,
    action="{verb}-run",
    said="The run is {state}.",
    states=(
        State("queued"),
        State("running", "info"),
        State("waiting"),
        State("succeeded", "success"),
        State("failed", "danger"),
        State("cancelled"),
    ),
    steps=(
        Step(
            "cancel",
            ("queued", "running", "waiting"),
            "cancelled",
            icon="ban",
            style="danger",
            confirm=Confirm("Cancel the run?", "Steps that haven’t started won’t run."),
        ),
    ),
)
"""The runner moves runs by itself; people only cancel them."""
