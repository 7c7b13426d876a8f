"""What the incoming webhooks of Slack and Discord take. Both addresses are keys: whoever knows one may write there.

Texts of a workflow often hold what strangers wrote, so none of them calls everybody in the channel: Discord is told to
parse no mentions, and Slack's special ones (`<!channel>`) are written as plain text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LONGEST = {"Slack": 40_000, "Discord": 2_000}


@dataclass(frozen=True)
class ChatMessage:
    service: str
    url: str
    json: Mapping[str, Any]


def service_of(url: str) -> str:
    """Which of the two an address belongs to. Others that take incoming webhooks (Mattermost, Rocket.Chat) take
    Slack's form."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    is_discord = host in ("discord.com", "discordapp.com") or host.endswith((".discord.com", ".discordapp.com"))
    return "Discord" if is_discord or parts.path.startswith("/api/webhooks/") else "Slack"


def message_for(url: str, text: str) -> ChatMessage:
    """What is to be posted where. Raises ValueError for a text that the service doesn't take."""
    service = service_of(url)
    if not text.strip():
        raise ValueError("Enter the text of the message.")
    if len(text) > LONGEST[service]:
        raise ValueError(f"{service} messages can have at most {LONGEST[service]:,} characters.")
    if service == "Discord":
        return ChatMessage(service, url, {"content": text, "allowed_mentions": {"parse": []}})
    return ChatMessage(service, url, {"text": text.replace("<!", "&lt;!")})


def wait_of(body: Any) -> float | None:
    """Discord says in the body how many seconds to wait, as a fraction; the header has them rounded up."""
    wait = body.get("retry_after") if isinstance(body, dict) else None
    return float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) else None
