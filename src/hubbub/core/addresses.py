"""Network addresses: which of them count as one."""

import ipaddress
from functools import lru_cache

HOME_BITS = 64
"""Of an IPv6 address: what a provider gives to one household at least, which has all addresses below (RFC 6177)."""


@lru_cache(maxsize=4096)
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
