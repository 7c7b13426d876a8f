"""The states of logged time: it waits for staff, who approve it or send it back to be put right."""

from app.core.steps import By, State, Step, Steps

_BY_STAFF: By = {"staff": "projects:manage"}
_BY_TEAM: By = {"staff": "time:write", "expert": "time:write"}
_UNDECIDED = ("submitted", "rejected")

TIME_ENTRY = Steps(
    "time_entries",
    "time entry",
    states=(State("submitted", "warning"), State("approved", "success"), State("rejected", "danger")),
    steps=(
        Step(
            verb="approve",
            label="Approve",
            past="approved",
            from_=("submitted",),
            to="approved",
            by=_BY_STAFF,
            action="approve-time",
            did="approved time on",
            done="approved time",
            said="Approved.",
            icon="check",
            style="primary",
            about="Approve a time entry.\n\n"
            "Its cost is spent from then on. At 50, 80 and 100 percent of the budget the company and staff hear of it, "
            "once each.",
        ),
        Step(
            verb="reject",
            label="Send back",
            past="sent back",
            from_=("submitted",),
            to="rejected",
            by=_BY_STAFF,
            action="reject-time",
            did="sent time back on",
            done="sent time back",
            said="Sent back, with your reason.",
            icon="arrow-back-up",
            about="Send a time entry back to whoever logged it, with the reason.",
        ),
        Step(
            verb="correct",
            label="Correct",
            past="corrected",
            from_=_UNDECIDED,
            to="submitted",
            by=_BY_TEAM,
            action="change-time",
            did="corrected time on",
            done="corrected time",
        ),
        Step(
            verb="delete",
            label="Delete",
            past="deleted",
            from_=_UNDECIDED,
            by=_BY_TEAM,
            action="delete-time",
            did="deleted time on",
            done="deleted time",
        ),
    ),
)
