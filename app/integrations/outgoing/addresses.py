"""Which addresses may be reached: public ones, and the private networks that the settings allow. Link-local never."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

_TRANSLATED = ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are an IPv4 address."""


class Forbidden(Exception):
    """The address isn't public."""


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, in the order of the system's choice. Raises OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in found))


def require_allowed(address: Address, private: Networks = ()) -> None:
    """Raises `Forbidden` for an address that isn't public nor in one of the networks, by whatever way it is written."""
    for one in (address, *_inner(address)):
        if one.is_link_local or one.is_multicast or one.is_unspecified:
            raise Forbidden
        if not one.is_global and not any(one in network for network in private if network.version == one.version):
            raise Forbidden


def _inner(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour]
    if address in _TRANSLATED:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    if address.teredo is not None:
        found += address.teredo
    return [one for one in found if one is not None]
