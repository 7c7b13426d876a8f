"""What people are told: in the portal, and by mail."""

from app.core.domain import AccountPage, Domain, Entry

DOMAIN = Domain(
    "notifications",
    pages=("views", "mail_pages"),
    navigation=(
        Entry("Mail queue", "mails.index", "mail-forward", "System", "jobs:read", words="email outgoing sent failed"),
        Entry("Mailbox", "mailbox.mailbox", "mailbox", "System", "jobs:read", words="email development inbox"),
    ),
    account=(
        AccountPage(
            *("Notifications", "notifications.index", "bell", 90, "views:summary"),
            needs_person=False,
        ),
    ),
)
