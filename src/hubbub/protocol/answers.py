"""Answers: what the server says to `hello` and to each command."""

from typing import Literal

from hubbub.core.models import (
    AuditEntry,
    Author,
    FileInfo,
    Found,
    History,
    Invite,
    Member,
    Message,
    Millis,
    Person,
    Place,
    Profile,
    Record,
    Reported,
    Role,
    RoomId,
    RoomSummary,
    Sanction,
    Seq,
)
from hubbub.protocol.events import Event
from hubbub.protocol.signals import Signal
from hubbub.protocol.values import VERSION, CommandId, Days


class Welcome(Record):
    """Answer to `hello`. Rooms with an accepted cursor continue after it, others live after their `head`."""

    type: Literal["welcome"] = "welcome"
    version: int = VERSION
    server: str
    """The version of the server program."""
    epoch: str
    me: Person
    rooms: list[RoomSummary]
    """The rooms that this person is in."""


class Applied(Record):
    """A change is durable. When there was nothing to change, `seq` is the room's head."""

    room: RoomId
    seq: Seq


class RoomPage(Record):
    rooms: list[RoomSummary]


class MemberPage(Record):
    members: list[Member]
    count: int
    """All members of the room."""


class Here(Record):
    people: list[Author]
    """In the order of their ids, at most `limit`."""
    count: int


class Pins(Record):
    messages: list[Message]


class Preview(Record):
    """Written by whoever made the page: nothing in it is true because it stands there."""

    url: str
    """As in the message."""
    title: str
    description: str | None = None
    site: str
    """The name that the page gives its site, or the name of its server."""


class LinkPreviews(Record):
    previews: list[Preview]


class ReadState(Record):
    room: RoomId
    read: Seq
    unread: int
    head: Seq
    """`unread` counts up to this `seq`: messages with a greater one come on top."""


class FoundPeople(Record):
    people: list[Author]


class Invitation(Record):
    """An invitation with its link, which is told only now."""

    invite: Invite
    link: str
    """For the people who are invited. Whoever has it can come in."""
    qr: str | None
    """The link as a QR code: an SVG element."""


class Invites(Record):
    invites: list[Invite]


class PeoplePage(Record):
    people: list[Profile]


class ResetLink(Record):
    link: str
    """To be handed to that person alone."""
    expires_at: Millis


class SanctionPage(Record):
    sanctions: list[Sanction]


class ReportPage(Record):
    reports: list[Reported]


class AuditPage(Record):
    entries: list[AuditEntry]


class Rules(Record):
    """As in `set_rules`."""

    blocked_words: list[str]
    links: Literal["everybody", "members", "nobody"]
    retention_days: Days | None = None


class OwnAccount(Record):
    """Without the password, of which nobody has more than a hash."""

    login: str
    email: str | None = None
    created_at: Millis
    status: str | None = None
    time_zone: str | None = None


class OwnRoom(Record):
    id: RoomId
    name: str
    role: Role
    read: Seq


class OwnMessage(Record):
    """Without what others did to it."""

    room: RoomId
    seq: Seq
    at: Millis
    text: str
    reply_to: Seq | None = None
    edited_at: Millis | None = None
    files: list[FileInfo] = []
    """`GET /api/files/{id}/{name}` gives what is in them."""


class Export(Record):
    """What `GET /api/me/export` gives."""

    person: Person
    account: OwnAccount | None = None
    """Null: a guest."""
    rooms: list[OwnRoom]
    """Those that one is in."""
    messages: list[OwnMessage]
    """All that stand, by room."""


class Nothing(Record):
    """Done, and there is nothing to say about it."""


Value = (
    Applied
    | RoomSummary
    | RoomPage
    | MemberPage
    | Here
    | History
    | Pins
    | LinkPreviews
    | Found
    | ReadState
    | Person
    | FoundPeople
    | Invitation
    | Invites
    | Profile
    | PeoplePage
    | ResetLink
    | Place
    | SanctionPage
    | ReportPage
    | AuditPage
    | Rules
    | Nothing
)


class Result(Record):
    type: Literal["result"] = "result"
    id: CommandId
    value: Value


class Problem(Record):
    """What went wrong. Also the body of every HTTP error."""

    code: str
    """Stable, for programs."""
    words: str
    """For people."""
    retry: bool
    """Whether the same request may succeed later."""
    retry_after_s: float | None = None
    """Seconds to wait before that."""


class Error(Problem):
    type: Literal["error"] = "error"
    id: CommandId | None = None
    """None when the frame was too broken to have one."""


ServerFrame = Event | Signal | Welcome | Result | Error
