"""The chat protocol, version 1: every type that crosses the wire.

One WebSocket serves all rooms of a person. Each frame is one JSON object with a `type`. The client's first frame is
`hello`; the server answers `welcome`, then whatever the client missed, then live events. Afterwards the client sends
commands, each with an `id` of its choice, and gets one `result` or one `error` with that `id` for each.

* *Durable events* have `room` and `seq`. In one room they arrive in the order of `seq`, without a gap, until a
  `reset` says from which `seq` on the stream continues.
* *Signals* have no `seq`. They are news of the moment and may be lost.

`docs/protocol.md` and `docs/protocol.schema.json` are generated from this module (`scripts/generate-docs`).
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter

from hubbub.core.files import FILES_MAX
from hubbub.core.models import (
    AuditEntry,
    Author,
    FileId,
    FileInfo,
    Found,
    History,
    Invite,
    Member,
    Message,
    Millis,
    Person,
    PersonId,
    Place,
    Profile,
    Record,
    Reported,
    Role,
    RoomId,
    RoomKind,
    RoomSummary,
    Sanction,
    Seq,
)
from hubbub.core.rules import WORDS_MAX
from hubbub.core.text import NAME_MAX_CHARS, TEXT_MAX_CHARS, TOPIC_MAX_CHARS, has_control_characters

VERSION = 1
FRAME_MAX_BYTES = 65_536
PAGE_MAX = 100
CURSORS_MAX = 500
NAMES_MAX = 300
"""People who are named: above that, only their number is told."""
SEARCH_MAX_CHARS = 400
SLOW_MAX_S = 6 * 3600
DIRECT_MAX = 8
"""People in a direct conversation."""
INVITE_MAX_HOURS = 24 * 365
INVITE_USES_MAX = 1000
STATUS_MAX_CHARS = 100
REASON_MAX_CHARS = 300
MINUTES_MAX = 5_256_000
DAYS_MAX = 36_500


def _without_control_characters(value: str) -> str:
    if has_control_characters(value):
        raise ValueError("control characters other than newline and tab are not allowed")
    return value


Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TEXT_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""Of a message, in markdown. It is kept as it was typed; only line ends become "\\n"."""
Caption = Annotated[str, StringConstraints(max_length=TEXT_MAX_CHARS), AfterValidator(_without_control_characters)]
"""The text of a message, which may be empty when there are files."""
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NAME_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""Of a person or a room. It is normalised (NFC, one space between words), so it may come back a little different."""
Topic = Annotated[str, StringConstraints(max_length=TOPIC_MAX_CHARS), AfterValidator(_without_control_characters)]
"""What a room is about, in one line; empty: nothing is said. It is normalised as names are."""
SlowMode = Annotated[int, Field(ge=0, le=SLOW_MAX_S)]
"""Seconds between two messages of one person; 0: none."""
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
"""Chosen by the client, once for each post, so that a repeated post is recognised."""
Emoji = Annotated[str, StringConstraints(min_length=1, max_length=32)]
"""Exactly one emoji. Its recommended form is what is stored and told."""
Question = Annotated[str, StringConstraints(max_length=SEARCH_MAX_CHARS)]
"""What to look for, as a person writes it."""
FoundBefore = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}\.[a-z0-9-]{0,40}\.[0-9]{1,16}$")]
"""Where a page of answers to a search ended."""
Reason = Annotated[
    str,
    StringConstraints(max_length=REASON_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""Why somebody did it, in their own words; may be empty."""
BlockedWord = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    AfterValidator(_without_control_characters),
]
"""A word, or several that follow each other."""
Minutes = Annotated[int, Field(ge=1, le=MINUTES_MAX)]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]
AuditId = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""The number of an entry of the audit log; later ones have greater numbers."""
Action = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
"""What was done, as the audit log calls it."""
UtcOffset = Annotated[int, Field(ge=-840, le=840)]
"""Minutes: 60 where it is an hour later than in UTC."""
OtherPeople = Annotated[list[PersonId], Field(min_length=1, max_length=DIRECT_MAX)]
InviteUses = Annotated[int, Field(ge=1, le=INVITE_USES_MAX)]
InviteHours = Annotated[int, Field(ge=1, le=INVITE_MAX_HOURS)]
InviteAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"<>?#]{1,200}$")]
InviteCode = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Status = Annotated[
    str,
    StringConstraints(max_length=STATUS_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""One line. It is normalised as names are; an empty one is none."""
