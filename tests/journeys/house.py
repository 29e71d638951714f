"""The rules of the chat, written down a second time: who may do what, and who has read what."""

from hubbub.core.models import LOBBY, Message, Person
from hubbub.protocol import (
    EVENTS,
    AnyCommand,
    Applied,
    ArchiveRoom,
    ChangeName,
    CreateRoom,
    Delete,
    Edit,
    Event,
    InRoom,
    Join,
    Leave,
    MarkRead,
    MarkUnread,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageUnpinned,
    Pin,
    Post,
    React,
    ReactionAdded,
    ReactionRemoved,
    RenameRoom,
    RoomArchived,
    RoomChanged,
    RoomCreated,
    RoomRenamed,
    SetRoom,
    Unpin,
    Unreact,
)
from hubbub.testing.mirror import Mirror

MAKES: dict[type[AnyCommand], type[Event]] = {
    Post: MessagePosted,
    Edit: MessageEdited,
    Delete: MessageDeleted,
    React: ReactionAdded,
    Unreact: ReactionRemoved,
    Pin: MessagePinned,
    Unpin: MessageUnpinned,
    Join: MemberJoined,
    Leave: MemberLeft,
    RenameRoom: RoomRenamed,
    ArchiveRoom: RoomArchived,
    SetRoom: RoomChanged,
    ChangeName: MemberRenamed,
}
"""What happens when a command changes something. To create a room takes two: RoomCreated and MemberJoined."""
ONLY_IF_IT_STANDS = (Edit, React, Unreact, Pin, Unpin)
UNREAD_CAP = 100


