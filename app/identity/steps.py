"""The states of a user's account and of a company."""

from app.core.steps import Confirm, State, Step, Steps

USER = Steps(
    table="users",
    noun="user",
    label="username",
    by={"staff": "users:write"},
    said="“{record.username}” is {state}.",
    states=(State("invited", "warning"), State("active", "success"), State("suspended", "danger")),
    steps=(
        Step(
            "suspend",
            ("invited", "active"),
            "suspended",
            icon="lock",
            style="danger",
            confirm=Confirm(
                "Suspend “{record.username}”?",
                "Every sign-in, key and app of theirs stops working at once. You can reactivate the account later.",
            ),
        ),
        Step("reactivate", ("suspended",), "active", past="reactivated", icon="rotate", style="primary"),
        Step(
            "reopen",
            ("suspended",),
            "invited",
            label="Reactivate",
            past="reactivated",
            action="reactivate",
            icon="rotate",
            style="primary",
        ),
    ),
)

COMPANY = Steps(
    table="clients",
    noun="company",
    label="name",
    by={"staff": "clients:write"},
    said="“{record.name}” is {state}.",
    states=(State("active", "success"), State("suspended", "danger")),
    steps=(
        Step(
            "suspend",
            ("active",),
            "suspended",
            icon="lock",
            style="danger",
            confirm=Confirm(
                "Suspend “{record.name}”?",
                "None of its people, keys and apps can come in from now on. You can reactivate it later.",
            ),
        ),
        Step("reactivate", ("suspended",), "active", past="reactivated", icon="rotate", style="primary"),
    ),
)
