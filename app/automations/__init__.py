"""Automations: workflows of companies, checked whole, run so that every step shows what went in and what came out."""

from app.core.domain import Domain

DOMAIN = Domain(
    "automations",
    permissions={"automations": ("rw", "rw", "rw", "-")},
    scopes={"automations": "automations"},
)
