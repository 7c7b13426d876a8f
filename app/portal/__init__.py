"""The pages around the records: home, the palette, audit, jobs, the start page of clients and experts, the profile.

It owns no tables, and knows no domain but by what each announces (`app/core/domain.py`).
"""

from app.core.domain import AuditWords, Domain, Entry

DOMAIN = Domain(
    "portal",
    pages=("views",),
    permissions={
        "audit": ("r", "r", "-", "-"),
        "jobs": ("rw", "r", "-", "-"),
        "settings": ("rw", "r", "-", "-"),
    },
    navigation=(
        Entry("Home", "portal.home", "home", words="start overview"),
        Entry("Home", "portal.dashboard", "home", for_staff=False, words="start overview"),
        Entry("Audit", "portal.audit", "shield-check", "Changes", "audit:read", words="log who did what"),
        Entry(
            *("Events", "portal.events", "bolt", "System", "audit:read"), words="outbox consumers what happened retry"
        ),
        Entry("Jobs", "portal.jobs", "stack-2", "System", "jobs:read", words="queue background worker failed"),
        Entry("API docs", "api.docs", "code", "System", words="rest openapi json documentation"),
    ),
    audit=AuditWords(events={"export": "exported the audit log"}),
)
