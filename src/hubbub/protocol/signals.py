"""Signals: from server to client, never stored."""

from typing import Literal

from hubbub.core.models import (
    Author,
    Millis,
    Person,
    PersonId,
    Place,
    Record,
    RoomId,
    RoomSummary,
    Seq,
)


class Typing(Record):
    """Who is typing in a room, oneself too: at most one a second, and only when that has changed. It holds until the
    next one; without people and others, nobody is typing any more. A signal may be lost, so take a person away when
    a message of theirs comes, and forget it all after two minutes."""

    type: Literal["typing"] = "typing"
    room: RoomId
    people: list[Author]
    """At most 5, in the order in which they began; nobody where more than 300 are here."""
    others: int
    """How many more are typing."""


class Presence(Record):
    """Who came and who went since the last such signal of the room; at most one a second. Where more than 300 people
    are here, or have come and gone, both lists are empty: `count` is true, and the command `here` names people."""

    type: Literal["presence"] = "presence"
    room: RoomId
    here: list[Author]
    gone: list[PersonId]
    count: int
    """How many people are here now."""


class Read(Record):
    """The same person has read (or un-read) on another connection."""

    type: Literal["read"] = "read"
    room: RoomId
    read: Seq
    unread: int
    head: Seq
    """As in `ReadState`."""


class Joined(Record):
    """The same person has joined a room, here or on another connection; its events follow from `room.head` on."""

    type: Literal["joined"] = "joined"
    room: RoomSummary


class Me(Record):
    """The same person has another name, chosen here or on another connection, or another role."""

    type: Literal["me"] = "me"
    person: Person


class Left(Record):
    """The same person has left a room, or was taken out of it; nothing follows from it."""

    type: Literal["left"] = "left"
    room: RoomId
    why: Literal["kicked", "banned"] | None = None
    """Null: by their own will."""
    reason: str | None = None
    """The moderator's words."""


class Muted(Record):
    """The same person has been silenced, or may speak again."""

    type: Literal["muted"] = "muted"
    room: RoomId | None = None
    """Null: in the whole place."""
    until: Millis
    """0: may speak."""
    reason: str


class PlaceChanged(Record):
    """The place is another from now on."""

    type: Literal["place"] = "place"
    place: Place


class Waiting(Record):
    """To moderators: so many accounts wait for approval."""

    type: Literal["waiting"] = "waiting"
    count: int


class Reset(Record):
    """Too much was missed, or the cursor is not of this log. Forget the room's messages, read them anew by
    `history`; events go on after `seq`."""

    type: Literal["reset"] = "reset"
    room: RoomId
    seq: Seq
    summary: RoomSummary
    """The room as it is now. Events up to its `head` may still follow."""


class Restarting(Record):
    """The server is about to restart: everything acknowledged is safe. Come back after `retry_in_ms`."""

    type: Literal["restarting"] = "restarting"
    retry_in_ms: int


Signal = Typing | Presence | Read | Joined | Left | Muted | Me | PlaceChanged | Waiting | Reset | Restarting
