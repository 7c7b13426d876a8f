"""The pages of what language models cost, and the form of a company's budget."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request
from flask_login import current_user
from pydantic import Field

from app.automations.monitoring import blueprint_views as on
from app.automations.monitoring import costs, savings
from app.automations.monitoring.places import BASES
from app.automations.outbox.budgets import set_budget, usual_budget
from app.automations.outbox.models import LARGEST_BUDGET
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.numbers import Number
from app.core.schemas import Input
from app.core.sides import STAFF, Side
from app.web.filters import money
from app.web.forms import SchemaForm, form_class
from app.web.refusals import submitted


class BudgetInput(Input):
    """A company's budget for a month. Blank is the usual one."""

    amount: Annotated[
        Decimal | None,
        Number(0, LARGEST_BUDGET, decimals=2, unit="USD"),
        Field(title="Monthly budget"),
    ] = None


def cost(side: Side) -> str:
    return _page(side, on.company_asked())


def set_company_budget(side: Side, client_id: UUID) -> Any:
    """Give a company a budget of its own, or the usual one again."""
    if costs.budget_for(client_id) is None:
        raise NotFound("Company not found.")

    def page(form: SchemaForm, status: int) -> Any:
        return make_response(_page(side, client_id, form), status)

    with submitted(BudgetInput, page) as values:
        set_budget(client_id, values.amount, actor=current_user)
    flash("Budget reset to the default." if values.amount is None else "Budget saved.", "success")
    return redirect(f"{BASES[side]}/costs?client_id={client_id}", 303)


def cost_calls(side: Side) -> str:
    """The calls behind a figure, each with its run and step."""
    client_id = on.company_asked()
    if client_id is None or (company := costs.budget_for(client_id)) is None:
        raise NotFound("Choose a company.")
    month = on.month_asked(savings.months_back())
    automation_id, model = as_uuid(request.args.get("automation")), request.args.get("model", "")[:500]
    found = costs.calls_of(
        client_id, month, automation_id=automation_id, model=model.replace("\0", ""),
        before=as_uuid(request.args.get("before")),
    )  # fmt: skip
    return render_template(
        "automations/cost_calls.html", found=found, month=month, client_id=client_id, company=company.company,
        automation_id=automation_id, model=model,
    )  # fmt: skip


def _page(side: Side, client_id: UUID | None, form: SchemaForm | None = None) -> str:
    months = savings.months_back()
    month = on.month_asked(months)
    budget = costs.budget_for(client_id) if client_id is not None else None
    if client_id is not None and budget is None:
        raise NotFound("Company not found.")
    own = budget.budget if budget is not None and budget.is_own else None
    spendings = costs.by_month(client_id, months)
    parts = costs.parts(client_id, month)
    return render_template(
        "automations/costs.html",
        client_id=client_id,
        month=month,
        months=spendings,
        budget=budget,
        budgets=costs.budgets() if side == STAFF and client_id is None else [],
        parts=parts,
        rest=next(one.spent for one in spendings if one.month == month) - sum(part.spent for part in parts),
        most=costs.MOST,
        form=_with_default(form or form_class(BudgetInput)(data={"amount": own})),
    )


def _with_default(form: SchemaForm) -> SchemaForm:
    form.fields["amount"].description = f"Leave blank for the default, {money(usual_budget())}."
    return form


on.page("/costs", cost)
on.page("/costs/calls", cost_calls)
on.page("/costs/<uuid:client_id>/budget", set_company_budget, methods=("POST",), writes=True, sides=(STAFF,))
