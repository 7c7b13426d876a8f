"""Ready workflows to begin with: each is deployed as it is, once its secrets and tables are there."""

from collections.abc import Sequence

from app.automations.gallery.operations import TEMPLATES as _OPERATIONS
from app.automations.gallery.people import TEMPLATES as _PEOPLE
from app.automations.gallery.sales import TEMPLATES as _SALES
from app.automations.gallery.template import Template

__all__ = ["Template", "find_template", "list_templates"]

_ALL = (*_SALES, *_OPERATIONS, *_PEOPLE)


def list_templates() -> Sequence[Template]:
    """All of them, in the order in which they are shown."""
    return _ALL


def find_template(slug: str) -> Template | None:
    return next((template for template in _ALL if template.slug == slug), None)
