"""What follows on events (`app/core/events`): giving them their places, the consumers, and the pages that show both."""

from app.core.domain import Domain, Entry

DOMAIN = Domain(
    "events",
    pages=("views",),
    navigation=(
        Entry("Events", "events.index", "bolt", "System", "audit:read", words="outbox consumers what happened retry"),
    ),
)
