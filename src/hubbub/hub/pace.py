"""When the hub writes to a room: at the end of the tick, but after a long round of writing not before a rest.

A round to 1,000 members takes milliseconds. What is committed during the rest after it goes out with one write for each
member, instead of one for each message. Each room rests for itself, so a small one hardly ever does.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

REST = 0.5
"""Of the time that the last round took."""


class Loop(Protocol):
    """What is needed of an event loop."""

    def time(self) -> float: ...

    def call_soon(self, work: Callable[[], None], /) -> object: ...

    def call_at(self, when: float, work: Callable[[], None], /) -> object: ...


class Pace:
    """Of one room."""

    __slots__ = ("_loop", "_rested_at")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._rested_at = 0.0

    def soon(self, write: Callable[[], None]) -> None:
        """Calls `write` once, as soon as it may be."""
        if self._loop.time() < self._rested_at:
            self._loop.call_at(self._rested_at, lambda: self._run(write))
        else:
            self._loop.call_soon(lambda: self._run(write))

    def _run(self, write: Callable[[], None]) -> None:
        began = self._loop.time()
        write()
        ended = self._loop.time()
        self._rested_at = ended + (ended - began) * REST


def new_pace() -> Callable[[Callable[[], None]], None]:
    """For a room that the running loop serves."""
    return Pace(asyncio.get_running_loop()).soon
