"""Network addresses: which of them are in a list, and which count as one."""

import ipaddress
from collections.abc import Iterable

HOME_BITS = 64
"""Of an IPv6 address: what a provider gives to one household at least, which has all addresses below (RFC 6177)."""
MAPPED_BITS = 96
"""Before an IPv4 address within an IPv6 one (RFC 4291, section 2.5.5.2)."""


class Networks:
    """A list of addresses and networks. Raises ValueError for what is neither."""

    def __init__(self, written: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in written]

    def __contains__(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)

    def written(self) -> list[str]:
        """Those of IPv4 also in the form that they have on a socket for both."""
        mapped = [
            f"::ffff:{network.network_address}/{MAPPED_BITS + network.prefixlen}"
            for network in self._networks
            if network.version == 4
        ]
        return [*map(str, self._networks), *mapped]


def home_of(host: str) -> str:
    """What is limited as one: an IPv4 address, or the network of an IPv6 address. Whatever is no address is one."""
    address = _address(host)
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address), HOME_BITS), strict=False))


def is_shared(host: str) -> bool:
    """Whether it says nothing about who is there: the machine itself, on which a proxy may be, or no address."""
    address = _address(host)
    return address is None or address.is_loopback or address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