TimeZone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,60}$")]
"""Of the IANA's list, as `Europe/Berlin`."""
CommandId = Annotated[int, Field(ge=0, le=2**53 - 1)] | Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""Chosen by the client, to find the answer by."""


# Commands: from client to server ------------------------------------------------------------------------------


class Hello(Record):
    """The first frame of a connection: what the client has, so that it gets what it lacks."""

    type: Literal["hello"] = "hello"
    version: int
    epoch: str | None = None
    """The `epoch` of the last `welcome`. If the log has another one now, the cursors mean nothing, and their rooms
    are reset."""
    cursors: Annotated[dict[RoomId, Seq], Field(max_length=CURSORS_MAX)] = {}
    """For each room the last `seq` that the client has. A room without one starts live, at its head."""


class Command(Record):
    type: str
    id: CommandId
    """Comes back in the answer."""


class InRoom(Command):
    room: RoomId


class Post(InRoom):
    """Posts a message. The same `key` again, with the same text, answers with the first `seq`."""

    type: Literal["post"] = "post"
    text: Caption = ""
    key: Key | None = None
    reply_to: Seq | None = None
    """The message that this one answers, by the `seq` of its post."""
    files: Annotated[list[FileId], Field(max_length=FILES_MAX)] = []
    """Files that the same person has uploaded, by `POST /api/files`."""


class Edit(InRoom):
    """Replaces the text of one's own message. Its files stay."""

    type: Literal["edit"] = "edit"
    message: Seq
    text: Text


class Delete(InRoom):
    """Deletes a message: its place stays, its text and its files are erased everywhere. Moderators delete other
    people's too."""

    type: Literal["delete"] = "delete"
    message: Seq
    reason: Reason = ""
    """Of a moderator, for everybody to read. It is kept; the text is not."""


class React(InRoom):
    """Adds an emoji to a message."""

    type: Literal["react"] = "react"
    message: Seq
    emoji: Emoji


class Unreact(InRoom):
    """Takes one's emoji away."""

    type: Literal["unreact"] = "unreact"
    message: Seq
    emoji: Emoji


class Pin(InRoom):
    """Puts a message on the room's list of pinned ones. Every member may."""

    type: Literal["pin"] = "pin"
    message: Seq


class Unpin(InRoom):
    """Takes a message off the list of pinned ones, whoever pinned it."""

    type: Literal["unpin"] = "unpin"
    message: Seq


class CreateRoom(Command):
    """Creates a room and joins it, as its owner. Two public rooms that are not archived never have the same name."""

    type: Literal["create"] = "create"
    name: Name
    kind: Literal["public", "private"] = "public"
    topic: Topic | None = None


class RenameRoom(InRoom):
    """Gives a room another name. Its id stays."""

    type: Literal["rename"] = "rename"
    name: Name


class ArchiveRoom(InRoom):
    """Closes a room: it can still be read, nothing can be changed in it any more."""

    type: Literal["archive"] = "archive"


class Join(InRoom):
    """Becomes a member of a room: its events come from now on, and one may write in it. Others can only read it."""

    type: Literal["join"] = "join"


class Leave(InRoom):
    """Gives up the membership of a room: no more of its events come. Nobody can leave the lobby or a direct
    conversation, nor the only owner a room in which there are others."""

    type: Literal["leave"] = "leave"


class ListRooms(Command):
    """Lists rooms in the order of their ids, joined or not; archived ones only when joined."""

    type: Literal["rooms"] = "rooms"
    after: RoomId | None = None
    """The last room of the page before."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX
    """How many entries at most."""


class ListMembers(InRoom):
    """Lists members in the order of their ids."""

    type: Literal["members"] = "members"
    after: PersonId | None = None
    """The last person of the page before."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX
    """How many entries at most."""


