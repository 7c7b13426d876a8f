"""What kinds of records declare, and what follows from it."""

from uuid import UUID

import pytest

from app.catalog.models import Product
from app.core import kinds
from app.core.kinds import Kind, editing_of, label_in, listing_of, register
from app.core.sides import COMPANY
from app.identity.models import User
from app.projects.kinds import projects

pytestmark = pytest.mark.usefixtures("app")


def test_a_second_declaration_of_a_kind_is_refused():
    twin = Kind(key="products", model=Product, singular="product", plural="products", label=Product.name)
    with pytest.raises(ValueError, match="products"):
        register(twin)
    assert kinds.get_kind("products") is not twin


def test_each_list_stands_where_its_kind_says():
    assert projects.base() == "/admin/projects"
    assert projects.base(COMPANY) == "/dashboard/projects"
    assert kinds.get_kind("change-orders").base() == ""
    assert kinds.get_kind("change-orders").url(UUID(int=1)) == ""


def test_a_kind_below_another_has_its_permissions_unless_it_names_its_own():
    orders, time = kinds.get_kind("change-orders"), kinds.get_kind("time")
    assert (orders.read_permission, orders.write_permission) == ("projects:read", "projects:manage")
    assert (time.read_permission, time.write_permission) == ("time:read", "time:write")
    assert orders.api_below("1") == "/expert-teams/projects/1/change-orders"


def test_a_part_of_a_record_stays_in_its_history_though_it_is_a_kind():
    assert kinds.find_by_table("time_off") is kinds.get_kind("assistants")
    assert kinds.find_by_table("change_orders") is kinds.get_kind("change-orders")


def test_the_list_of_a_kind_below_another_is_narrowed_by_it():
    below = [kind for kind in kinds.every() if kind.parent is not None and kind.listing is not None]
    assert {kind.key for kind in below} >= {"change-orders", "time", "time-off"}
    for kind in below:
        assert kind.held_below(User(id=UUID(int=1))).keys() <= {each.name for each in listing_of(kind).spec.filters}


def test_parts_are_called_by_their_own_labels():
    named = {table: str(found[1].key) for table in ("offerings", "milestones") if (found := label_in(table))}
    assert named == {"offerings": "name", "milestones": "title"}
    assert label_in("solution_products") is None


def test_every_form_shows_fields_of_its_input_and_every_bulk_change_sets_one():
    for kind in kinds.every():
        if kind.editing is not None:
            fields = set(editing_of(kind).input.model_fields)
            assert {name for group in kind.editing.form for name in group.fields} <= fields, kind.key
            assert kind.filing is None or set(kind.filing.bulk_fields) <= fields, kind.key


def test_what_narrows_a_kind_is_a_filter_of_its_list():
    class Client:
        role, client_id, id = "client", UUID(int=1), UUID(int=2)

    for kind in kinds.every():
        held = kind.held_to(Client())
        if held:
            assert held.keys() <= {each.name for each in listing_of(kind).spec.filters}, kind.key
