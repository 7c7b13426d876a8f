"""What is said of a kind of news."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.notifications.letters import one_line

LONGEST_VALUE = 120


@dataclass(frozen=True)
class Words:
    """What is said of one kind of news. `act` is what can be done about it: a label, and a path of the portal or
    `{link}`. `advice` is for who didn't do it. Where `to` is given, the mail goes to those values instead of the user's
    own address."""

    title: str
    text: str
    act: tuple[str, str] = ("See your account", "/account")
    advice: str = ""
    in_inbox: bool = True
    by_mail: bool = True
    to: tuple[str, ...] = ()

    def fill(self, values: Mapping[str, Any]) -> "Words":
        """The words with the values in their places. Raises KeyError for a value that is missing."""
        plain = {name: value if name == "link" else one_line(value)[:LONGEST_VALUE] for name, value in values.items()}
        label, target = self.act
        return Words(
            title=self.title.format_map(plain),
            text=self.text.format_map(plain),
            act=(label, target.format_map(plain)),
            advice=self.advice,
            in_inbox=self.in_inbox,
            by_mail=self.by_mail,
            to=tuple(str(values[name]) for name in self.to),
        )
