"""One mail, and its form on the wire (RFC 5322, MIME)."""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from uuid import UUID

from app.core.clock import now
from app.core.errors import DomainError


class MailRefused(DomainError):
    """It can't be sent, now or later."""

    status = 502


class MailDelayed(Exception):
    """It couldn't be sent this time; another try may succeed."""


_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\\\]]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Mail:
    """A mail to one address. `id` names it for good: whoever gets it twice can tell by its Message-ID."""

    to: str
    subject: str
    text: str
    html: str | None = None
    id: UUID | None = None


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message from `sender` (`Name <address>`). Raises MailRefused for what would be no single address, or would
    break out of its header."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = address_of(sender)
        message["To"] = address_of(mail.to)
        message["Subject"] = mail.subject
    except ValueError as error:
        raise MailRefused(f"This is no address or subject that a mail can have: {type(error).__name__}.") from None
    message["Date"] = format_datetime(now())
    if mail.id is not None:
        message["Message-ID"] = f"<{mail.id}@{message['From'].addresses[0].domain}>"
    # RFC 3834: no machine is to answer this.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


def address_of(text: str) -> Address:
    """An address with or without a name, its domain as the DNS has it. Raises ValueError for anything else."""
    name, spec = parseaddr(text)
    local, _, domain = spec.rpartition("@")
    if not text.isprintable() or not _LOCAL.fullmatch(local) or not (name or spec == text):
        raise ValueError("no address")
    try:
        known = domain.encode("idna").decode()
    except UnicodeError:
        known = ""
    if not _DOMAIN.fullmatch(known):
        raise ValueError("no domain")
    return Address(name, local, known)
