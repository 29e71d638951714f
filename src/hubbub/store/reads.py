"""What can be read from a store."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from hubbub.core import search as searching
from hubbub.core.models import (
    AuditEntry,
    Author,
    Found,
    History,
    Invite,
    Member,
    Membership,
    Message,
    Person,
    Place,
    Profile,
    Reported,
    Role,
    Room,
    RoomSummary,
    Sanction,
    Standing,
)
from hubbub.store.records import (
    Account,
    Erasure,
    Link,
    LinkKind,
    SignedIn,
    StoredFile,
    StoredFrame,
    StoredPasskey,
    StoredSession,
)


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

    def signed_in(self, person: str, session: str) -> Person | None:
        """The person, if their session with this public id has not ended."""
        ...

    def sessions_of(self, person: str) -> list[StoredSession]:
        """The last used first."""
        ...

    def account(self, person: str) -> Account | None: ...

    def account_called(self, name: str) -> Account | None:
        """By login name or e-mail address, compared without case; of several with one address the oldest."""
        ...

    def person_identified(self, issuer: str, subject: str) -> str | None:
        """The id of the person who is this one at a provider of OpenID Connect."""
        ...

    def has_identity(self, person: str, issuer: str) -> bool: ...

    def passkey(self, passkey: str) -> StoredPasskey | None: ...

    def passkeys_of(self, person: str) -> list[StoredPasskey]:
        """The oldest first."""
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

    def heir(self, room: str, owner: str) -> Author | None:
        """Who may own the room when `owner`, its only one, goes: a moderator, or else who came first. None: it has
        another owner, or nobody else in it, or this person does not own it."""
        ...

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
