"""The states of a batch assignment: looked at, then applied or discarded."""

from app.core.steps import State, Step, Steps

ASSIGNMENT = Steps(
    table="batch_assignments",
    noun="assignment",
    by={"staff": "matches:write"},
    states=(State("previewed", "warning"), State("applied", "success"), State("discarded")),
    steps=(
        Step("discard", ("previewed",), "discarded", said="Discarded. Nothing was changed."),
        Step("apply", ("previewed",), "applied", icon="check", style="primary"),
    ),
)
