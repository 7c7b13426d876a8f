from app.core.steps import By, Confirm, State, Step, Steps

BOTH: By = {"staff": "orders:write", "company": "orders:write"}

ORDER = Steps(
    table="orders",
    noun="order",
    label="number",
    by={"staff": "orders:write"},
    action="{verb}-order",
    said="{record.number} is {state}.",
    states=(State("draft"), State("placed", "info"), State("delivered", "success"), State("cancelled")),
    steps=(
        Step("edit", ("draft",), by=BOTH, past="changed", icon="pencil"),
        Step("place", ("draft",), "placed", by=BOTH, icon="send", style="primary"),
        Step("deliver", ("placed",), "delivered", icon="truck", style="primary"),
        Step("pay", ("placed", "delivered"), label="Record a payment", past="paid", said="Recorded.", icon="cash"),
        Step("cancel", ("draft", "placed"), "cancelled", by=BOTH, style="danger", confirm=Confirm("Cancel the order?")),
    ),
)
