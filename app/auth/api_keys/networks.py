"""The addresses that a key may come from."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pydantic_core import PydanticCustomError

Network = IPv4Network | IPv6Network
_MAPPED = IPv6Network("::ffff:0:0/96")


def check_network(text: str) -> str:
    """An address or a network, in its canonical form; for `AfterValidator`. IPv4 inside IPv6 (RFC 4291, 2.5.5.2) is
    taken as the IPv4 that it is."""
    try:
        # An address with a zone means something on its own machine alone.
        network = _plain(ip_network("" if "%" in text else text))
    except ValueError:
        raise PydanticCustomError("network", *_why(text)) from None
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if alone else str(network)


def is_allowed(address: str, allowed: tuple[str, ...]) -> bool:
    """Whether the address is one of those; without any, every one is."""
    if not allowed:
        return True
    try:
        asked = _plain(ip_network(ip_address(address.partition("%")[0])))
    except ValueError:
        return False
    return any(asked.version == network.version and asked.subnet_of(network) for network in _parsed(allowed))  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _parsed(allowed: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(_plain(ip_network(text)) for text in allowed)


def _plain(network: Network) -> Network:
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFF_FFFF, network.prefixlen - 96))
    return network


def _why(text: str) -> tuple[str, dict[str, str]]:
    try:
        meant = str(ip_network("" if "%" in text else text, strict=False))
    except ValueError:
        return "Write an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.", {}
    return "This network has an address inside it for its beginning. Did you mean {meant}?", {"meant": meant}
