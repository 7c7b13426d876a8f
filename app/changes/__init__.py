"""Pages and jobs of imports, bulk changes and their undo: the edge of `core/changes`."""

from app.changes.audit_words import WORDS
from app.core.domain import Domain, Entry

DOMAIN = Domain(
    "changes",
    pages=("views",),
    navigation=(Entry("Changes", "changes.index", "history", "Changes", "audit:read", words="imports bulk undo"),),
    audit=WORDS,
)