class WhoIsHere(InRoom):
    """Asks which members are connected now."""

    type: Literal["here"] = "here"
    limit: Annotated[int, Field(ge=0, le=NAMES_MAX)] = NAMES_MAX
    """How many people are named at most."""


class GetHistory(InRoom):
    """Reads messages before, after or around a `seq`; the newest ones without any of the three."""

    type: Literal["history"] = "history"
    before: Seq | None = None
    """The newest messages that are older than this."""
    after: Seq | None = None
    """The oldest messages that are newer than this."""
    around: Seq | None = None
    """The messages on both sides of this one, and itself."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50
    """How many messages at most."""


class ListPins(InRoom):
    """The pinned messages of a room, newest first, at most 100."""

    type: Literal["pins"] = "pins"


class Search(Command):
    """Looks for messages, newest first: in the rooms that one is in, or in the one that is named. The text is read so:

    `kettle tea`: both words, or longer ones that begin so. `"the kettle"`: exactly this. `-tea`: without. `in:lobby`,
    `in:"Tea time"`: in a room, by its id or name. `from:ann`: by somebody whose name begins so; `from:me`.
    `before:2026-01-31`, `after:2026-01-31`: on an earlier or a later day. `has:link`."""

    type: Literal["search"] = "search"
    text: Question
    room: RoomId | None = None
    """Only in this room."""
    before: FoundBefore | None = None
    """The `before` of the page before: goes on after it."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 20
    """How many messages at most."""
    utc_offset_min: UtcOffset = 0
    """By how many minutes one's clock is ahead of UTC: when days begin."""


class MarkRead(InRoom):
    """Everything up to `seq` has been read. Never moves backwards."""

    type: Literal["read"] = "read"
    seq: Seq


class MarkUnread(InRoom):
    """The message at `seq` and what follows count as unread again."""

    type: Literal["unread"] = "unread"
    seq: Seq


class SayTyping(InRoom):
    """ "I am typing": send every 3 s while it is true. It holds for 6 s, or until one posts, leaves or disconnects."""

    type: Literal["typing"] = "typing"


class ChangeName(Command):
    """Changes one's own display name."""

    type: Literal["name"] = "name"
    name: Name


# Rooms for some, and ways into them


class OpenDirect(Command):
    """Opens the conversation of oneself and these people: the same one for the same people for ever. All of them are
    in it at once, and nobody can leave it."""

    type: Literal["direct"] = "direct"
    people: OtherPeople
    """The others. At most 8 people are in one conversation."""


class SetRoom(InRoom):
    """Changes how a room is: what is left out stays. Moderators may, but only owners make it public or private."""

    type: Literal["set_room"] = "set_room"
    topic: Topic | None = None
    announcement: bool | None = None
    """Whether only moderators post."""
    slow_s: SlowMode | None = None
    kind: Literal["public", "private"] | None = None
    """Whoever is not in a room that becomes private sees nothing of it any more, and whoever sees one that becomes
    public can read all that was said in it."""


class AddMember(InRoom):
    """Puts somebody into a room."""

    type: Literal["add_member"] = "add_member"
    person: PersonId


class SetMemberRole(InRoom):
    """Makes a member of a room its owner, its moderator, or only a member."""

    type: Literal["set_role"] = "set_role"
    person: PersonId
    role: Literal["member", "moderator", "owner"]


class FindPeople(Command):
    """Finds people whose name begins so, without regard to case and accents: at most 20."""

    type: Literal["find_people"] = "find_people"
    name: Annotated[str, StringConstraints(max_length=NAME_MAX_CHARS)]


class CreateInvite(Command):
    """Makes a link by which people come into a room, or into the place. The answer alone has it: it is not kept."""

    type: Literal["invite"] = "invite"
    room: RoomId | None = None
    """Null: into the place."""
    uses: InviteUses | None = None
    """How many people may come by it; null: any number."""
    hours: InviteHours | None = 24 * 7
    """For how long; null: until it is revoked."""
    address: InviteAddress | None = None
    """How people reach this server: the beginning of the link. Null: the link is a path alone, and there is no QR
    code."""


