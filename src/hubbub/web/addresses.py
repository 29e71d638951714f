"""What may come from one network address: it is all that is known of somebody who is not signed in yet."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

from starlette.requests import HTTPConnection

from hubbub.core.addresses import Networks, home_of
from hubbub.core.limits import Meter, Rate, when_to_try
from hubbub.errors import RateLimited
from hubbub.settings import Settings

Coming = Literal["arrivals", "handshakes"]
WORDS: dict[Coming, str] = {
    "arrivals": "Many new guests have come from your network.",
    "handshakes": "Many connections have been opened from your network.",
}
"""Each has its settings: `arrivals_per_second`, `arrivals_burst`. One more limit by address is one line more."""
FULL_RETRY_AFTER_S = 10.0


class Addresses:
    """Counts and limits by the address that the server gives with a request; behind a proxy that it trusts that is the
    one which the proxy names. Where none is named, for a program on this machine or behind a silent proxy, nothing is
    limited. `clock` gives seconds that never go backwards."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._proxies = Networks(settings.trusted_proxies)
        self._connections_max = settings.connections_per_address
        self._meters = {
            what: Meter(Rate(getattr(settings, f"{what}_per_second"), getattr(settings, f"{what}_burst")))
            for what in WORDS
        }
        self._open: Counter[str] = Counter()
        self._home_of = lru_cache(maxsize=4096)(lambda host: "" if host in self._proxies else home_of(host))

    def take(self, what: Coming, connection: HTTPConnection) -> None:
        """Before something is done. Raises RateLimited, which says when to come back."""
        home = self._home(connection)
        if home and (wait_s := self._meters[what].take(home, self._clock())):
            raise RateLimited(f"{WORDS[what]} {when_to_try(wait_s)}", retry_after_s=wait_s)

    def check_space(self, connection: HTTPConnection) -> None:
        """Raises RateLimited when as many WebSockets are open as may be."""
        home = self._home(connection)
        if home and self._open[home] >= self._connections_max:
            words = f"Your network has {self._connections_max:,} connections open, which is all that it may have."
            raise RateLimited(f"{words} Close some.", code="too_many_connections", retry_after_s=FULL_RETRY_AFTER_S)

    def opened(self, connection: HTTPConnection) -> str:
        """Counts a WebSocket. Returns what `closed` must be given, once."""
        home = self._home(connection)
        self._open[home] += 1
        return home

    def closed(self, home: str) -> None:
        self._open[home] -= 1
        if not self._open[home]:
            del self._open[home]

    def __len__(self) -> int:
        """How much is remembered."""
        return len(self._open) + sum(map(len, self._meters.values()))

    def _home(self, connection: HTTPConnection) -> str:
        """Empty: not limited."""
        host = connection.client.host if connection.client else ""
        return self._home_of(host) if host else ""
