"""Which addresses may be reached: public ones, and the private networks that the settings allow. Link-local never.

What is public is decided by a table of our own, after IANA's registries of special-purpose addresses (RFC 6890): the
one in Python's `ipaddress` differs between its patch releases, and takes `::127.0.0.1` and site-local addresses for
public.
"""

import socket
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Networks = Sequence[Network]


def networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


_NEVER = networks(
    # Unspecified, link-local, multicast and broadcast.
    "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::/128", "fe80::/10", "ff00::/8",
    # Where clouds tell their machines credentials, outside of the link-local range.
    "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128",
)  # fmt: skip
"""Not even the settings allow these."""
_NOT_PUBLIC = networks(
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
    "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)  # fmt: skip
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are an IPv4 address."""


class Forbidden(Exception):
    """The address isn't public."""


class NoAddress(Exception):
    """The host has no address, or none was found in time."""


def resolve(host: str, port: int, seconds: float) -> list[Address]:
    """The addresses of a host, in the order of the system's choice. Raises `NoAddress`.

    The system's own look-up knows no deadline, so it is left to a thread, which may outlive the call.
    """
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    found: list[Address] = []

    def look() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in answers))
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=look, name="look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() or not found:
        raise NoAddress
    return found


def address_in(host: str) -> Address | None:
    """The address that a host is without being looked up, in any of the forms that the system reads; None for a name
    that has to be."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host and " " not in host else None
    except (OSError, UnicodeError):
        return None


def require_allowed(address: Address, private: Networks = ()) -> None:
    """Raises `Forbidden` for an address that is neither public nor in one of the networks, however it is written."""
    address = _plain(address)
    if _is_in(address, _NEVER):
        raise Forbidden
    if not _is_in(address, private) and not _is_public(address):
        raise Forbidden


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    # A zone (fe80::1%eth0) isn't part of the number.
    return IPv6Address(int(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not _is_in(address, _NOT_PUBLIC)


def _is_in(address: Address, these: Networks) -> bool:
    return any(address in network for network in these if network.version == address.version)
