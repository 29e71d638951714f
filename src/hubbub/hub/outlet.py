"""An outlet is the writing side of one connection.

The hub hands batches of frames to it and never waits. `PortableOutlet` works on any ASGI server: it keeps what the
server does not take yet in a queue of its own and says how much that is. `FastOutlet`, beside it, works where the
server hands out its `Wire`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import accumulate
from typing import Protocol

from hubbub.tasks import Spawn


class Batch:
    """Frames of one event-loop tick, in order. Shared by all outlets of a room: never changed."""

    __slots__ = ("_begins", "_wire", "frames", "size")

    frames: Sequence[str]
    size: int
    """Characters in all, or bytes where they are known: close enough for bounding a buffer."""

    def __init__(self, frames: Sequence[str], wire: bytes = b"") -> None:
        self.frames = frames
        self.size = len(wire) or sum(map(len, frames))
        self._wire = wire
        self._begins: list[int] = []
        """Where each frame begins in the wire; for the first `without` all are encoded once more."""

    def wire(self) -> bytes:
        """All frames as a server sends them, in one piece. Encoded when it is first asked for, then kept."""
        if not self._wire:
            self._wire = b"".join(map(_text_frame, self.frames))
        return self._wire

    def without(self, first: int) -> "Batch":
        """The same without so many first frames."""
        if not self._begins:
            self._begins = [0, *accumulate(len(_text_frame(frame)) for frame in self.frames)]
        return Batch(self.frames[first:], self.wire()[self._begins[first] :])


def batch_of(*frames: str) -> Batch:
    return Batch(frames)


def _text_frame(text: str) -> bytes:
    """RFC 6455, section 5.2: final, text, not masked. What UTF-8 does not have becomes a question mark."""
    payload = text.encode(errors="replace")
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload


class Outlet(Protocol):
    send_now: Callable[[bytes], None] | None
    """Sends what `Batch.wire` gives, which costs less than `write`. None while something waits to be sent, and always
    where the server takes no encoded frames."""

    def write(self, batch: Batch) -> None:
        """Takes the frames, to be sent in order after all those before. Never blocks, never raises."""
        ...

    def buffered(self) -> int:
        """Characters or bytes taken but not yet handed to the network."""
        ...

    def stalled_since(self) -> float | None:
        """The event loop's time since when something is buffered and nothing has moved; None when all is sent.
        An outlet that sees movement only when it is asked may name a later time, never an earlier one."""
        ...

    def abort(self) -> None:
        """Ends the connection at once, without waiting for what is buffered."""
        ...


class PortableOutlet:
    """Sends through an ordinary coroutine function, from a task that lives only while something waits to be sent.

    `send` sends one text frame. `on_drained` is called
    whenever everything has been sent. `on_abort` must end the connection; it is called at most once.
    """

    __slots__ = (
        *("_abort", "_aborted", "_drained", "_loop", "_moved_at"),
        *("_queue", "_send", "_size", "_spawn", "_task", "send_now"),
    )

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        *,
        spawn: Spawn,
        on_drained: Callable[[], None],
        on_abort: Callable[[], None],
    ) -> None:
        self.send_now: Callable[[bytes], None] | None = None
        self._send = send
        self._spawn = spawn
        self._drained = on_drained
        self._abort = on_abort
        self._aborted = False
        self._queue: deque[str] = deque()
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._moved_at = 0.0

    def write(self, batch: Batch) -> None:
        if self._aborted:
            return
        self._queue.extend(batch.frames)
        self._size += batch.size
        if self._task is None:
            self._moved_at = self._loop.time()
            self._task = self._spawn(self._send_all())

    def buffered(self) -> int:
        return self._size

    def stalled_since(self) -> float | None:
        return self._moved_at if self._task is not None else None

    def abort(self) -> None:
        if self._aborted:
            return
        self._aborted = True
        self._queue.clear()
        self._size = 0
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._abort()

    async def _send_all(self) -> None:
        queue = self._queue
        try:
            while queue:
                frame = queue.popleft()
                await self._send(frame)
                self._size -= len(frame)
                self._moved_at = self._loop.time()
        except Exception:  # whatever an ASGI server raises for a connection that has gone
            self._task = None
            self.abort()
            return
        self._task = None
        self._drained()
