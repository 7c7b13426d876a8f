"""News of projects (see `app/core/news.py`). Each comes with `project` (its name) and `url`, a path of the portal."""

from app.auth.news import tell_company, tell_staff
from app.core.news import declare, tell

KINDS = declare(
    "projects",
    {
        "project-requested",  # company: told to staff
        "project-status",  # status: told to the company, and to the team's members
        "deliverable-submitted",  # title: told to the company
        "deliverable-decided",  # title, decision (approved, changes asked for), note: told to staff and the team
        "time-decided",  # day, hours, decision: told to the person whose time it is
        "time-waits",  # day, hours: told to the person whose time it is, when the decision on it was undone
        "budget-alert",  # percent, spent, budget: told to the company and staff, once for each of 50, 80 and 100
        "change-order-proposed",  # title: told to the company
        "change-order-decided",  # title, decision: told to staff
        "project-reviewed",  # stars: told to staff and the team
    },
)

__all__ = ["KINDS", "tell", "tell_company", "tell_staff"]
