"""When the hub writes: at the end of the tick, but after a long round of writing not before a rest.

A round to 1,000 members takes milliseconds. What is committed during the rest after it goes out with one write for each
member, instead of one for each message. A quiet room, and a small one, notices nothing.
"""

import asyncio
from collections.abc import Callable

REST = 0.5
"""Of the time that the last round took."""


class Pace:
    def __init__(self) -> None:
        self._rested_at = 0.0

    def soon(self, write: Callable[[], None]) -> None:
        """Calls `write` once, as soon as it may be."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._rested_at:
            loop.call_at(self._rested_at, self._run, write)
        else:
            loop.call_soon(self._run, write)

    def _run(self, write: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        write()
        ended = loop.time()
        self._rested_at = ended + (ended - began) * REST
