"""What a sign-in is known by and how long it lasts.

A portal sign-in ends 12 hours after its last use, any sign-in 30 days after it began. The browser holds a random
token; the database holds its SHA-256 alone, so that a copy of the database opens nothing.
"""

import hashlib
import secrets
from datetime import timedelta

OWN_KINDS = ("portal", "api")
"""The sign-ins that a person makes; an application's (`oauth`) is what the person let it do."""
KINDS = (*OWN_KINDS, "oauth")

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
USE_NOTED_EVERY = timedelta(minutes=1)


def new_token() -> str:
    """256 random bits, fit for a cookie."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """A device by a name that its owner knows: “Firefox on Windows”; a program by its own."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    printable = "".join(character for character in user_agent if character.isprintable())
    return printable.partition(" ")[0][:60] or "Unknown device"
