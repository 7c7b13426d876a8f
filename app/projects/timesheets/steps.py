"""The states of logged time: it waits for staff, who approve it or send it back to be put right."""

from app.core.steps import By, State, Step, Steps

_STAFF: By = {"staff": "projects:manage"}
_UNDECIDED = ("submitted", "rejected")

TIME_ENTRY = Steps(
    table="time_entries",
    noun="time entry",
    by={"staff": "time:write", "expert": "time:write"},
    action="{verb}-time",
    did="{past} time on",
    done="{past} time",
    states=(State("submitted", "warning"), State("approved", "success"), State("rejected", "danger")),
    steps=(
        Step(
            "approve",
            ("submitted",),
            "approved",
            by=_STAFF,
            said="Approved.",
            about="Approve a time entry.\n\n"
            "Its cost is spent from then on. At 50, 80 and 100 percent of the budget the company and staff hear of it, "
            "once each.",
        ),
        Step(
            "reject",
            ("submitted",),
            "rejected",
            by=_STAFF,
            label="Send back",
            past="sent back",
            did="sent time back on",
            done="sent time back",
            said="Sent back, with your reason.",
            about="Send a time entry back to whoever logged it, with the reason.",
        ),
        Step("correct", _UNDECIDED, "submitted", past="corrected", action="change-time"),
        Step("delete", _UNDECIDED, past="deleted"),
    ),
)