class House:
    """All rooms as an attentive person would know them who hears every event and nothing else."""

    def __init__(self) -> None:
        self.mirrors: dict[str, Mirror] = {}
        self.heads: dict[str, int] = {}
        self.creators: dict[str, str] = {}
        self.read: dict[tuple[str, str], int] = {}
        self.keys: dict[tuple[str, str, str], int] = {}

    # Events --------------------------------------------------------------------------------------------------

    def take(self, room: str, seq: int, frame: str) -> Event:
        """Every event counts one further than the one before."""
        event: Event = EVENTS.validate_json(frame)
        assert (event.room, event.seq) == (room, seq)
        assert seq == self.heads.get(room, 0) + 1
        self.heads[room] = seq
        self.mirrors.setdefault(room, Mirror(room)).take(frame)
        if isinstance(event, RoomCreated):
            self.creators[room] = event.by.id
        elif isinstance(event, MemberJoined):
            self.read[room, event.person.id] = seq
        elif isinstance(event, MemberLeft):
            del self.read[room, event.person.id]
        elif isinstance(event, MessagePosted) and event.key:
            assert (room, event.by.id, event.key) not in self.keys
            self.keys[room, event.by.id, event.key] = seq
        return event

    # Reading -------------------------------------------------------------------------------------------------

    def mark(self, me: Person, command: MarkRead | MarkUnread) -> None:
        place = (command.room, me.id)
        head = self.heads[command.room]
        if isinstance(command, MarkRead):
            self.read[place] = max(self.read[place], min(command.seq, head))
        else:
            self.read[place] = min(max(command.seq - 1, 0), head)

    def unread(self, room: str, me: Person) -> int:
        read = self.read[room, me.id]
        new = (message for seq, message in self.mirrors[room].messages.items() if seq > read)
        return min(UNREAD_CAP, sum(message.author.id != me.id and not message.deleted for message in new))

    def rooms_of(self, me: Person) -> dict[str, tuple[str, bool, int, int, int]]:
        """Name, whether it is archived, head, read mark and count of new messages, by room."""
        return {
            room: (mirror.name, mirror.archived, self.heads[room], self.read[room, me.id], self.unread(room, me))
            for room, mirror in self.mirrors.items()
            if me.id in mirror.members
        }

    # Rules ---------------------------------------------------------------------------------------------------

    def refusal(self, me: Person, command: AnyCommand) -> str | None:
        """The code of the error that this command must get; None when it must be done."""
        if isinstance(command, CreateRoom):
            return "name_taken" if self._taken(command.name) else None
        if isinstance(command, ChangeName):
            return "name_taken" if command.name.startswith("Client #") else None
        assert isinstance(command, InRoom)
        room = self.mirrors.get(command.room)
        if room is None:
            return "room_not_found"
        is_member = me.id in room.members
        match command:
            case Join():
                return "archived" if room.archived and not is_member else None
            case Leave():
                return "lobby_stays" if room.room == LOBBY else self._last_owner(room, me)
            case SetRoom():
                is_his = self.creators.get(room.room) == me.id and is_member
                return "archived" if room.archived else None if is_his else "role_needed"
            case ArchiveRoom():
                return self._not_mine(room, me)
            case RenameRoom() if room.room == LOBBY or not room.archived:
                return self._not_mine(room, me) or ("name_taken" if self._taken(command.name, room) else None)
        if not is_member and not isinstance(command, Delete):
            return "not_a_member"
        if isinstance(command, MarkRead | MarkUnread):
            return None
        if room.archived:
            return "archived"
        return self._refusal_of_message(me, command, room)

    def _refusal_of_message(self, me: Person, command: InRoom, room: Mirror) -> str | None:
        if isinstance(command, Post):
            first = self.repeats(me, command)
            if first:
                untouched = not first.deleted and first.edited_at is None
                is_other = (first.text, first.reply_to) != (command.text, command.reply_to)
                return "key_conflict" if untouched and is_other else None
            return self._not_standing(room, command.reply_to) if command.reply_to is not None else None
        assert isinstance(command, (*ONLY_IF_IT_STANDS, Delete))
        if isinstance(command, Delete) and command.message in room.messages:
            missing = None
        else:
            missing = self._not_standing(room, command.message)
        if missing or not isinstance(command, Edit | Delete) or room.messages[command.message].author.id == me.id:
            return missing
        if isinstance(command, Edit):
            return "not_the_author"
        return None if self.creators.get(room.room) == me.id else "role_needed"

    def repeats(self, me: Person, command: AnyCommand) -> Message | None:
        """The message that was posted with this key before."""
        if not isinstance(command, Post) or not command.key:
            return None
        seq = self.keys.get((command.room, me.id, command.key))
        return self.mirrors[command.room].messages[seq] if seq else None

    def _not_standing(self, room: Mirror, seq: int) -> str | None:
        message = room.messages.get(seq)
        return "message_not_found" if message is None else "message_deleted" if message.deleted else None

    def _last_owner(self, room: Mirror, me: Person) -> str | None:
        is_last = room.roles.get(me.id) == "owner" and list(room.roles.values()).count("owner") == 1
        return "last_owner" if is_last and len(room.members) > 1 and not room.archived else None

    def _not_mine(self, room: Mirror, me: Person) -> str | None:
        if room.room == LOBBY:
            return "lobby_stays"
        return None if self.creators[room.room] == me.id and me.id in room.members else "role_needed"

    def _taken(self, name: str, but: Mirror | None = None) -> bool:
        """The name of an archived room is free again."""
        others = (mirror for mirror in self.mirrors.values() if mirror is not but and not mirror.archived)
        return any(other.name.casefold() == name.casefold() for other in others)

    # Answers -------------------------------------------------------------------------------------------------

    def must_be_right(self, me: Person, command: AnyCommand, answer: object, events: list[Event], before: int) -> None:
        """What a command that was done has made, and what was answered; `before` is where its room's log ended."""
        assert all(event.by.id == me.id for event in events)
        kinds = [type(event) for event in events]
        if isinstance(command, CreateRoom):
            assert kinds == [RoomCreated, MemberJoined]
        elif isinstance(command, ChangeName):
            assert set(kinds) <= {MemberRenamed}
            assert len({event.room for event in events}) == len(events)
        elif isinstance(answer, Applied) and isinstance(command, InRoom):
            assert kinds in ([], [MAKES[type(command)]])
            first = self.repeats(me, command)
            assert answer.seq == (first.seq if first else before + len(events))
            assert {event.room for event in events} <= {command.room}
        else:
            assert events == []
