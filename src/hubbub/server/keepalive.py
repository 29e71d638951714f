"""Pings (RFC 6455, section 5.5.2) for all connections, from one timer instead of one for each."""

import asyncio
from itertools import takewhile
from typing import Protocol

TICKS = 4
"""Within a ping's interval or timeout, whichever is shorter: pings are late by so much of it at most."""


class Pinged(Protocol):
    def ping(self) -> None: ...

    def no_pong(self) -> None:
        """It has not answered in time."""
        ...


class Keepalive:
    """Pings each connection `interval_s` after it came or last answered, and gives it `timeout_s` for its answer.

    Each of the two waits is the same for everybody, so connections wait in the order in which they are due.
    """

    def __init__(self, interval_s: float, timeout_s: float) -> None:
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._tick_s = min(interval_s, timeout_s) / TICKS
        self._quiet: dict[Pinged, float] = {}
        self._asked: dict[Pinged, float] = {}
        self._ticking = False

    def watch(self, connection: Pinged) -> None:
        loop = asyncio.get_running_loop()
        self._quiet[connection] = loop.time() + self._interval_s
        if not self._ticking:
            self._ticking = True
            loop.call_later(self._tick_s, self._tick)

    def answered(self, connection: Pinged) -> None:
        if self._asked.pop(connection, None):
            self._quiet[connection] = asyncio.get_running_loop().time() + self._interval_s

    def forget(self, connection: Pinged) -> None:
        self._quiet.pop(connection, None)
        self._asked.pop(connection, None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in _due(self._asked, now):
            connection.no_pong()
        for connection in _due(self._quiet, now):
            self._asked[connection] = now + self._timeout_s
            connection.ping()
        self._ticking = bool(self._quiet or self._asked)
        if self._ticking:
            loop.call_later(self._tick_s, self._tick)


def _due(waiting: dict[Pinged, float], now: float) -> list[Pinged]:
    """Takes out those whose time has come."""
    due = [connection for connection, _ in takewhile(lambda item: item[1] <= now, waiting.items())]
    for connection in due:
        del waiting[connection]
    return due
