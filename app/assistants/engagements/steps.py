"""The states of a match, from the proposal to the end of the engagement, and who may take which step."""

from app.core.steps import By, Confirm, State, Step, Steps

OVER = ("completed", "ended")
"""The states in which an engagement is behind the company, and may be reviewed."""

_ALL: By = {"staff": "matches:write", "company": "matches:write", "expert": "profile:write"}

MATCH = Steps(
    "matches",
    "match",
    states=(
        State("proposed", "warning"),
        State("accepted", "success", badge="Working"),
        State("declined"),
        State("completed", "success"),
        State("ended", badge="Ended early", words="ended early"),
        State("withdrawn"),
    ),
    steps=(
        Step(
            verb="accept",
            label="Accept",
            past="accepted",
            from_=("proposed",),
            to="accepted",
            by={"staff": "matches:write", "company": "matches:write"},
            icon="check",
            style="primary",
            confirm=Confirm("Take {record.assistant.name} on?", label="Accept {record.assistant.name}"),
            said="{record.assistant.name} is taken on. The hours are reserved.",
        ),
        Step(
            verb="decline",
            label="Decline",
            past="declined",
            from_=("proposed",),
            to="declined",
            by=_ALL,
            help="Nothing was reserved. The other proposals stay as they are.",
            said="The proposal is declined.",
        ),
        Step(
            verb="withdraw",
            label="Withdraw",
            past="withdrawn",
            from_=("proposed",),
            to="withdrawn",
            by={"staff": "matches:write"},
            did="withdrew",
            confirm=Confirm(
                "Withdraw this proposal?", "The company is told that {record.assistant.name} is no longer available."
            ),
            said="{record.assistant.name} is no longer proposed.",
        ),
        Step(
            verb="complete",
            label="Complete",
            past="completed",
            from_=("accepted",),
            to="completed",
            by=_ALL,
            icon="check",
            style="primary",
            title="Complete the engagement",
            help="The work is done as agreed. The other side is told, and the hours are free again.",
            said="The engagement is completed.",
        ),
        Step(
            verb="end",
            label="End early",
            past="ended",
            from_=("accepted",),
            to="ended",
            by=_ALL,
            title="End the engagement early",
            help="The work ends before it was to. The other side is told, with your reason.",
            said="The engagement ends. The hours are free from {record.ended_on:%d %b %Y}.",
        ),
        Step(
            verb="review",
            label="Write a review",
            past="reviewed",
            from_=OVER,
            by={"company": "matches:write"},
            icon="star",
            style="primary",
            title="Give the review",
            help="What you write is read by the assistant and by us; the stars count in the rating that everybody "
            "sees. A review is given once.",
            said="Thank you. {record.assistant.name} will read your review.",
        ),
    ),
)
