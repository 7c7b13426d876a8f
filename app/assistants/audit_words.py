"""How the audit puts what is done here."""

from app.core.domain import AuditWords

WORDS = AuditWords(
    verbs={
        "add-time-off": "kept days free for",
        "assign": "assigned",
        "remove-time-off": "took time off away from",
        "request": "asked for",
    },
)
