"""Who is typing, told as coalesced signals.

Every node hears by the bus who types, and tells it to its own connections: so however many nodes there are, everybody
is told one and the same. While somebody types in a room, the room is looked at once a second, and told only when
something has changed; a room in which nobody types has no timer and takes no space.
"""

from collections.abc import Callable

from hubbub.core.models import Author
from hubbub.core.typing import Typists
from hubbub.protocol import Typing

TICK_S = 1.0
LASTS_S = 6.0
NAMED_MAX = 5


class TypingBoard:
    """`call_later(seconds, function)` is the loop's, `clock` gives its seconds; `tell(room, frame)` hands a signal to
    everybody live in the room; `is_crowd(room)`: whether so many are here that nobody is named. While
    `is_held`, nothing is told."""

    def __init__(
        self,
        *,
        call_later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float],
        tell: Callable[[str, str], None],
        is_crowd: Callable[[str], bool],
        is_held: Callable[[], bool],
    ) -> None:
        self._call_later = call_later
        self._clock = clock
        self._tell = tell
        self._is_crowd = is_crowd
        self._is_held = is_held
        self._rooms: dict[str, Typists] = {}
        self._told: dict[str, Typing] = {}

    def type(self, room: str, person: Author) -> None:
        """The person says that they are typing. The first in a room is told at once."""
        is_first = room not in self._rooms
        self._rooms.setdefault(room, Typists()).type(person, self._clock() + LASTS_S)
        if is_first:
            self._look(room)

    def stop(self, room: str, person: str) -> None:
        """The person has posted, left or gone."""
        if typists := self._rooms.get(room):
            typists.stop(person)

    def is_typing(self, room: str, person: str) -> bool:
        return person in self._rooms.get(room, ())

    def now(self, room: str) -> str | None:
        """The frame for one who comes into the room; None when nobody types."""
        told = self._told.get(room)
        return told.model_dump_json() if told else None

    def _look(self, room: str) -> None:
        if self._is_held():
            self._call_later(TICK_S, lambda: self._look(room))
            return
        typists = self._rooms[room]
        typists.expire(self._clock())
        named = [] if self._is_crowd(room) else typists.people(NAMED_MAX)
        signal = Typing(room=room, people=named, others=len(typists) - len(named))
        before = self._told.pop(room, None)
        if typists:
            self._told[room] = signal
        elif before is None:
            del self._rooms[room]
            return
        if signal != before:
            self._tell(room, signal.model_dump_json())
        self._call_later(TICK_S, lambda: self._look(room))
