"""Whom a passkey is for: the site's name (RP ID) and origin, as WebAuthn binds every passkey to them.

`PUBLIC_URL` says both. Without it they are those that the request was sent to: a passkey then belongs to the name that
it was made under, and a page under another name can't use it.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from flask import request

from app.core.addresses import outside_address

NAME = "DIG|LIT"


@dataclass(frozen=True)
class RelyingParty:
    id: str
    origin: str
    name: str = NAME


def relying_party() -> RelyingParty:
    address = urlsplit(outside_address())
    return RelyingParty(address.hostname or "", _origin(address))


def better_address() -> str | None:
    """Where passkeys do work, when this page is under an address where they can't: a browser makes none for an IP
    address, nor for a name that isn't the portal's. None where all is well."""
    party = relying_party()
    here = urlsplit(request.host_url)
    if party.origin != _origin(here):
        return party.origin + request.full_path.rstrip("?")
    if not _is_address(party.id):
        return None
    return f"{here.scheme}://localhost{f':{here.port}' if here.port else ''}{request.full_path.rstrip('?')}"


def _origin(address: SplitResult) -> str:
    """As browsers tell it: without the port that goes without saying."""
    default = {"http": 80, "https": 443}.get(address.scheme)
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    return f"{address.scheme}://{host}" + (f":{address.port}" if address.port not in (None, default) else "")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
