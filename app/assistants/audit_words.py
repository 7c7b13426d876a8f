"""How the audit puts what is done here."""

from app.core.domain import AuditWords

WORDS = AuditWords(
    verbs={
        "add-time-off": "added time off for",
        "assign": "assigned",
        "free-hours": "freed hours of",
        "remove-time-off": "removed time off of",
        "request": "asked for",
    },
    in_history={
        "add-time-off": "added time off",
        "free-hours": "freed hours",
        "remove-time-off": "removed time off",
    },
)
