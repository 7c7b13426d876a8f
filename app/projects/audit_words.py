"""How the audit puts what is done here."""

from app.core.domain import AuditWords

WORDS = AuditWords(
    verbs={
        "draft-change": "drafted a change of",
        "import-time": "imported time on",
        "log-time": "logged time on",
        "move-dates": "moved dates of",
    },
    in_history={
        "draft-change": "drafted a change order",
        "import-time": "imported time",
        "log-time": "logged time",
        "move-dates": "moved its dates",
    },
)
