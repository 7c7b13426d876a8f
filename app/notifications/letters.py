"""What a mail says: its subject, its text, and the same as simple HTML."""

import json
from dataclasses import dataclass
from typing import Any

from flask import current_app
from jinja2 import TemplateNotFound

from app.core.addresses import public_url

FOLDER = "notifications/email"
LONGEST_SUBJECT = 150


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str | None = None

    def dumps(self) -> str:
        """For the sealed column; the subject has its own."""
        return json.dumps([self.text, self.html])

    @classmethod
    def loads(cls, subject: str, content: str) -> "Letter":
        text, html = json.loads(content)
        return cls(subject, text, html)


def write_letter(template: str, *, subject: str, **values: Any) -> Letter:
    """Fill in the templates of that name. The HTML one may be missing."""
    subject = one_line(subject)[:LONGEST_SUBJECT]
    if values.get("link"):
        values["link"] = public_url(str(values["link"]))
    known = {"subject": subject, "portal": public_url("/"), **values}
    environment = current_app.jinja_env
    text = environment.get_template(f"{FOLDER}/{template}.txt").render(known)
    try:
        html = environment.get_template(f"{FOLDER}/{template}.html").render(known)
    except TemplateNotFound:
        return Letter(subject, text)
    return Letter(subject, text, html)


def one_line(value: object) -> str:
    """A text that can stand in a line of its own, and in a header: whatever would break out of it is a space."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
