"""What the project pages include of money, time and change orders.

    render_template("projects/show.html", project=project, **panels_of(project, current_user))

and in the page `{% include "projects/_budget.html" %}`, `"projects/_change_orders.html"`, `"projects/_time.html"`. Each
partial draws nothing where its panel isn't for the person.
"""

from typing import Any

from app.auth.person import Identity
from app.projects.models import Project


def panels_of(project: Project, person: Identity) -> dict[str, Any]:
    """The context of all three partials."""
    return {
        "budget_panel": budget_panel(project, person),
        "orders_panel": change_orders_panel(project, person),
        "time_panel": time_panel(project, person),
    }


def budget_panel(project: Project, person: Identity) -> Any:
    """Figures and burn chart, for the company and staff; None for others."""
    return None


def change_orders_panel(project: Project, person: Identity) -> Any:
    """The project's change orders, as far as the person sees them."""
    return None


def time_panel(project: Project, person: Identity) -> Any:
    """Time that was logged, for staff and the team's members; None for others."""
    return None
