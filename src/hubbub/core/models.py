"""The nouns of the chat, as they stand in the store's state, on the wire and in the API alike.

Times are integers: milliseconds since 1970-01-01 UTC. A message has no id of its own: it *is* the pair of its
room and the `seq` of the event that posted it.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

RoomId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""Made from the room's first name when it is created; stays when the room is renamed."""
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z0-9-]{1,56}$")]
"""`guest-` and the time of the first visit in milliseconds, or `client-` and the number of a tutorial client."""
Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Position in a room's log: 1, 2, 3 … without a gap; 0 is "before everything"."""
Millis = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A time: milliseconds since 1970-01-01 UTC."""

PersonKind = Literal["guest", "client"]

LOBBY = "lobby"
"""The room that always exists and that everybody is in."""


class Record(BaseModel):
    """A value: strict, immutable, refuses fields that it does not know. Its errors, which may end in a log, do not
    repeat what they were given."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Author(Record):
    """Who did something, under the name of that time."""

    id: PersonId
    name: str


class Person(Record):
    id: PersonId
    name: str
    kind: PersonKind
    created_at: Millis

    @property
    def author(self) -> Author:
        return Author(id=self.id, name=self.name)


class Reaction(Record):
    """One emoji under a message, with those who chose it, first come first."""

    emoji: str
    people: list[PersonId]


class Message(Record):
    """A message as it stands now. A deleted one keeps its place and loses its text."""

    room: RoomId
    seq: Seq
    at: Millis
    author: Author
    """Under the name that the author has now."""
    text: str
    html: str | None = None
    """Safe HTML made from `text`; null when `text` is plain and can be shown as it is."""
    reply_to: Seq | None = None
    """The message that this one answers. A history has its beginning in `quotes`."""
    edited_at: Millis | None = None
    """When its text was last changed; null: never."""
    deleted: bool = False
    pinned: bool = False
    reactions: list[Reaction] = []
    """In the order of the emojis' code points."""


class Quote(Record):
    """The beginning of a message that another one replies to."""

    seq: Seq
    author: Author
    text: str
    """At most 200 characters; empty when deleted."""
    deleted: bool = False


class Room(Record):
    id: RoomId
    name: str
    created_at: Millis
    created_by: PersonId | None
    """None for the lobby, which the server made."""
    archived: bool
    head: Seq
    """`seq` of the newest event."""
    last_at: Millis
    """Time of the newest message, or of the creation."""


class Membership(Record):
    """One person's place in one room."""

    room: RoomId
    person: PersonId
    joined_at: Millis
    read: Seq
    """Everything up to this `seq` has been read."""


class Standing(NamedTuple):
    """All that decides whether a person may change something in a room, and under which name they do."""

    head: int
    archived: bool
    joined_at: int | None
    """None for somebody who is not a member."""
    author: Author | None
    """None for somebody who does not exist."""


class RoomSummary(Record):
    """A room as one person sees it in a list."""

    id: RoomId
    name: str
    archived: bool
    created_by: PersonId | None = None
    """Who may rename and archive it; null for the lobby."""
    head: Seq
    last_at: Millis
    joined: bool
    read: Seq = 0
    unread: int = 0
    """Messages by others after `read`, not deleted ones; counted up to 100, so 100 means "100 or more"."""


class Member(Record):
    id: PersonId
    name: str
    kind: PersonKind
    joined_at: Millis


class History(Record):
    """A stretch of a room's messages, oldest first, as they stood when the room's log ended at `head`."""

    room: RoomId
    head: Seq
    messages: list[Message]
    quotes: list[Quote]
    """One for each message that one of `messages` replies to."""
    more_before: bool
    more_after: bool


class Piece(Record):
    """A part of a text; together with those beside it, the text."""

    text: str
    found: bool = False
    """Whether this is what was looked for."""


class Hit(Record):
    """A message that answers a search."""

    message: Message
    room_name: str
    snippet: list[Piece]
    """The part of its text that answers, as plain text: at most 160 characters."""


class Found(Record):
    """Answers to a search, newest first."""

    hits: list[Hit]
    before: str | None = None
    """Where to go on: the `before` of the next question; null when nothing older can answer. A page may have few hits
    or none and still have it, when many messages had to be read."""
    complete: bool
    """False: the index is still being made; old messages may be missing."""
