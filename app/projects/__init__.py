"""Teams and their work: requests, plans, deliverables, time, budgets, change orders."""

from app.core.domain import DemoStep, Domain, Entry
from app.projects.audit_words import WORDS

_SECTION = "Projects"
_MANAGE = "projects:manage"

DOMAIN = Domain(
    "projects",
    pages=(
        "teams.views",
        "teams.request_views",
        "delivering.views",
        "views",
        "timeline.views",
        "timesheets.views",
        "timesheets.staff_views",
        "change_orders.views",
    ),
    api=("api", "teams.api", "timesheets.api", "money.api", "change_orders.api"),
    tags={
        "Projects": "Projects with their plan, time, budget and change orders.",
        "Teams": "Expert teams, their members and capacity.",
    },
    permissions={
        "teams": ("rw", "rw", "r", "r"),
        "projects": ("rwm", "rwm", "rw", "r"),
        "time": ("rw", "rw", "-", "rw"),
    },
    scopes={"teams": "teams", "projects": "projects"},
    sections={_SECTION: 20},
    navigation=(
        Entry(
            *("Capacity", "teams.capacity", "grid-dots", _SECTION, "teams:read"),
            words="heat map hours free utilisation",
        ),
        Entry("Projects", "my_projects.index", "briefcase-2", "", "projects:read", for_staff=False, words="team"),
        Entry("Timeline", "timeline.index", "timeline", _SECTION, _MANAGE, words="gantt calendar plan"),
        Entry("Time", "time_sheet.sheet", "clock", "", "time:write", for_staff=False, words="hours log sheet"),
    ),
    home="home:home_of",
    audit=WORDS,
    demo=(DemoStep(60, "demo:add_teams", is_work=True), DemoStep(80, "demo:add_projects", is_work=True)),
)
