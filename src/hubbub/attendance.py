"""Who is where on this node: connections that enter and leave rooms, and whose person changes or must go."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from hubbub.core.models import Author, Person, RoomSummary
from hubbub.errors import CloseCode
from hubbub.hub.hub import Connection, Hub
from hubbub.hub.presence import PresenceBoard
from hubbub.hub.typing import TypingBoard
from hubbub.protocol import Envelope

ENDS = {
    "signed_out": (CloseCode.SIGN_IN_NEEDED, "You are signed out."),
    "banned": (CloseCode.BANNED, "You have been banned here."),
}
"""How connections are closed whose person must go."""


class OpensRooms(Protocol):
    """What there must be of the relay."""

    def open(self, room: str, *, at_least: int = 0) -> Awaitable[None]: ...


class Attendance:
    """`relay` is set once it is there. `publish` gives an envelope to the bus, `spawn` runs something by itself."""

    relay: OpensRooms

    def __init__(
        self,
        hub: Hub,
        presence: PresenceBoard,
        typing: TypingBoard,
        *,
        publish: Callable[[Envelope], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._hub = hub
        self._presence = presence
        self._typing = typing
        self._publish = publish
        self._spawn = spawn

    async def enter(
        self, connection: Connection, room: str, cursor: int | None, summary: RoomSummary | None = None
    ) -> None:
        """Puts a connection into a room (see `Hub.enter`), counts its person as here, and tells it who is typing;
        unless the person has left or joined the room meanwhile, which decides then."""
        await self.relay.open(room, at_least=cursor or 0)
        if connection.changed.get(room, cursor) == cursor:
            self._enter_now(connection, room, cursor, summary)

    def _enter_now(
        self, connection: Connection, room: str, cursor: int | None, summary: RoomSummary | None = None
    ) -> None:
        """Into a room that is open, and has come to `cursor` here."""
        still_there = connection in self._hub.connections_of(connection.person.id)
        if still_there and self._hub.enter(connection, room, cursor, summary):
            self._presence.enter(room, connection.person.author)
            if not connection.plain and (typing := self._typing.now(room)):
                self._hub.tell(connection, typing)

    def depart(self, connection: Connection, *, at_once: bool = False) -> None:
        """Takes a connection that has ended out of everything. `at_once`: without the grace for a reload."""
        rooms, person = [*connection.live, *connection.behind], connection.person
        self._hub.disconnect(connection)
        was_the_last = not self._hub.connections_of(person.id)
        for room in rooms:
            self._presence.exit(room, person.author, at_once=at_once)
            if was_the_last:
                self.stop_typing(room, person.author)

    def stop_typing(self, room: str, person: Author) -> None:
        """On all nodes."""
        if self._typing.is_typing(room, person.id):
            self._publish(Envelope(room=room, typing=person, stopped=True, frame=""))

    def typing_changed(self, envelope: Envelope) -> None:
        """Somebody has begun or ended typing, on whichever node."""
        room, person = envelope.room, envelope.typing
        assert room is not None
        assert person is not None
        if envelope.stopped:
            self._typing.stop(room, person.id)
        elif self._hub.head(room) is not None:  # somebody here listens
            self._typing.type(room, person)

    def person_changed(self, envelope: Envelope) -> None:
        """A person with connections here has joined or left a room, has another name or role, or must go."""
        assert envelope.person is not None
        for connection in self._hub.connections_of(envelope.person):
            if envelope.ends:
                if envelope.session in (None, connection.session):
                    connection.end(*ENDS[envelope.ends])
                continue
            if not connection.ready:
                connection.outdated = True
                continue
            if envelope.membership == "joined" and envelope.room and connection.is_in(envelope.room):
                continue  # late news: the rooms of its welcome were read after that commit, and this is one of them
            if not connection.plain:
                self._hub.tell(connection, envelope.frame)
            if envelope.changed:
                self._change(connection, envelope.changed)
            elif envelope.room and envelope.seq:
                self._move(connection, envelope.room, envelope.seq, envelope.membership)

    def _move(self, connection: Connection, room: str, seq: int, membership: str | None) -> None:
        connection.changed = {**connection.changed, room: seq}
        if membership == "left":
            if self._hub.leave(connection, room):
                self._presence.exit(room, connection.person.author, at_once=True)
        elif not connection.plain:
            if (self._hub.head(room) or 0) >= seq:
                self._enter_now(connection, room, seq)  # a task would come when the ring may have lost what follows
            else:
                self._spawn(self.enter(connection, room, seq))

    def _change(self, connection: Connection, person: Person) -> None:
        was, connection.person = connection.person, person
        if was.name == person.name:
            return
        for room in [*connection.live, *connection.behind]:
            self._presence.enter(room, person.author)
            self._presence.exit(room, person.author, at_once=True)