class ListInvites(Command):
    """The invitations that can still be accepted, newest first."""

    type: Literal["invites"] = "invites"
    room: RoomId | None = None
    """Null: those into the place."""


class RevokeInvite(Command):
    """Ends an invitation: nobody comes by its link any more."""

    type: Literal["revoke_invite"] = "revoke_invite"
    room: RoomId | None = None
    invite: Annotated[str, StringConstraints(max_length=64)]
    """Its `id`."""


class AcceptInvite(Command):
    """Goes where an invitation leads. The answer is that room."""

    type: Literal["accept_invite"] = "accept_invite"
    code: InviteCode
    """The end of the link."""


# People, and the place as a whole


class SetProfile(Command):
    """Changes what one's profile says; what is left out is taken out. Only with an account."""

    type: Literal["set_profile"] = "set_profile"
    status: Status | None = None
    time_zone: TimeZone | None = None


class GetProfile(Command):
    """What is known of a person."""

    type: Literal["profile"] = "profile"
    person: PersonId


class ListPeople(Command):
    """Lists the people who have an account, in the order of their ids."""

    type: Literal["people"] = "people"
    after: PersonId | None = None
    """The last person of the page before."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX
    """How many entries at most."""


class ListWaiting(Command):
    """Lists the accounts that wait for approval, the first that came first: at most 100."""

    type: Literal["waiting"] = "waiting"


class Approve(Command):
    """Lets somebody in whose account waits for approval."""

    type: Literal["approve"] = "approve"
    person: PersonId


class Refuse(Command):
    """Turns somebody away whose account waits for approval: the account is deleted."""

    type: Literal["refuse"] = "refuse"
    person: PersonId


class SetPlaceRole(Command):
    """Makes somebody with an account an owner or a moderator of the place, or only a member. They have to sign in
    again, because what was trusted before must not be trusted more."""

    type: Literal["set_place_role"] = "set_place_role"
    person: PersonId
    role: Literal["member", "moderator", "owner"]


class MakeResetLink(Command):
    """Makes a link by which somebody chooses a new password, for an owner to hand out. It works once and for an
    hour; one that was made before does not any more."""

    type: Literal["reset_link"] = "reset_link"
    person: PersonId


class SetPlace(Command):
    """Changes how the place is: what is left out stays."""

    type: Literal["set_place"] = "set_place"
    name: Name | None = None
    joining: Literal["open", "invite", "approval"] | None = None
    """Who may make an account: everybody, whoever was invited, or whoever a moderator approves of."""
    guests: Literal["yes", "read_only", "no"] | None = None
    """What somebody without an account may do."""


# Order


class Against(Command):
    person: PersonId
    room: RoomId | None = None
    """Null: in the whole place."""
    reason: Reason = ""


class Mute(Against):
    """Silences somebody of a lower role: they can read, and not write."""

    type: Literal["mute"] = "mute"
    minutes: Minutes | None = None
    """How long; null: until somebody ends it."""


class Unmute(Against):
    """Lets somebody speak again."""

    type: Literal["unmute"] = "unmute"


class Ban(Against):
    """Keeps somebody of a lower role out. Of a room: they are no member any more, and can neither join nor read it.
    Of the place: their sessions end at once, and they cannot come back; from the address of a guest no new guests
    come for a day."""

    type: Literal["ban"] = "ban"
    minutes: Minutes | None = None
    """How long; null: until somebody ends it."""


class Unban(Against):
    """Lets somebody in again."""

    type: Literal["unban"] = "unban"


class Kick(InRoom):
    """Takes somebody of a lower role out of a room. They can come back."""

    type: Literal["kick"] = "kick"
    person: PersonId
    reason: Reason = ""


class ListSanctions(Command):
    """Lists who is silenced or banned now, the newest first, at most 100."""

    type: Literal["sanctions"] = "sanctions"
    room: RoomId | None = None
    """Null: in the whole place, and in all public rooms."""


class Report(InRoom):
    """Asks the moderators to look at a message. A second time changes nothing."""

    type: Literal["report"] = "report"
    message: Seq
    reason: Reason = ""


class ListReports(Command):
    """Lists messages that were reported and that no moderator has settled, at most 100."""

    type: Literal["reports"] = "reports"
    room: RoomId | None = None
    """Null: of all public rooms."""


class Resolve(InRoom):
    """Settles the reports of a message, whatever was done about it."""

    type: Literal["resolve"] = "resolve"
    message: Seq
    note: Reason = ""
    """For the audit log."""


class ReadAudit(Command):
    """Reads what moderators and owners have done, the newest first."""

    type: Literal["audit"] = "audit"
    room: RoomId | None = None
    """Null: in the whole place and all rooms, but for other people's private ones."""
    person: PersonId | None = None
    """Only what was done to this person, or by them."""
    action: Action | None = None
    before: AuditId | None = None
    """The last entry of the page before."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50
    """How many entries at most."""


class GetRules(Command):
    """Reads the rules of the place."""

    type: Literal["rules"] = "rules"


class SetRules(Command):
    """Replaces the rules of the place."""

    type: Literal["set_rules"] = "set_rules"
    blocked_words: Annotated[list[BlockedWord], Field(max_length=WORDS_MAX)] = []
    """Whole words that nobody may use in messages and names, compared as search compares them."""
    links: Literal["everybody", "members", "nobody"] = "everybody"
    """Who may post links. Moderators always may."""
    retention_days: Days | None = None
    """After so many days messages are erased; null: never."""


class SetRetention(InRoom):
    """Decides how long a room keeps messages. What is older is erased: pinned ones too."""

    type: Literal["retention"] = "retention"
    days: Days | None = None
    """Null: as the place has it."""


class ForgetMe(Command):
    """Deletes one's own account, or what one has as a guest: the name, the sessions, the memberships. This cannot be
    undone. Connections end with 4401, often before this is answered."""

    type: Literal["forget_me"] = "forget_me"
    messages: Literal["keep", "erase"]
    """What becomes of one's messages: they stay, by a "deleted user"; or each is deleted, soon afterwards."""


