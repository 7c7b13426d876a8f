"""The states of a request. Accepting a proposal fills it; withdrawing an engagement doesn't open it again."""

from app.core.steps import Confirm, State, Step, Steps

REQUEST = Steps(
    "match_requests",
    "request",
    states=(State("open", "info"), State("filled", "success"), State("closed")),
    steps=(
        Step(
            verb="close",
            label="Close",
            past="closed",
            from_=("open", "filled"),
            to="closed",
            by={"staff": "matches:write", "company": "matches:write"},
            icon="x",
            confirm=Confirm(
                "Close this request?",
                "Proposals that are still open are withdrawn. Engagements go on. A closed request can’t be reopened, "
                "but you can ask again.",
                "Close the request",
            ),
            said="The request is closed. Proposals that were open are withdrawn; engagements go on.",
        ),
    ),
)
