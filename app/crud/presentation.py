"""What the pages of a kind have of their own for an audience, where the table and the fields of the form don't do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """The templates of a kind's pages, each of which extends the one it stands for, and what they are given."""

    index: str = "records/index.html"
    results: str = "records/_results.html"
    show: str = "records/show.html"
    list_at: str = ""
    """Where the list is, below the other pages of the kind, if it isn't the first of them."""
    loads: tuple[Any, ...] | None = None
    """With load options, the list is drawn from the records themselves."""
    takes: Collection[str] | None = None
    """The parameters that the list takes; None is all that are for the audience."""
    is_selectable: bool = False
    """Whether rows are ticked for what the template of the results does with them, in place of bulk changes."""
    list_context: Callable[[Any], Mapping[str, Any]] | None = None
    """What the list's page is given besides: a function of the `Listed`."""
    usual: Mapping[str, Any] = field(default_factory=dict)
    """What the list is asked for where nothing is said."""
    find: Callable[[str], Any] | None = None
    """Finds the record of an address for the person who asks, where that takes more than `get_record`."""
    above: Sequence[tuple[str, str]] = ()
    """The pages that lead to the list, as labels and addresses, for the breadcrumbs."""
    context: Callable[[Any], Mapping[str, Any]] | None = None
    """What the record's page is given, in place of the fields of the form."""


def serves(name: str) -> bool:
    """Whether the kind whose page this is has that page for this audience."""
    return f"{request.blueprint}.{name}" in current_app.view_functions
