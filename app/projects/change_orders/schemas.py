"""What is taken and answered of change orders."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.core.money import SignedAmount, SignedMoneyOut
from app.core.schemas import Amount, Day, Input, Line, Number, Output, Prose, TimeOut

MOST_CHANGES = 200

OptionalDay = Annotated[date, Day()] | None
OptionalAmount = Annotated[Decimal, Amount()] | None
Hours = Annotated[Decimal, Number(0, 99999, decimals=2, unit="hours")]
Days = Annotated[int, Number(1, 1000, unit="working days")]
Title = Annotated[str, Line(160, min_length=1), Field(title="Title")]
BudgetChange = Annotated[
    Decimal,
    SignedAmount(help="What is added to the budget; with a minus, taken off it."),
    Field(title="Budget, more or less"),
]


class DeliverableChange(Input):
    """What happens to one deliverable: a new one is added, one that is there changes (in the fields that are sent), or
    is cancelled."""

    action: Literal["add", "change", "cancel"]
    deliverable_id: UUID | None = Field(default=None, description="Which one changes or is cancelled.")
    title: Title | None = None
    start_date: OptionalDay = None
    due_date: OptionalDay = None
    duration_days: Days | None = None
    estimate_hours: Hours | None = None
    budget: OptionalAmount = None


class ChangeOrderHead(Input):
    """What a change order says besides what happens to deliverables."""

    title: Title
    reason: Annotated[str, Prose(5000, help="Why, for the client who is to approve it."), Field(title="Reason")] = ""
    budget_change: BudgetChange = Decimal(0)
    new_end_date: OptionalDay = Field(default=None, title="New last day")


class ChangeOrderInput(ChangeOrderHead):
    """A change of what was agreed. `changes` is the whole list."""

    changes: Annotated[list[DeliverableChange], Field(max_length=MOST_CHANGES)] = Field(default_factory=list)


class DeliverableRow(Input):
    """A deliverable as it would be after the change, in the form; an `id` is one that is there."""

    id: UUID | None = Field(default=None)
    title: Title
    start_date: OptionalDay = Field(default=None, title="Starts")
    due_date: OptionalDay = Field(default=None, title="Due")
    duration_days: Days | None = Field(default=None, title="Takes")
    estimate_hours: Hours | None = Field(default=None, title="Estimate")
    budget: OptionalAmount = Field(default=None, title="Part of the budget")


class ChangeOrderForm(ChangeOrderHead):
    """The form: the deliverables as they would be after the change. One that is removed here would be cancelled."""

    deliverables: Annotated[list[DeliverableRow], Field(max_length=MOST_CHANGES, title="Deliverables")] = Field(
        default_factory=list
    )


class DecisionInput(Input):
    """A company's decision."""

    note: Annotated[str, Prose(2000), Field(title="Note")] = ""
    client_id: UUID | None = Field(default=None, description="For whom staff decide; others leave it out.")


class ChangeOrderOut(Output):
    id: UUID
    project_id: UUID
    number: int
    title: str
    reason: str
    status: str
    budget_change: SignedMoneyOut
    new_end_date: date | None
    changes: list[dict[str, Any]]
    before: dict[str, Any] | None
    proposed_at: TimeOut | None
    decided_at: TimeOut | None
    note: str
    created_at: TimeOut
    updated_at: TimeOut


EDITED = tuple(name for name in DeliverableRow.model_fields if name != "id")
"""The fields of a deliverable that a change order may change."""
