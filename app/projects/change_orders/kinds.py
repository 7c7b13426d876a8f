"""A project's change orders, declared for the API and the history."""

from typing import Any
from uuid import UUID

from app.core.kinds import Editing, Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns
from app.core.sides import EXPERT
from app.core.steps import state_filter
from app.identity.identities import Identity
from app.identity.policy import is_staff, require, side_of
from app.projects.change_orders import operations
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.schemas import ChangeOrderInput, ChangeOrderOut
from app.projects.change_orders.steps import ORDER
from app.projects.kinds import projects

ORDERS = ListSpec(
    model=ChangeOrder,
    columns=(Column("id", "Id", ChangeOrder.id, shown=False), *date_columns(ChangeOrder, shown="")),
    filters=(
        state_filter(ORDER, ChangeOrder.status, "Status"),
        Filter("project", "Project", UUID, lambda value: ChangeOrder.project_id == value),
        Filter("proposed", "Proposed", bool, lambda value: ChangeOrder.proposed_at.is_not(None) == value),
    ),
    sorts=(Sort("number", "Number", ChangeOrder.number),),
    default_sort="-number",
    searchable=False,
    words_are_public=False,
)


def _filters_for(person: Identity) -> dict[str, Any]:
    """Staff see all, the company what was proposed to it. Raises `Refused` for the team."""
    require(side_of(person) != EXPERT, "Change orders are between DIG|LIT and the company.")
    return {} if is_staff(person) else {"proposed": True}


change_orders = register(
    Kind(
        key="change-orders",
        model=ChangeOrder,
        singular="change order",
        plural="change orders",
        label=ChangeOrder.title,
        parent=projects,
        visible_to=_filters_for,
        untold=frozenset({"before"}),
    )
)
register(Listing(change_orders, ORDERS, ChangeOrderOut))
register(
    Editing(
        change_orders,
        ChangeOrderInput,
        create_below=operations.create_change_order,
        update=operations.update_change_order,
    )
)
