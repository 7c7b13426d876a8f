"""What kinds of records declare, and what follows from it."""

from uuid import UUID

import pytest

from app.catalog.models import Product
from app.core import kinds
from app.core.kinds import Kind, editing_of, label_in, listing_of, register
from app.core.sides import COMPANY
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
