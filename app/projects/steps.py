"""The states of a project, and the steps that staff take it through. The company and the team hear of each."""

from app.core.steps import Confirm, State, Step, Steps

_FREE = "Its hours are free again from today on"

PROJECT = Steps(
    table="projects",
    noun="project",
    label="name",
    by={"staff": "projects:manage"},
    action="mark-{to}",
    said="“{record.name}” is {state}.",
    states=(
        State("requested", "warning"),
        State("planned", "info"),
        State("active", "success", words="under way"),
        State("on_hold", "warning"),
        State("completed", "success"),
        State("cancelled"),
    ),
    steps=(
        Step("plan", ("requested",), "planned", label="Mark as planned", icon="checklist", style="primary"),
        Step("start", ("planned",), "active", past="started", icon="player-play", style="primary"),
        Step(
            "resume",
            ("on_hold",),
            "active",
            past="resumed",
            action="resume-project",
            icon="player-play",
            style="primary",
        ),
        Step(
            "hold",
            ("active",),
            "on_hold",
            label="Put on hold",
            past="put on hold",
            did="paused",
            done="put it on hold",
            icon="player-pause",
        ),
        Step(
            "complete",
            ("active",),
            "completed",
            icon="circle-check",
            confirm=Confirm("Complete “{record.name}”?", f"{_FREE}, and nothing in it changes any more."),
        ),
        Step(
            "cancel",
            ("requested", "planned", "active", "on_hold"),
            "cancelled",
            icon="ban",
            style="danger",
            confirm=Confirm(
                "Cancel “{record.name}”?", f"{_FREE}, and it can’t be taken up again.", "Cancel the project"
            ),
        ),
    ),
)
