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
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from hubbub.core import search as searching
from hubbub.core.models import (
    AuditEntry,
    Author,
    FileInfo,
    Found,
    History,
    Invite,
    Member,
    Membership,
    Message,
    Person,
    PersonKind,
    Place,
    Profile,
    Reported,
    Role,
    Room,
    RoomSummary,
    Sanction,
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


class SignedIn(NamedTuple):
    person: Person
    session: str
    """The public id of the session."""
    seen_at: int


class StoredSession(NamedTuple):
    id: str
    created_at: int
    seen_at: int
    agent: str
    address: str


class Account(NamedTuple):
    person: str
    login: str
    email: str | None
    password_hash: str
    created_at: int
    status: str | None
    time_zone: str | None


LinkKind = Literal["owner", "reset"]


class Erasure(NamedTuple):
    """Somebody who is being forgotten, and how far that has come."""

    person: str
    messages: str
    """`keep` or `erase`."""
    room: str
    seq: int


class Link(NamedTuple):
    """Something that whoever has its code may do once."""

    person: str | None


class StoredFile(NamedTuple):
    """An uploaded file, and what only the server knows of it."""

    info: FileInfo
    by: str
    at: int
    sha256: str
    """Of its bytes: by this they are found on the disk."""
    thumbnail: str | None
    """SHA-256 of a smaller picture, if there is one."""


class SweptFile(NamedTuple):
    """A file that nobody may have any more."""

    id: str
    blobs: list[str]
    """Each SHA-256 that no other file has: these bytes are to be removed."""


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

    def session(self, token_hash: str) -> SignedIn | None:
        """Who holds the token with this SHA-256 (hexadecimal)."""
        ...

    def has_session(self, person: str, session: str) -> bool:
        """Whether this person's session with this public id has not ended."""
        ...

    def sessions_of(self, person: str) -> list[StoredSession]:
        """The last used first."""
        ...

    def account(self, person: str) -> Account | None: ...

    def account_called(self, name: str) -> Account | None:
        """By login name or e-mail address, compared without case; of several with one address the oldest."""
        ...

    def profile(self, person: str) -> Profile | None: ...

    def people(self, *, after: str | None, limit: int) -> list[Profile]:
        """Those with an account, by id, without the ones that wait for approval."""
        ...

    def waiting(self) -> list[Profile]:
        """The accounts that wait for approval, oldest first, at most 100."""
        ...

    def people_with_role(self, role: Role) -> list[str]:
        """The ids of people with an account who have this role in the place."""
        ...

    def is_a_members_name(self, name: str, but: str) -> bool:
        """Whether somebody with an account, other than `but`, has this name, compared without case and accents."""
        ...

    def link(self, kind: LinkKind, code_hash: str, now: int) -> Link | None:
        """A link that works, by the SHA-256 of its code."""
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

    def owner_count(self, room: str) -> int: ...

    def private_rooms_named(self, person: str, name: str) -> list[str]:
        """The private rooms that the person is in and that have this name, compared without case."""
        ...

    def conversation(self, key: str) -> str | None:
        """The room of the direct conversation that was added under this key."""
        ...

    def others_in(self, rooms: Iterable[str], person: str) -> dict[str, list[Author]]:
        """The members of each of these rooms but this person, in the order of their ids. For small rooms."""
        ...

    def invite(self, code_hash: str, now: int) -> Invite | None:
        """What the code with this SHA-256 (hexadecimal) opens, if it has not expired and may still be used."""
        ...

    def invites(self, room: str | None, now: int) -> list[Invite]:
        """Those that can still be accepted, the newest first, at most 100. None: into the place."""
        ...

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

    def file(self, file: str) -> StoredFile | None:
        """One that a message holds, or that has not been posted yet."""
        ...

    def rooms_with(self, file: str) -> list[str]:
        """The rooms in which a message holds the file, at most 100."""
        ...

    def uploaded_since(self, person: str, since: int) -> int:
        """Bytes of the files that a person has uploaded after that time, without those that were swept away."""
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

    # Order and erasing

    def is_signed_in(self, person: str) -> bool:
        """Whether the person has a session."""
        ...

    def banned_until(self, person: str) -> int:
        """Until when the person may not come into the place; 0: never banned."""
        ...

    def address_banned_until(self, address: str) -> int:
        """Until when no new guests may come from there; 0: never banned."""
        ...

    def address_of(self, person: str) -> str | None:
        """From where a guest came."""
        ...

    def sanctions(self, room: str | None, now: int, limit: int) -> list[Sanction]:
        """Those that hold now, the newest first: of a room, or (None) of the place and all public rooms."""
        ...

    def posted_at(self, room: str, person: str) -> int:
        """When the person last posted in a room in slow mode; 0: never."""
        ...

    def reports(self, room: str | None, limit: int) -> list[Reported]:
        """Reported messages that are not settled, first come first: of a room, or (None) of all public rooms."""
        ...

    def audit(
        self,
        reader: str,
        *,
        room: str | None,
        person: str | None,
        action: str | None,
        before: int | None,
        limit: int,
    ) -> list[AuditEntry]:
        """Entries, the newest first: of a room, or (None) all that are not about a private room that `reader` is not
        in; by or about `person`; of one kind; older than the entry `before`."""
        ...

    def room_ids(self, after: str, limit: int) -> list[str]:
        """All rooms, private ones too, in the order of their ids."""
        ...

    def past(self, room: str, before_at: int, limit: int) -> int:
        """Up to which `seq` a room's oldest messages, at most so many, are older than this time; 0: none is."""
        ...

    def messages_by(self, person: str, room: str, after: int, up_to: int) -> list[Message]:
        """What a person has written in a stretch of a room, and not deleted."""
        ...

    def is_named(self, person: str, room: str, after: int, up_to: int) -> bool:
        """Whether frames of this stretch of a room name the person."""
        ...

    def erasures(self) -> list[Erasure]: ...


class Transaction(Reader, Protocol):
    """Reads and writes. Reads see the transaction's own writes."""

    def append(self, draft: Event) -> Event:
        """Gives the draft (whose `seq` is 0) the room's next `seq`, stores it, applies it to the current state and
        returns it. The first event of a room is `room.created` and makes the room.
        A message holds its files, which exist, until it is deleted or no longer kept: a file that no other message
        holds is gone then. Deleting a message also erases its text and its files from the log; `messages.erased` takes
        what is older out of everything, the log too, which begins after it from then on."""
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

    def add_session(self, token_hash: str, person: str, at: int, agent: str = "", address: str = "") -> str:
        """Returns the session's public id."""
        ...

    def saw_session(self, person: str, session: str, at: int) -> None: ...

    def end_session(self, person: str, session: str) -> None:
        """By its public id; nothing happens when this person has no such session."""
        ...

    def end_sessions(self, person: str, but: str = "") -> None:
        """All of a person's, or all but one."""
        ...

    def add_account(self, person: str, login: str, email: str | None, password_hash: str, at: int) -> None:
        """Gives a person an account. Raises Conflict if somebody has this login name."""
        ...

    def drop_account(self, person: str) -> None:
        """The person is a guest again."""
        ...

    def set_password(self, person: str, password_hash: str) -> None: ...

    def set_email(self, person: str, email: str | None) -> None: ...

    def set_profile(self, person: str, status: str | None, time_zone: str | None) -> None: ...

    def add_link(self, kind: LinkKind, code_hash: str, person: str | None, expires_at: int | None) -> None:
        """In place of an earlier one of this kind for this person."""
        ...

    def drop_links(self, kind: LinkKind, person: str | None) -> None: ...

    def add_conversation(self, key: str, room: str) -> None: ...

    def add_invite(self, added: Invite, code_hash: str) -> None:
        """Forgets those of the same room that can not be accepted any more."""
        ...

    def use_invite(self, invite: str) -> None:
        """One person less can come by it, if there is a number."""
        ...

    def drop_invite(self, invite: str) -> None: ...

    def set_read(self, room: str, person: str, seq: int) -> None:
        """Moves the read marker, in whichever direction."""
        ...

    # Order and erasing

    def set_sanction(self, sanctioned: Sanction) -> None:
        """In place of one of this kind that the person had there."""
        ...

    def drop_sanction(self, person: str, room: str, kind: str) -> None:
        """`room` is "" for the whole place. With a ban from there those of addresses end that came with it."""
        ...

    def remember_address(self, person: str, address: str) -> None:
        """From where a guest comes. Once for each."""
        ...

    def ban_address(self, address: str, person: str, until: int) -> None:
        """Because of this person."""
        ...

    def set_posted_at(self, room: str, person: str, at: int) -> None: ...

    def report(self, room: str, seq: int, person: str, at: int, reason: str) -> bool:
        """False: this person has reported it before."""
        ...

    def settle(self, room: str, seq: int) -> bool:
        """Takes a message off what was reported. False: it was not there."""
        ...

    def record(self, action: str, by: str, at: int, **about: Any) -> None:
        """Adds an entry to the audit log: see `hubbub.service.audit.record`."""
        ...

    def set_retention(self, room: str, days: int | None) -> None: ...

    def begin_erasure(self, gone: Person, messages: str) -> None:
        """Ends the person's sessions and takes away what only served them; the rest is for `erasures` to find."""
        ...

    def go_on_erasing(self, person: str, room: str, seq: int) -> None: ...

    def end_erasure(self, person: str) -> None: ...

    def rewrite_names(self, person: str, name: str, room: str, after: int, up_to: int) -> None:
        """Gives a person another name in the frames of a stretch of a room."""
        ...

    def add_file(self, stored: StoredFile) -> None:
        """Takes note of an uploaded file; nobody but its uploader may have it until a message holds it."""
        ...

    def sweep_files(self, before: int) -> list[SweptFile]:
        """Some of the files that no message holds any more, or that were uploaded before that time and never posted.
        When their blobs have been removed, `forget_files`; until then they are told again."""
        ...

    def forget_files(self, files: Iterable[str]) -> None: ...

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