type_ = Field(discriminator="type")
AnyCommand = Annotated[
    Post
    | Edit
    | Delete
    | React
    | Unreact
    | Pin
    | Unpin
    | CreateRoom
    | RenameRoom
    | ArchiveRoom
    | Join
    | Leave
    | ListRooms
    | ListMembers
    | WhoIsHere
    | GetHistory
    | ListPins
    | Search
    | MarkRead
    | MarkUnread
    | SayTyping
    | ChangeName
    | OpenDirect
    | SetRoom
    | AddMember
    | SetMemberRole
    | FindPeople
    | CreateInvite
    | ListInvites
    | RevokeInvite
    | AcceptInvite
    | SetProfile
    | GetProfile
    | ListPeople
    | ListWaiting
    | Approve
    | Refuse
    | SetPlaceRole
    | MakeResetLink
    | SetPlace
    | Mute
    | Unmute
    | Ban
    | Unban
    | Kick
    | ListSanctions
    | Report
    | ListReports
    | Resolve
    | ReadAudit
    | GetRules
    | SetRules
    | SetRetention
    | ForgetMe,
    type_,
]


# Durable events: from server to client -------------------------------------------------------------------------


class BaseEvent(Record):
    room: RoomId
    seq: Seq
    at: Millis
    by: Author
    """Who did it. For the lobby's creation: the server itself (`server-hubbub`)."""


class RoomCreated(BaseEvent):
    type: Literal["room.created"] = "room.created"
    name: str
    kind: RoomKind = "public"
    topic: str | None = None


class RoomRenamed(BaseEvent):
    type: Literal["room.renamed"] = "room.renamed"
    name: str


class RoomArchived(BaseEvent):
    type: Literal["room.archived"] = "room.archived"


class RoomChanged(BaseEvent):
    """All of a room's settings as they are from now on."""

    type: Literal["room.changed"] = "room.changed"
    kind: RoomKind
    topic: str | None = None
    """Left out: it has none."""
    announcement: bool
    slow_s: int


