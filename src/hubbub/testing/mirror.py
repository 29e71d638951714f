"""What a client knows of a room: fetched, or folded from events. Both must be the same."""

from typing import Any, assert_never

from hubbub.core.models import Author, Message, Reaction
from hubbub.protocol import (
    EVENTS,
    Event,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberRole,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessagesErased,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
    RoomArchived,
    RoomChanged,
    RoomCreated,
    RoomRenamed,
)
from hubbub.store import Reader

PAGE = 100


class Mirror:
    """The state of one room: its name, whether it is archived, its settings, members with their roles, and messages."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.name = ""
        self.archived = False
        self.settings: dict[str, Any] = {"kind": "public", "topic": None, "announcement": False, "slow_s": 0}
        self.members: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.messages: dict[int, Message] = {}
        self.erased = 0
        """Messages up to this `seq` are not kept."""

    @classmethod
    def fetched(cls, reader: Reader, room: str) -> "Mirror":
        """As a client that comes anew reads it."""
        mirror = cls(room)
        found = reader.room(room)
        if found is None:
            return mirror
        mirror.name, mirror.archived = found.name, found.archived
        mirror.settings = {name: getattr(found, name) for name in mirror.settings}
        members = reader.members(room, after=None, limit=10_000)
        mirror.members = {member.id: member.name for member in members}
        mirror.roles = {member.id: member.role for member in members}
        after, more = 0, True
        while more:
            page = reader.history(room, after=after, limit=PAGE)
            mirror.messages |= {message.seq: message for message in page.messages}
            after, more = max([after, *mirror.messages]), page.more_after
        return mirror

    def take(self, frame: str) -> None:
        """Applies one event. Applying it to a state that contains it already changes nothing."""
        self._apply(EVENTS.validate_json(frame))

    def known(self) -> dict[str, Any]:
        """Everything, for comparison. Names of authors who have left are as of the last time they were seen."""
        messages = {seq: message.model_dump() | {"author": message.author.id} for seq, message in self.messages.items()}
        about = {"name": self.name, "archived": self.archived, "settings": self.settings}
        return about | {"members": self.members, "roles": self.roles, "messages": messages}

    def _apply(self, event: Event) -> None:
        match event:
            case RoomCreated():
                self.name = event.name
                self.settings |= {"kind": event.kind, "topic": event.topic}
            case RoomRenamed():
                self.name = event.name
            case RoomChanged():
                self.settings = {name: getattr(event, name) for name in self.settings}
            case MemberRole():
                self.roles[event.person.id] = event.role
            case RoomArchived():
                self.archived = True
            case MemberJoined():
                self.members[event.person.id] = event.person.name
                self.roles[event.person.id] = event.role
            case MemberRenamed():
                self.members[event.person.id] = event.person.name
            case MemberLeft():
                self.members.pop(event.person.id, None)
                self.roles.pop(event.person.id, None)
            case MessagePosted():
                self.messages[event.seq] = Message(
                    room=event.room,
                    seq=event.seq,
                    at=event.at,
                    author=Author(id=event.by.id, name=event.by.name),
                    text=event.text,
                    html=event.html,
                    reply_to=event.reply_to,
                    files=event.files or [],
                )
            case MessageEdited():
                self._change(event.message, text=event.text, html=event.html, edited_at=event.at)
            case MessageDeleted():
                gone: dict[str, Any] = {"text": "", "html": None, "deleted": True, "pinned": False, "reactions": []}
                self._change(event.message, **gone, files=[], reason=event.reason)
            case MessagesErased():
                self.erased = max(self.erased, event.up_to)
                self.messages = {seq: message for seq, message in self.messages.items() if seq > self.erased}
            case MessagePinned():
                self._change(event.message, pinned=True)
            case MessageUnpinned():
                self._change(event.message, pinned=False)
            case ReactionAdded() | ReactionRemoved():
                self._react(event)
            case _:
                assert_never(event)

    def _change(self, seq: int, **fields: Any) -> None:
        if seq > self.erased:
            self.messages[seq] = self.messages[seq].model_copy(update=fields)

    def _react(self, event: ReactionAdded | ReactionRemoved) -> None:
        if event.message <= self.erased:
            return
        chosen = {r.emoji: list(r.people) for r in self.messages[event.message].reactions}
        people = chosen.setdefault(event.emoji, [])
        if event.by.id in people:
            people.remove(event.by.id)
        if isinstance(event, ReactionAdded):
            people.append(event.by.id)
        reactions = [Reaction(emoji=emoji, people=who) for emoji, who in sorted(chosen.items()) if who]
        self._change(event.message, reactions=reactions)
