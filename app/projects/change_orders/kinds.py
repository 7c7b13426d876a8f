"""A project's change orders as a list."""

from uuid import UUID

from app.core.kinds import Kind, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, query_schema_below
from app.core.steps import state_filter
from app.projects.change_orders.models import ChangeOrder
from app.projects.change_orders.steps import ORDER

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

OrderQuery = query_schema_below(ORDERS, "project", "proposed")
"""The parameters of one project's list: the address says which project, and who asks whether drafts are in it."""

change_orders = register(
    Kind(
        key="change-orders",
        model=ChangeOrder,
        singular="change order",
        plural="change orders",
        label=ChangeOrder.title,
        pages={},
        untold=frozenset({"before"}),
    )
)
