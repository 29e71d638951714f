"""The outlet for a server that takes encoded frames: no task, no queue, one call for each batch."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from hubbub.hub.outlet import Batch

EXTENSION = "hubbub.wire"
"""The key of a connection's `Wire` in `scope["extensions"]`."""


class Wire(Protocol):
    """What a server's connection offers beside ASGI. All of it belongs to the event loop's thread.

    Frames keep their order among themselves and with what is sent by ASGI's `send`, as long as a `send` that is
    under way is awaited first.
    """

    def write(self, frames: bytes) -> None:
        """Takes whole encoded frames. Never raises; they go nowhere once a close frame was sent or the peer left."""
        ...

    def buffered(self) -> int:
        """Bytes that the kernel has not taken yet."""
        ...

    def abort(self) -> None:
        """Frees the socket at once, with whatever is buffered."""
        ...

    def watch(self, outlet: "FastOutlet") -> None:
        """From now on `outlet.waits` is called when bytes begin to wait, `outlet.flows` when none waits any more."""
        ...


class FastOutlet:
    """`on_drained` is called when everything has been sent after something had to wait. `on_abort` is told that the
    connection has been ended from here; it is called at most once."""

    __slots__ = ("_abort", "_aborted", "_drained", "_loop", "_moved_at", "_passed", "_taken", "_waiting", "_wire")

    def __init__(
        self,
        wire: Wire,
        *,
        on_drained: Callable[[], None],
        on_abort: Callable[[], None],
    ) -> None:
        self._wire = wire
        self._drained = on_drained
        self._abort = on_abort
        self._loop = asyncio.get_running_loop()
        self._aborted = False
        self._waiting = False
        # Counted only while something waits: bytes taken, and how many of them had passed at the last look.
        self._taken = 0
        self._passed = 0
        self._moved_at = 0.0
        wire.watch(self)

    def write(self, batch: Batch) -> None:
        frames = batch.wire
        if self._waiting:
            self._taken += len(frames)
        self._wire.write(frames)

    def buffered(self) -> int:
        return self._wire.buffered()

    def stalled_since(self) -> float | None:
        if not self._waiting:
            return None
        passed = self._taken - self._wire.buffered()
        if passed > self._passed:
            self._moved_at = self._loop.time()
            self._passed = passed
        else:
            self._taken += self._passed - passed  # pings and answers of the server, which are no movement
        return self._moved_at

    def abort(self) -> None:
        if self._aborted:
            return
        self._aborted = True
        self._wire.abort()
        self._abort()

    # The wire's words ----------------------------------------------------------------------------------------

    def waits(self) -> None:
        self._waiting = True
        self._taken = self._wire.buffered()
        self._passed = 0
        self._moved_at = self._loop.time()

    def flows(self) -> None:
        self._waiting = False
        if not self._aborted:
            self._drained()
