"""Brings connections that are behind back to the head, from the store, at the pace at which they read."""

from collections.abc import Callable
from functools import partial

from hubbub.errors import Unavailable
from hubbub.hub.hub import Connection, Hub
from hubbub.store import Reader, Store, StoredFrame
from hubbub.tasks import Spawn

PAGE = 200
"""Events read from the store at once for one connection."""


class CatchUp:
    """One task for each connection and room that is behind, only while its outlet has space.
    `cut(connection, reason)` ends one that cannot be helped."""

    def __init__(self, store: Store, *, spawn: Spawn, low_water: int, cut: Callable[[Connection, str], None]) -> None:
        self._store = store
        self._cut = cut
        self._spawn = spawn
        self._low_water = low_water
        self._running: set[tuple[Connection, str]] = set()
        self.hub: Hub

    def start(self, connection: Connection, room: str) -> None:
        """The hub says that this connection needs frames. When its outlet is full, `drained` tries again."""
        if connection.outlet.buffered() > self._low_water or (connection, room) in self._running:
            return
        self._running.add((connection, room))
        self._spawn(self._run(connection, room))

    def drained(self, connection: Connection) -> None:
        """The connection has read everything that was written to it."""
        for room in list(connection.behind):
            self.start(connection, room)

    async def _run(self, connection: Connection, room: str) -> None:
        try:
            while (cursor := connection.behind.get(room)) is not None:
                frames: list[StoredFrame] = []
                lost = self.hub.is_too_far_behind(connection, room)
                if not lost:
                    frames = await self._store.read(partial(_frames_after, room, cursor))
                    lost = bool(frames) and frames[0].seq > cursor + 1  # the log does not reach back so far any more
                if lost:
                    await self._reset(connection, room, cursor)
                elif connection.behind.get(room) == cursor:
                    self.hub.replay(connection, room, frames)
                if connection.outlet.buffered() > self._low_water:
                    return
        except Unavailable:
            # It comes back with its cursor; nothing else would look after it again.
            self._cut(connection, "store_unavailable")
        finally:
            self._running.discard((connection, room))

    async def _reset(self, connection: Connection, room: str, cursor: int) -> None:
        summary = await self._store.read(lambda r: r.summary(room, connection.person.id))
        if connection.behind.get(room) == cursor and summary is not None:
            self.hub.reset(connection, room, summary)


def _frames_after(room: str, seq: int, reader: Reader) -> list[StoredFrame]:
    return reader.frames_after(room, seq, PAGE)
