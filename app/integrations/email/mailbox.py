"""The mailbox of a machine without a mail server: a file for each mail in `DATA_DIR/mailbox`, its owner's alone."""

import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from app.core.clock import now

KEPT = 500
_NAME = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Delivered:
    """A mail that lies in the mailbox."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str | None


class Mailbox:
    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "mailbox"

    def deliver(self, message: EmailMessage) -> None:
        """Put it in, whole or not at all; the oldest go when there are more than `KEPT`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        unfinished = self._folder / f".{name}"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(message.as_bytes())
        unfinished.rename(self._folder / f"{name}.eml")
        for old in self._names()[KEPT:]:
            with suppress(FileNotFoundError):
                (self._folder / f"{old}.eml").unlink()

    def newest(self, limit: int) -> Iterator[Delivered]:
        for name in self._names()[:limit]:
            found = self.find(name)
            if found is not None:
                yield found

    def find(self, name: str) -> Delivered | None:
        """The mail of that name; None where there is none, or no longer."""
        if not _NAME.fullmatch(name):
            return None
        try:
            content = (self._folder / f"{name}.eml").read_bytes()
        except FileNotFoundError:
            return None
        message = message_from_bytes(content, policy=default)
        at = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        return Delivered(
            name=name,
            at=at,
            to=str(message["To"] or ""),
            subject=str(message["Subject"] or ""),
            text=text.get_content() if text else "",
            html=html.get_content() if html else None,
        )

    def _names(self) -> list[str]:
        """Newest first."""
        found = (path.stem for path in self._folder.glob("*.eml"))
        return sorted((name for name in found if _NAME.fullmatch(name)), reverse=True)
