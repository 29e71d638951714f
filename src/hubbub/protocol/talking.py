"""Commands about messages and rooms, and the first frame of a connection."""

from typing import Annotated, Literal

from pydantic import Field

from hubbub.core.files import FILES_MAX
from hubbub.core.models import (
    FileId,
    PersonId,
    Record,
    RoomId,
    Seq,
)
from hubbub.protocol.values import (
    CURSORS_MAX,
    NAMES_MAX,
    PAGE_MAX,
    Caption,
    CommandId,
    Emoji,
    FoundBefore,
    Key,
    Name,
    Question,
    Reason,
    Text,
    Topic,
    UtcOffset,
)


class Hello(Record):
    """The first frame of a connection: what the client has, so that it gets what it lacks."""

    type: Literal["hello"] = "hello"
    version: int
    epoch: str | None = None
    """The `epoch` of the last `welcome`. If the log has another one now, the cursors mean nothing, and their rooms
    are reset."""
    cursors: Annotated[dict[RoomId, Seq], Field(max_length=CURSORS_MAX)] = Field(default_factory=dict)
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
    files: Annotated[list[FileId], Field(max_length=FILES_MAX)] = Field(default_factory=list)
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


class GetPreviews(InRoom):
    """Reads what the pages say of themselves to which a message links, the first three. Nothing where the setting
    `link_previews` is off."""

    type: Literal["previews"] = "previews"
    message: Seq


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
