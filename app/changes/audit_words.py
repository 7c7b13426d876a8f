"""How the audit puts what is done here."""

from app.core.domain import AuditWords

WORDS = AuditWords(
    verbs={
        "apply": "applied",
        "archive": "archived",
        "bulk": "changed in bulk:",
        "create": "added",
        "delete": "deleted",
        "discard": "discarded",
        "import": "imported",
        "migrate": "migrated",
        "preview": "previewed",
        "restore": "restored",
        "undo": "undid a change of",
        "update": "changed",
    },
    in_history={
        "bulk": "changed it in bulk",
        "create": "created it",
        "undo": "undid a change",
    },
)
