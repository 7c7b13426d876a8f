"""The states of a deliverable: the team works and hands in, the company decides. Change orders alone cancel one."""

from app.core.steps import By, Confirm, State, Step, Steps

_BY_TEAM: By = {"staff": "time:write", "expert": "time:write"}
_BY_COMPANY: By = {"staff": "projects:write", "company": "projects:write"}

DELIVERABLE = Steps(
    "deliverables",
    "deliverable",
    label="title",
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
            verb="start",
            label="Start",
            past="started",
            from_=("planned", "changes_requested"),
            to="in_progress",
            by=_BY_TEAM,
            action="start-work",
            did="began work on",
            done="started a deliverable",
            said="“{record.title}” is in progress.",
            icon="player-play",
            about="Begin to work on a deliverable.",
        ),
        Step(
            verb="submit",
            label="Hand in",
            past="handed in",
            from_=("planned", "in_progress", "changes_requested"),
            to="submitted",
            by=_BY_TEAM,
            action="submit-work",
            did="handed in work on",
            done="submitted a deliverable",
            said="“{record.title}” is handed in.",
            icon="send",
            about="Hand in a deliverable for approval.\n\n"
            "What depends on it moves as the preview of `finish` shows; with the preview's `version` only if that "
            "still holds.",
        ),
        Step(
            verb="approve",
            label="Approve",
            past="approved",
            from_=("submitted",),
            to="approved",
            by=_BY_COMPANY,
            action="approve-work",
            did="approved work on",
            done="approved a deliverable",
            said="You approved “{record.title}”.",
            icon="check",
            style="primary",
            confirm=Confirm("Approve “{record.title}”?", "It counts as delivered from then on. The team hears of it."),
            about="Approve a deliverable that was handed in.",
        ),
        Step(
            verb="request-changes",
            label="Ask for changes",
            past="sent back",
            from_=("submitted",),
            to="changes_requested",
            by=_BY_COMPANY,
            action="return-work",
            did="asked for changes in",
            done="asked for changes to a deliverable",
            said="The team hears what is to be changed in “{record.title}”.",
            icon="message-2",
            about="Hand a deliverable back, and say what is to be changed.",
        ),
    ),
)
