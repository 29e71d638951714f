"""The nouns of the chat, as they stand in the store's state, on the wire and in the API alike.

Times are integers: milliseconds since 1970-01-01 UTC. A message has no id of its own: it *is* the pair of its
room and the `seq` of the event that posted it.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

RoomId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
"""Of a public room: made from its first name when it is created; stays when the room is renamed. Of any other room:
random, so that it tells nothing."""
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z0-9-]{1,56}$")]
"""`guest-`, or `account-` for whoever signed up at once, and the time of the first visit in milliseconds; or `client-`
and the number of a tutorial client. A guest who signs up keeps the id."""
Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Position in a room's log: 1, 2, 3 … without a gap; 0 is "before everything"."""
Millis = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A time: milliseconds since 1970-01-01 UTC."""

FileId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""128 random bits."""

PersonKind = Literal["guest", "client", "account"]
"""Guests have a session and nothing else; clients are the tutorial's; somebody with an account can sign in."""
Role = Literal["guest", "member", "moderator", "owner"]
"""From the least to the greatest, in the whole place as in one room."""
RoomKind = Literal["public", "private", "direct"]
"""Public rooms can be found and joined by everybody; of private ones only their members know; a direct one is a
conversation of the same few people for ever."""

LOBBY = "lobby"
"""The room that always exists and that everybody is in."""
FOREVER = 2**53 - 1
"""The time until which something holds that has no end."""


class Record(BaseModel):
    """A value: strict, immutable, refuses fields that it does not know. Its errors, which may end in a log, do not
    repeat what they were given."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Author(Record):
    """Who did something, under the name of that time."""

    id: PersonId
    name: str


SERVER = Author(id="server-hubbub", name="Hubbub")
"""Who does what the server does by itself."""
DELETED_NAME = "deleted user"
"""What somebody is called who has deleted their account."""


class Person(Record):
    id: PersonId
    name: str
    kind: PersonKind
    created_at: Millis
    role: Role = "guest"
    """In the whole place."""

    @property
    def author(self) -> Author:
        return Author(id=self.id, name=self.name)

    @property
    def waits(self) -> bool:
        """Whether this is an account that a moderator has not approved of yet. It may do nothing."""
        return self.kind == "account" and self.role == "guest"


class Profile(Record):
    """What others may know of a person."""

    id: PersonId
    name: str
    kind: PersonKind
    created_at: Millis
    role: Role
    """In the whole place."""
    status: str | None = None
    """What they say of themselves just now; only people with an account do."""
    time_zone: str | None = None
    """Of the IANA's list, as `Europe/Berlin`."""
    avatar: FileId | None = None
    """The picture that they have chosen: `GET /api/people/{person}/avatar`."""


class Passkey(Record):
    """A key on a device of somebody's, by which they sign in."""

    id: str
    name: str
    created_at: Millis
    used_at: Millis
    """When somebody has last signed in by it."""


class SessionInfo(Record):
    """One place where somebody is signed in."""

    id: str
    """By which it is ended. Nobody can sign in with it."""
    created_at: Millis
    seen_at: Millis
    """The last use, to the hour."""
    agent: str
    """The browser or program, as `Firefox on Linux`."""
    address: str
    """From where it was begun."""
    current: bool
    """Whether this very request belongs to it."""


class Reaction(Record):
    """One emoji under a message, with those who chose it, first come first."""

    emoji: str
    people: list[PersonId]


class FileInfo(Record):
    """An uploaded file, as everybody sees it who may read a message with it: `GET /api/files/{id}/{name}`."""

    id: FileId
    name: str
    """As it was called where it came from, without what is dangerous or cannot be seen."""
    type: str
    """Media type, by the first bytes of the file."""
    size: int
    """Bytes."""
    width: int | None = None
    """Of a picture that can be shown, in pixels."""
    height: int | None = None


class Message(Record):
    """A message as it stands now. A deleted one keeps its place and loses its text."""

    room: RoomId
    seq: Seq
    at: Millis
    author: Author
    """Under the name that the author has now."""
    text: str
    """May be empty when there are files."""
    html: str | None = None
    """Safe HTML made from `text`; null when `text` is plain and can be shown as it is."""
    reply_to: Seq | None = None
    """The message that this one answers. A history has its beginning in `quotes`."""
    edited_at: Millis | None = None
    """When its text was last changed; null: never."""
    deleted: bool = False
    reason: str | None = None
    """Why a moderator deleted it, maybe empty; null: nobody did, or its author."""
    pinned: bool = False
    reactions: list[Reaction] = []
    """In the order of the emojis' code points."""
    files: list[FileInfo] = []


