"""The states of a deliverable: the team works and hands in, the company decides. Change orders alone cancel one."""

from app.core.steps import By, Confirm, State, Step, Steps

_TEAM: By = {"staff": "time:write", "expert": "time:write"}
_COMPANY: By = {"staff": "projects:write", "company": "projects:write"}
_BEFORE = ("planned", "in_progress", "changes_requested")

DELIVERABLE = Steps(
    table="deliverables",
    noun="deliverable",
    label="title",
    action="{verb}-work",
    did="{past} work on",
    done="{past} a deliverable",
    states=(
        State("planned", "info"),
        State("in_progress", "info"),
        State("submitted", "warning", words="handed in"),
        State("changes_requested", "warning", words="to be changed"),
        State("approved", "success"),
        State("cancelled"),
    ),
    steps=(
        Step(
            "start",
            ("planned", "changes_requested"),
            "in_progress",
            by=_TEAM,
            past="started",
            said="“{record.title}” is in progress.",
            icon="player-play",
            about="Begin to work on a deliverable.",
        ),
        Step(
            "submit",
            _BEFORE,
            "submitted",
            by=_TEAM,
            label="Hand in",
            icon="send",
            about="Hand in a deliverable for approval.\n\n"
            "What depends on it moves as the preview of `finish` shows; with the preview's `version` only if that "
            "still holds.",
        ),
        Step(
            "approve",
            ("submitted",),
            "approved",
            by=_COMPANY,
            said="You approved “{record.title}”.",
            icon="check",
            style="primary",
            confirm=Confirm("Approve “{record.title}”?", "It counts as delivered from then on. The team hears of it."),
            about="Approve a deliverable that was handed in.",
        ),
        Step(
            "request-changes",
            ("submitted",),
            "changes_requested",
            by=_COMPANY,
            label="Ask for changes",
            past="sent back",
            action="return-work",
            did="asked for changes in",
            done="asked for changes to a deliverable",
            said="The team hears what is to be changed in “{record.title}”.",
            icon="message-2",
            about="Hand a deliverable back, and say what is to be changed.",
        ),
    ),
)
