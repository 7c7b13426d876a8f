"""The states of a change order. We draft and propose it, the company decides."""

from app.core.steps import By, Confirm, State, Step, Steps

_COMPANY: By = {"company": "projects:write"}

ORDER = Steps(
    table="change_orders",
    noun="change",
    label="title",
    by={"staff": "projects:manage"},
    action="{verb}-change",
    did="{past} a change of",
    done="{past} a change order",
    states=(
        State("draft", words="a draft"),
        State("proposed", "warning"),
        State("approved", "success"),
        State("declined"),
        State("withdrawn"),
    ),
    steps=(
        Step(
            "edit",
            ("draft",),
            "draft",
            past="edited",
            action="redraft-change",
            icon="pencil",
            did="changed a draft for",
            done="changed a draft change order",
        ),
        Step(
            "withdraw",
            ("draft", "proposed"),
            "withdrawn",
            did="withdrew a change of",
            done="withdrew a change order",
            said="Withdrawn.",
            icon="x",
            style="danger",
            confirm=Confirm("Withdraw this change order?", "It stays in the list, and can’t be proposed any more."),
            about="Take back a draft or a proposal.",
        ),
        Step(
            "propose",
            ("draft",),
            "proposed",
            label="Propose to the client",
            said="Proposed. The client has been told.",
            icon="send",
            style="primary",
            about="Propose a draft to the client.",
        ),
        Step(
            "approve",
            ("proposed",),
            "approved",
            by=_COMPANY,
            said="Approved. The project’s plan is changed.",
            about="Approve a change order, as the client.\n\n"
            "Budget, last day and deliverables change at once, and so does what was agreed. It is refused (409) when "
            "the project\nhas changed since the order was proposed, and when the team isn't free for the new dates.",
        ),
        Step(
            "decline",
            ("proposed",),
            "declined",
            by=_COMPANY,
            said="Declined. Nothing changes.",
            about="Decline a change order, as the client. Nothing changes.",
        ),
    ),
)
