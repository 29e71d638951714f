"""The store is the truth: rooms as logs of events, and the current state that follows from them.

A caller hands in a plain function; the store runs it in a worker thread inside a transaction:

    seq = await store.write(lambda tx: tx.append(draft).seq)
    page = await store.read(lambda reader: reader.history("lobby", before=120, limit=50))

`write` joins the functions of many callers into one transaction (group commit) and returns after the commit; each
function sees what the ones before it did, and one that raises leaves no trace. When one has raised after it had
written, all are run again, so a function changes nothing but the store. Whatever `append` and `announce` gave
is handed to `on_commit` after the commit, in order, before the writers get their results.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from hubbub.core import search as searching
from hubbub.core.models import (
    Found,
    History,
    Member,
    Membership,
    Message,
    Person,
    PersonKind,
    Place,
    Role,
    Room,
    RoomSummary,
    Standing,
)
from hubbub.counts import Histogram
from hubbub.protocol import Envelope, Event

T = TypeVar("T")
UNREAD_CAP = 100


class Committed(NamedTuple):
    """An event that is durable, with the frame that every client gets: encoded once, stored as it is sent."""

    event: Event
    frame: str


class StoredFrame(NamedTuple):
    seq: int
    frame: str


class Reader(Protocol):
    """Reads one consistent snapshot. Methods that look one thing up return None when it is not there."""

    def epoch(self) -> str:
        """The random id of this log; another one after a restore from a backup."""
        ...

    def place(self) -> Place | None:
        """None until somebody has set it up."""
        ...

    def room(self, room: str) -> Room | None: ...

    def room_named(self, name: str) -> Room | None:
        """The public room that is not archived and has this name, compared without case."""
        ...

    def person(self, person: str) -> Person | None: ...

    def session(self, token_hash: str) -> Person | None:
        """Who holds the token with this SHA-256 (hexadecimal)."""
        ...

    def membership(self, room: str, person: str) -> Membership | None: ...

    def standing(self, room: str, person: str) -> Standing | None:
        """A room as it decides what this person may do in it, in one look."""
        ...

    def rooms_of(self, person: str) -> list[RoomSummary]:
        """The rooms that the person is in, the most recently active first, at most 500."""
        ...

    def summary(self, room: str, person: str) -> RoomSummary | None:
        """One room as this person sees it; None too when they may not know of it."""
        ...

    def directory(self, person: str, *, after: str | None, limit: int) -> list[RoomSummary]:
        """Rooms by id, joined or not, without archived and private ones that the person is not in."""
        ...

    def members(self, room: str, *, after: str | None, limit: int) -> list[Member]: ...

    def member_count(self, room: str) -> int: ...

    def message(self, room: str, seq: int) -> Message | None: ...

    def posted_with(self, room: str, person: str, key: str) -> Message | None:
        """The message that this person posted under this key."""
        ...

    def history(
        self,
        room: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> History:
        """At most one of `before`, `after`, `around`; none: the newest. `around` centres on the nearest message.
        Found by `seq` through the primary key, at the same cost anywhere in a room."""
        ...

    def pins(self, room: str, limit: int = 100) -> list[Message]:
        """Newest pinned message (by its own `seq`) first."""
        ...

    def unread(self, room: str, person: str, read: int) -> int:
        """Messages after `read` by others, not deleted; counted up to UNREAD_CAP."""
        ...

    def frames_after(self, room: str, seq: int, limit: int) -> list[StoredFrame]:
        """The events that follow `seq`, in order, as frames."""
        ...

    def newest_frames(self, room: str, limit: int) -> list[StoredFrame]:
        """The last events of a room, oldest first."""
        ...

    def heads(self, rooms: Iterable[str]) -> Mapping[str, int]:
        """The newest `seq` of each of these rooms."""
        ...

    def people_named(self, beginning: str, limit: int) -> list[str]:
        """The ids of people whose name begins so, without regard to case and accents."""
        ...

    def search(
        self,
        person: str,
        query: searching.Query,
        *,
        rooms: Collection[str] | None = None,
        authors: Collection[str] | None = None,
        before: searching.Place | None = None,
        limit: int = 20,
    ) -> Found:
        """Messages for which `query.match` is true, that stand in these rooms (None: in those that the person is in
        now), are by one of these authors and were posted in the query's time. Newest first (see `Place`), after
        `before`. Every message can be found as soon as it is committed, and a deleted one nowhere.
        The names of rooms and people in the query are for the caller to look up."""
        ...


class Transaction(Reader, Protocol):
    """Reads and writes. Reads see the transaction's own writes."""

    def append(self, draft: Event) -> Event:
        """Gives the draft (whose `seq` is 0) the room's next `seq`, stores it, applies it to the current state and
        returns it. The first event of a room is `room.created` and makes the room.
        Deleting a message also erases its text from the log."""
        ...

    def announce(self, envelope: Envelope) -> None:
        """Hands an envelope to `on_commit` together with the events, in the order of the calls; nothing is stored.
        If the function raises, or the commit fails, it is forgotten."""
        ...

    def set_place(self, place: Place) -> None: ...

    def add_person(self, kind: PersonKind, person_id: str, name: str, at: int, role: Role = "guest") -> Person:
        """Raises Conflict if the id is taken."""
        ...

    def set_role(self, person: str, role: Role) -> None:
        """In the whole place."""
        ...

    def rename_person(self, person: str, name: str) -> None: ...

    def add_session(self, token_hash: str, person: str, at: int) -> None: ...

    def set_read(self, room: str, person: str, seq: int) -> None:
        """Moves the read marker, in whichever direction."""
        ...

    def touch(self) -> None:
        """Writes something that means nothing: a commit after it shows whether the disk takes writes."""
        ...


class StoreLoad(NamedTuple):
    """How busy a store is."""

    writes_waiting: int
    """That have not been done."""
    reads_waiting: int
    batch_sizes: Histogram
    """Writes in each transaction since the start."""


class Store(Protocol):
    on_commit: Callable[[Sequence[Committed | Envelope]], None]
    """Called in the event loop's thread after each commit with what was appended and announced, in order.
    Set once, before the first write."""

    async def start(self) -> None:
        """Opens the database, migrates it, makes the lobby if there is none.
        Raises SetupError with one clear line (damaged, not writable, made by a newer version, locked)."""
        ...

    async def stop(self) -> None:
        """Finishes the writes that were handed in, then closes. Later calls raise Unavailable."""
        ...

    def load(self) -> StoreLoad: ...

    async def read(self, function: Callable[[Reader], T]) -> T: ...

    async def write(self, function: Callable[[Transaction], T]) -> T:
        """Raises what `function` raises; Unavailable (code `storage_full`, `storage_failed` or `unavailable`) when
        the database cannot. If the caller is cancelled the write may still happen, and is then announced."""
        ...
