"""Automations: workflows of companies, checked whole, run so that every step shows what went in and what came out."""

from app.core.domain import AuditWords, Domain, Entry

_SECTION = "Automations"

DOMAIN = Domain(
    "automations",
    pages=("editor.views", "views", "monitoring.pages"),
    api=("triggers.hooks",),
    tags={"Automation runs": "What begins a run, and what becomes of it."},
    permissions={"automations": ("rw", "rw", "rw", "-")},
    scopes={"automations": "automations"},
    audit=AuditWords(
        verbs={"deploy": "deployed", "rotate-secret": "replaced the value of"},
        in_history={"rotate-secret": "replaced its value"},
    ),
    sections={_SECTION: 25},
    navigation=(Entry("Automations", "my_automations.index", "robot", "", "automations:read", for_staff=False),),
)