class Quote(Record):
    """The beginning of a message that another one replies to."""

    seq: Seq
    author: Author
    text: str
    """At most 200 characters; empty when deleted, the names of the files where there are no words."""
    deleted: bool = False


class Room(Record):
    id: RoomId
    name: str
    created_at: Millis
    created_by: PersonId | None
    """None for the lobby, which the server made."""
    archived: bool
    kind: RoomKind = "public"
    topic: str | None = None
    announcement: bool = False
    """Only moderators post; everybody reads and reacts."""
    slow_s: int = 0
    """Slow mode: seconds between two messages of one person; 0: none."""
    retention_days: int | None = None
    """After so many days messages are erased; null: as the place has it."""
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
    role: Role = "member"


class Standing(NamedTuple):
    """All that decides what a person may do in a room, and under which name they do it."""

    room: str
    head: int
    archived: bool
    kind: RoomKind
    announcement: bool
    slow_s: int
    joined_at: int | None
    """None for somebody who is not a member."""
    membership: Role | None
    """The role that this person was given in the room."""
    author: Author | None
    """None for somebody who does not exist."""
    place: Role
    """This person's role in the whole place."""
    muted_until: int
    """Until then this person may not speak here; 0: never silenced."""
    banned_until: int = 0
    """Until then this person may not come in here; 0: never banned."""
    created_by: str | None = None
    """Who made the room; None for the lobby."""


class Place(Record):
    """The whole of one Hubbub: what is true for all its rooms."""

    name: str
    joining: Literal["open", "invite", "approval"] = "open"
    """Who may make an account: everybody, whoever was invited, or whoever a moderator approves of."""
    guests: Literal["yes", "read_only", "no"] = "yes"
    """What somebody without an account may do."""
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """After so many days messages are erased, in rooms that do not say otherwise; null: never."""
    blocked_words: list[str] = []
    """Whole words that nobody may use in messages and names, compared as search compares them."""
    links: Literal["everybody", "members", "nobody"] = "everybody"
    """Who may post links. Moderators always may."""

    @property
    def shown(self) -> "Place":
        """What everybody may know of it: a list of what nobody may write would be read."""
        return self.model_copy(update={"blocked_words": []})


class RoomSummary(Record):
    """A room as one person sees it in a list."""

    id: RoomId
    name: str
    archived: bool
    kind: RoomKind = "public"
    topic: str | None = None
    announcement: bool = False
    """As in `Room`."""
    slow_s: int = 0
    """As in `Room`."""
    role: Role = "guest"
    """What this person is in the room: see docs/permissions.md."""
    retention_days: int | None = None
    """As in `Room`."""
    muted_until: Millis = 0
    """Until then this person may not speak here."""
    people: list[Author] | None = None
    """Of a direct conversation: the others in it. It has no other name than theirs."""
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
    role: Role = "member"
    """In the room: see docs/permissions.md."""


class Sanction(Record):
    """Somebody may not speak, or not come in."""

    person: Author
    kind: Literal["mute", "ban"]
    room: RoomId | None = None
    """Null: in the whole place."""
    until: Millis | None = None
    """Null: for good."""
    at: Millis
    by: Author
    reason: str


class Complaint(Record):
    by: Author
    at: Millis
    reason: str


class Reported(Record):
    """A message that waits for a moderator."""

    message: Message
    room_name: str
    complaints: list[Complaint]
    """First come first, at most 20."""


class AuditEntry(Record):
    """What somebody did that others may ask about later. Never has the text of a message."""

    id: Annotated[int, Field(ge=0, le=2**53 - 1)]
    at: Millis
    by: Author
    action: str
    """The type of a command, or the name of what was done."""
    person: Author | None = None
    """To whom."""
    room: RoomId | None = None
    message: Seq | None = None
    until: Millis | None = None
    """Until when it holds; null: for good, or it has no time."""
    reason: str = ""


class History(Record):
    """A stretch of a room's messages, oldest first, as they stood when the room's log ended at `head`."""

    room: RoomId
    head: Seq
    messages: list[Message]
    quotes: list[Quote]
    """One for each message that one of `messages` replies to."""
    more_before: bool
    more_after: bool


class Invite(Record):
    """An invitation that can be accepted, without its secret code."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    """By which it is listed and revoked. Nobody can accept it with that."""
    room: RoomId | None
    """Null: into the whole place."""
    by: Author
    created_at: Millis
    expires_at: Millis | None
    """Null: never."""
    uses_left: int | None
    """Null: any number."""


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
