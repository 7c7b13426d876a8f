"""The states of a match, from the proposal to the end of the engagement, and who may take which step."""

from app.core.steps import Confirm, State, Step, Steps

OVER = ("completed", "ended")
"""The states in which an engagement is behind the company, and may be reviewed."""

_NAME = "{record.assistant.name}"

MATCH = Steps(
    table="matches",
    noun="match",
    by={"staff": "matches:write", "company": "matches:write", "expert": "profile:write"},
    states=(
        State("proposed", "warning"),
        State("accepted", "success", badge="Working"),
        State("declined"),
        State("completed", "success"),
        State("ended", badge="Ended early", words="over"),
        State("withdrawn"),
    ),
    steps=(
        Step(
            "accept",
            ("proposed",),
            "accepted",
            by={"staff": "matches:write", "company": "matches:write"},
            icon="check",
            style="primary",
            confirm=Confirm(f"Take {_NAME} on?", label=f"Accept {_NAME}"),
            said=f"{_NAME} is taken on. The hours are reserved.",
        ),
        Step(
            "decline",
            ("proposed",),
            "declined",
            help="Nothing was reserved. The other proposals stay as they are.",
            said="The proposal is declined.",
        ),
        Step(
            "withdraw",
            ("proposed",),
            "withdrawn",
            by={"staff": "matches:write"},
            did="withdrew",
            confirm=Confirm("Withdraw this proposal?", f"The company is told that {_NAME} is no longer available."),
            said=f"{_NAME} is no longer proposed.",
        ),
        Step(
            "complete",
            ("accepted",),
            "completed",
            icon="check",
            style="primary",
            title="Complete the engagement",
            help="The work is done as agreed. The other side is told, and the hours are free again.",
            said="The engagement is completed.",
        ),
        Step(
            "end",
            ("accepted",),
            "ended",
            label="End early",
            past="ended early",
            did="ended",
            title="End the engagement early",
            help="The work ends before it was to. The other side is told, with your reason.",
            said="The engagement ends. The hours are free from {record.ended_on:%-d %b %Y}.",
        ),
        Step(
            "review",
            OVER,
            by={"company": "matches:write"},
            label="Write a review",
            past="reviewed",
            icon="star",
            style="primary",
            title="Give the review",
            help="The assistant and we read what you write; the stars count in the rating that everybody sees.",
            said=f"Thank you. {_NAME} will read your review.",
        ),
    ),
)
