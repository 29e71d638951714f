"""From where somebody comes, in words that they recognise it by."""

import re
from typing import NamedTuple

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
"""The first that is named in a User-Agent: most name others too."""
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
AGENT_MAX_CHARS = 60


class Visit(NamedTuple):
    agent: str = ""
    """As in `agent_of`."""
    address: str = ""


NOWHERE = Visit()


def agent_of(user_agent: str) -> str:
    """ "Firefox on Linux" of a User-Agent (RFC 9110, section 10.1.5); of a program its first word."""
    browser = next((name for sign, name in BROWSERS if sign + "/" in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    product = re.match(r"[A-Za-z0-9._+-]+", user_agent)
    return browser or system or (product[0][:AGENT_MAX_CHARS] if product else "an unknown program")
