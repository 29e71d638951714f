"""Durable events: from server to client."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from hubbub.core.models import (
    Author,
    FileInfo,
    Millis,
    Record,
    Role,
    RoomId,
    RoomKind,
    Seq,
)


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

ERASING = (MessageDeleted, MessagesErased)
"""What takes a text out of the log: no earlier frame may be given to anybody from memory."""

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
