"""The states of a request. Accepting a proposal fills it."""

from app.core.steps import Confirm, State, Step, Steps

REQUEST = Steps(
    table="match_requests",
    noun="request",
    by={"staff": "matches:write", "company": "matches:write"},
    states=(State("open", "info"), State("filled", "success"), State("closed")),
    steps=(
        Step(
            "close",
            ("open", "filled"),
            "closed",
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
