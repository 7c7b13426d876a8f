"""The states of a batch assignment: looked at, then applied or discarded."""

from app.core.steps import State, Step, Steps

ASSIGNMENT = Steps(
    "batch_assignments",
    "assignment",
    states=(State("previewed", "warning"), State("applied", "success"), State("discarded")),
    steps=(
        Step(
            verb="discard",
            label="Discard",
            past="discarded",
            from_=("previewed",),
            to="discarded",
            by={"staff": "matches:write"},
            said="Discarded. Nothing was changed.",
        ),
        Step(
            verb="apply",
            label="Apply",
            past="applied",
            from_=("previewed",),
            to="applied",
            by={"staff": "matches:write"},
            icon="check",
            style="primary",
        ),
    ),
)
