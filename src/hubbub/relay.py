"""The relay: the only way from the bus to the hub.

For each room that somebody here listens to it delivers exactly the next `seq`, drops what is old, and reads from the
store what is missing. A sweep compares with the store now and then, because a lost *last* ring is noticed by nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from hubbub.bus import Bus
from hubbub.core.models import Place
from hubbub.errors import Unavailable
from hubbub.hub.hub import Hub
from hubbub.hub.plain import plain_text
from hubbub.protocol import ERASING, EVENTS, Envelope
from hubbub.store import Reader, Store, StoredFrame
from hubbub.tasks import Spawn

HEAL_PAGE = 500
"""Events read from the store at once when healing."""

log = logging.getLogger(__name__)


class Relay:
    """`on_person` is told when a person who may have connections here has joined or left a room, has another name, or
    must go; `on_typing` when somebody types or stops; `on_place` when the place is another."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        hub: Hub,
        *,
        spawn: Spawn,
        on_person: Callable[[Envelope], None],
        on_typing: Callable[[Envelope], None],
        on_place: Callable[[Place], None],
        ring_size: int,
        sweep_interval_s: float,
    ) -> None:
        self._store = store
        self._hub = hub
        self._spawn = spawn
        self._on_person = on_person
        self._on_typing = on_typing
        self._on_place = on_place
        self._ring_size = ring_size
        self._sweep_interval_s = sweep_interval_s
        self._healing: set[str] = set()
        self._rung: dict[str, int] = {}
        """Rooms that are being opened, with the highest `seq` that the bus has named meanwhile."""
        self._opening: dict[str, asyncio.Task[None]] = {}
        bus.listen(self.receive)

    async def open(self, room: str, at_least: int = 0) -> None:
        """Makes the hub follow the room, and waits until it has come to `at_least`, which must be in the log.
        Raises Unavailable when the store cannot be read."""
        while (head := self._hub.head(room)) is None:
            task = self._opening.get(room)
            if task is None:
                task = self._opening[room] = self._spawn(self._open(room))
            await asyncio.shield(task)
        if head < at_least:
            await self._heal(room)

    def receive(self, envelope: Envelope) -> None:
        """Takes an envelope from the bus. Any order, any number of times."""
        room, seq = envelope.room, envelope.seq
        if envelope.place:
            self._on_place(envelope.place)
        elif envelope.membership or envelope.changed or envelope.ends:
            self._on_person(envelope)
        elif envelope.erases and room and seq is None:
            self._hub.forget(room)
        elif envelope.typing:
            self._on_typing(envelope)
        elif envelope.person:
            for connection in self._hub.connections_of(envelope.person):
                if connection.ready and not connection.plain:
                    self._hub.tell(connection, envelope.frame)
        elif room and seq is None:
            self._hub.signal(room, envelope.frame, envelope.plain)
        elif room and seq:
            self._receive_event(room, seq, envelope)

    async def sweep(self) -> None:
        """Looks into the store every `sweep_interval_s` for events that the bus never told, until cancelled."""
        while True:
            await asyncio.sleep(self._sweep_interval_s)
            try:
                heads = await self._store.read(lambda reader: reader.heads(self._hub.rooms()))
            except Unavailable:
                continue
            for room, head in heads.items():
                if head > (self._hub.head(room) or head):
                    self._heal_soon(room)

    def _receive_event(self, room: str, seq: int, envelope: Envelope) -> None:
        head = self._hub.head(room)
        if head is None:
            if room in self._rung:
                self._rung[room] = max(seq, self._rung[room])
        elif seq == head + 1:
            self._hub.deliver(room, seq, envelope.frame, envelope.plain, erases=envelope.erases)
        elif seq > head:
            self._heal_soon(room)

    async def _open(self, room: str) -> None:
        self._rung[room] = 0
        try:
            frames = await self._store.read(lambda reader: reader.newest_frames(room, max(1, self._ring_size)))
            head = frames[-1].seq if frames else 0
            self._hub.open(room, head, frames)
            if self._rung[room] > head:
                self._heal_soon(room)
        finally:
            del self._rung[room], self._opening[room]

    def _heal_soon(self, room: str) -> None:
        if room not in self._healing:
            self._healing.add(room)
            self._spawn(self._heal(room))

    async def _heal(self, room: str) -> None:
        """Reads what the bus left out until there is nothing more."""
        try:
            while (head := self._hub.head(room)) is not None:
                frames = await self._store.read(partial(_frames_after, room, head))
                if frames and frames[0].seq > head + 1 and self._hub.head(room) == head:
                    self._hub.skip(room, frames[0].seq - 1)
                for seq, frame in frames:
                    if seq == (self._hub.head(room) or 0) + 1:
                        event = EVENTS.validate_json(frame)
                        erases = isinstance(event, ERASING)
                        self._hub.deliver(room, seq, frame, plain_text(event), erases=erases)
                if len(frames) < HEAL_PAGE:
                    return
        except Unavailable:
            log.warning("could not read missing events of %s; the next sweep tries again", room)
        finally:
            self._healing.discard(room)


def _frames_after(room: str, seq: int, reader: Reader) -> list[StoredFrame]:
    return reader.frames_after(room, seq, HEAL_PAGE)
