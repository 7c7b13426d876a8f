"""The domains of the portal. Adding one: its folder, and a line here (see docs/add-a-domain.md)."""

from app import assistants, auth, automations, catalog, changes, notifications, portal, projects
from app.core.domain import Domain, install

PLANNED = Domain(
    "planned",
    package="app",
    permissions={
        "erp": ("rw", "rw", "rw", "-"),
        "analytics": ("rw", "rw", "rw", "-"),
    },
    scopes={"erp": "ERP deployments", "analytics": "dashboards and reports"},
)
"""What is to come: people and programs may be let in for it already."""

DOMAINS: tuple[Domain, ...] = (
    changes.DOMAIN,
    portal.DOMAIN,
    catalog.DOMAIN,
    assistants.DOMAIN,
    projects.DOMAIN,
    automations.DOMAIN,
    PLANNED,
    auth.DOMAIN,
    notifications.DOMAIN,
)

install(DOMAINS)
