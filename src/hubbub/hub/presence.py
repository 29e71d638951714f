"""Who is here, on this node: rosters of the rooms, told as coalesced signals.

A person is here in a room while one of their connections is in it. A change is told at most once a second for each
room; above `NAMES_MAX` people, or changes, only their number.
"""

from collections.abc import Callable

from hubbub.core.models import Author
from hubbub.core.presence import Roster
from hubbub.protocol import NAMES_MAX, Envelope, Presence

TICK_S = 1.0


class PresenceBoard:
    """`call_later(seconds, function)` is the loop's; `publish` hands an envelope to the bus. `grace_s`: how long
    somebody whose last connection closed still counts as here, because a reload closes and opens one. While `is_held`,
    nothing is told; afterwards all that has changed is one signal."""

    def __init__(
        self,
        *,
        call_later: Callable[[float, Callable[[], None]], object],
        publish: Callable[[Envelope], None],
        grace_s: float,
        is_held: Callable[[], bool],
    ) -> None:
        self._call_later = call_later
        self._publish = publish
        self._grace_s = grace_s
        self._is_held = is_held
        self._rosters: dict[str, Roster] = {}
        self._changed: dict[str, None] = {}
        self._ticking = False

    def enter(self, room: str, person: Author) -> None:
        self._rosters.setdefault(room, Roster()).enter(person)
        self._tell_soon(room)

    def exit(self, room: str, person: Author, *, at_once: bool = False) -> None:
        """One connection of the person has left the room."""
        if at_once or not self._grace_s:
            self._exit(room, person)
        else:
            self._call_later(self._grace_s, lambda: self._exit(room, person))

    def here(self, room: str, limit: int) -> tuple[list[Author], int]:
        """People in the order of their ids, at most `limit`, and how many there are in all."""
        roster = self._rosters.get(room)
        return (roster.people(limit), roster.count) if roster else ([], 0)

    def is_crowd(self, room: str) -> bool:
        """Whether so many are here that they are only counted."""
        roster = self._rosters.get(room)
        return roster is not None and roster.count > NAMES_MAX

    def _exit(self, room: str, person: Author) -> None:
        roster = self._rosters.get(room)
        if roster is None or not roster.exit(person.id):
            return
        self._publish(Envelope(room=room, frame="", plain=f"{person.name} left the chat"))
        self._tell_soon(room)

    def _tell_soon(self, room: str) -> None:
        self._changed[room] = None
        if not self._ticking:
            self._ticking = True
            self._call_later(TICK_S, self._tell)

    def _tell(self) -> None:
        if self._is_held():
            self._call_later(TICK_S, self._tell)
            return
        self._ticking = False
        changed, self._changed = self._changed, {}
        for room in changed:
            roster = self._rosters[room]
            diff = roster.take_diff()
            if not roster.count:
                del self._rosters[room]
            if diff is None:
                continue
            few = max(diff.count, len(diff.here) + len(diff.gone)) <= NAMES_MAX
            signal = Presence(
                room=room,
                here=diff.here if few else [],
                gone=diff.gone if few else [],
                count=diff.count,
            )
            self._publish(Envelope(room=room, frame=signal.model_dump_json()))
