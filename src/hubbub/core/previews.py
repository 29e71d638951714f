"""Previews of links: which links a message has, which addresses may be asked, and what a page says of itself."""

import html
import ipaddress
import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

from hubbub.core.text import drop_control_characters, excerpt

LINKS_MAX = 3
"""Of one message, for which there are previews."""
TITLE_MAX_CHARS = 200
DESCRIPTION_MAX_CHARS = 300
PORTS = {"http": 80, "https": 443}

_HREF = re.compile(r'<a href="(https?://[^"]+)"')
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")


class Page(NamedTuple):
    url: str
    """Where it was in the end."""
    content: str


class About(NamedTuple):
    """What a page says of itself."""

    title: str
    description: str | None
    site: str


def links_in(rendered: str | None) -> list[str]:
    """The first links of a message's HTML, each once."""
    found = (html.unescape(address) for address in _HREF.findall(rendered or ""))
    return list(dict.fromkeys(found))[:LINKS_MAX]


def host_of(url: str, ports: dict[str, int] = PORTS) -> tuple[str, int] | None:
    """Whom to ask for this address. None: it is not an address that a server asks in the name of others: only http and
    https on their own ports, without a name and a password in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in ports or not parts.hostname or parts.username is not None or port != ports[parts.scheme]:
        return None
    return parts.hostname, port


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, so that nothing of one's own network is behind it: no loopback,
    private, link-local, shared (RFC 6598), reserved or multicast one, also not inside of IPv6 (RFC 4291, 6052, 3056,
    4380)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if any(found is not None and not is_public(str(found)) for found in inner):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def read_page(content: str, url: str) -> About | None:
    """None: a page without a title has no preview."""
    parser = _Head()
    parser.feed(content)
    title = next((found for name in _TITLES if (found := parser.meta.get(name))), "".join(parser.title))
    description = next((found for name in _DESCRIPTIONS if (found := parser.meta.get(name))), "")
    site = _line(parser.meta.get("og:site_name", ""), TITLE_MAX_CHARS) or urlsplit(url).hostname or ""
    line = _line(title, TITLE_MAX_CHARS)
    return About(line, _line(description, DESCRIPTION_MAX_CHARS) or None, site) if line else None


def _line(text: str, limit: int) -> str:
    return excerpt(" ".join(drop_control_characters(text).split()), limit)


class _Head(HTMLParser):
    """Reads the head of a page, by events: it nests nothing, however deep the page is."""

    def __init__(self) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.title: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            given = dict(attrs)
            name = (given.get("property") or given.get("name") or "").lower()
            self.meta.setdefault(name, given.get("content") or "")
        self._in_title = self._in_title or (tag == "title" and not self.title)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