class MemberJoined(BaseEvent):
    type: Literal["member.joined"] = "member.joined"
    person: Author
    role: Role = "member"


class MemberLeft(BaseEvent):
    """When `by` is somebody else, they were taken out of the room by a moderator."""

    type: Literal["member.left"] = "member.left"
    person: Author


class MemberRenamed(BaseEvent):
    """A member has another display name from now on, on old messages too."""

    type: Literal["member.renamed"] = "member.renamed"
    person: Author


class MemberRole(BaseEvent):
    """A member was given another role in the room."""

    type: Literal["member.role"] = "member.role"
    person: Author
    role: Role


class MessagePosted(BaseEvent):
    """The message is known by this event's `seq`."""

    type: Literal["message.posted"] = "message.posted"
    text: str
    """Empty, without files, when the message has been deleted since."""
    html: str | None = None
    """Safe HTML made from `text`; left out when `text` is plain and can be shown as it is."""
    key: str | None = None
    """The `key` of the command: its sender recognises the message by it."""
    reply_to: Seq | None = None
    """The message that this one answers, by the `seq` of its post."""
    files: list[FileInfo] | None = None
    """Left out when there are none."""


class MessageEdited(BaseEvent):
    type: Literal["message.edited"] = "message.edited"
    message: Seq
    text: str
    html: str | None = None
    """As in `message.posted`."""


class MessageDeleted(BaseEvent):
    type: Literal["message.deleted"] = "message.deleted"
    message: Seq
    reason: str | None = None
    """Why a moderator did it, maybe empty; left out when its author did."""


class ReactionAdded(BaseEvent):
    type: Literal["reaction.added"] = "reaction.added"
    message: Seq
    emoji: str


class ReactionRemoved(BaseEvent):
    type: Literal["reaction.removed"] = "reaction.removed"
    message: Seq
    emoji: str


class MessagePinned(BaseEvent):
    type: Literal["message.pinned"] = "message.pinned"
    message: Seq


class MessageUnpinned(BaseEvent):
    type: Literal["message.unpinned"] = "message.unpinned"
    message: Seq


class MessagesErased(BaseEvent):
    """The room does not keep its oldest messages any longer: forget them. The log begins after `up_to` now."""

    type: Literal["messages.erased"] = "messages.erased"
    up_to: Seq


Event = (
    RoomCreated
    | RoomRenamed
    | RoomArchived
    | RoomChanged
    | MemberJoined
    | MemberLeft
    | MemberRenamed
    | MemberRole
    | MessagePosted
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | MessagePinned
    | MessageUnpinned
    | MessagesErased
)


# Signals: from server to client, never stored --------------------------------------------------------------------


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


# Answers -------------------------------------------------------------------------------------------------------


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

COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, type_])


# Between bus and hub ---------------------------------------------------------------------------------------------


class Envelope(NamedTuple):
    """What the bus carries between nodes: a frame that is already encoded, and whom it is for."""

    frame: str
    room: RoomId | None = None
    """For everybody who is in this room now …"""
    person: PersonId | None = None
    """… or for every connection of this person."""
    seq: Seq | None = None
    """Of a durable event; None for a signal."""
    plain: str | None = None
    """The same for plain-text clients (the tutorial's protocol); None when they are not told."""
    erases: bool = False
    """Something was taken out of the room's log: earlier frames must not be given to anybody again. Without `seq`:
    and no event says so. Together with `ends`: what this person has left behind is to be erased."""
    membership: Literal["joined", "left"] | None = None
    """Together with `person`, `room` and `seq`: this person's connections are (not) in that room after `seq`."""
    changed: Person | None = None
    """Together with `person`: who they are from now on."""
    ends: Literal["signed_out", "banned"] | None = None
    """Together with `person`: their connections end at once."""
    session: str | None = None
    """Together with `ends`: only those of this session."""
    place: Place | None = None
    """The place as it is from now on, for every node."""
    typing: Author | None = None
    """Together with `room`: who types there now …"""
    stopped: bool = False
    """… or does not any more."""
