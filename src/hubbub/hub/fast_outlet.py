"""The outlet for a server that takes encoded frames: no task, no queue, one call for each batch."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any, Protocol

from hubbub.hub.outlet import Batch

EXTENSION = "hubbub.wire"
"""The key of a connection's `Wire` in `scope["extensions"]`."""


class Wire(Protocol):
    """What a server's connection offers beside ASGI. All of it belongs to the event loop's thread.

    Frames keep their order among themselves and with what is sent by ASGI's `send`, as long as a `send` that is
    under way is awaited first.
    """

    transport: asyncio.Transport
    """For frames that follow one another until `outlet.closed` is called. It pauses at the first byte that has to
    wait, and resumes when none waits any more."""

    def watch(self, outlet: "FastOutlet") -> None:
        """From now on `outlet.waits` is called when bytes begin to wait, `outlet.flows` when none waits any more,
        and `outlet.closed` when a close frame was sent or the peer has left."""
        ...

    def listen(self, listener: Callable[[MutableMapping[str, Any]], None]) -> None:
        """From now on each ASGI message (`websocket.receive`, at last one `websocket.disconnect`) is given to the
        listener when it comes. The ASGI call may return; the connection stays open, and costs no task."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Sends a close frame after all that was written. The listener hears of the end as usual."""
        ...


class FastOutlet:
    """`on_held` is called when something begins to wait, and `on_drained` when everything has been sent after that:
    `send_now` is another then. `on_abort` is told that the connection has been ended from here; it is called at most
    once."""

    __slots__ = (
        *("_abort", "_aborted", "_drained", "_held", "_moved_at", "_passed"),
        *("_send", "_taken", "_transport", "_waiting", "send_now"),
    )

    def __init__(
        self,
        wire: Wire,
        *,
        on_held: Callable[[], None],
        on_drained: Callable[[], None],
        on_abort: Callable[[], None],
    ) -> None:
        self._transport = wire.transport
        self._send: Callable[[bytes], None] = wire.transport.write
        self.send_now: Callable[[bytes], None] | None = self._send
        self._held = _nothing
        self._drained = on_drained
        self._abort = on_abort
        self._aborted = False
        self._waiting = False
        # Counted only while something waits: bytes taken, and how many of them had passed at the last look.
        self._taken = 0
        self._passed = 0
        self._moved_at = 0.0
        wire.watch(self)
        self._held = on_held  # which may need what is being made here

    def write(self, batch: Batch) -> None:
        frames = batch.wire()
        if self._waiting:
            self._taken += len(frames)
        self._send(frames)

    def buffered(self) -> int:
        return self._transport.get_write_buffer_size() if self._waiting else 0

    def stalled_since(self) -> float | None:
        if not self._waiting:
            return None
        passed = self._taken - self._transport.get_write_buffer_size()
        if passed > self._passed:
            self._moved_at = asyncio.get_running_loop().time()
            self._passed = passed
        else:
            self._taken += self._passed - passed  # pings and answers of the server, which are no movement
        return self._moved_at

    def abort(self) -> None:
        if self._aborted:
            return
        self._aborted = True
        self._waiting = False
        self.closed()
        self._transport.abort()
        self._abort()

    # The wire's words ----------------------------------------------------------------------------------------

    def waits(self) -> None:
        self._waiting = True
        self.send_now = None
        self._taken = self._transport.get_write_buffer_size()
        self._passed = 0
        self._moved_at = asyncio.get_running_loop().time()
        self._held()

    def flows(self) -> None:
        self._waiting = False
        self.send_now = self._send
        if not self._aborted:
            self._drained()

    def closed(self) -> None:
        self._send = self.send_now = _drop


def _nothing() -> None:
    """While an outlet is made."""


def _drop(frames: bytes) -> None:
    """Where frames go after the end."""
