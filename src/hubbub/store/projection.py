"""From an event to the current state: the only place that changes rooms, members, messages and reactions."""

from typing import Any, assert_never

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, update

from hubbub.protocol import (
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
from hubbub.store.files import attach, let_go
from hubbub.store.prepared import Driver, Prepared
from hubbub.store.tables import membership, message, reaction, room

_room: BindParameter[str] = bindparam("in_room")
_message: BindParameter[int] = bindparam("on_message")
_this_room = room.c.id == _room
_this_message = (message.c.room == _room) & (message.c.seq == _message)

RENAME = update(room).where(_this_room).values(name=bindparam("new_name"), name_key=bindparam("new_key"))
ARCHIVE = update(room).where(_this_room).values(archived=True)
SET_ROOM = (
    update(room)
    .where(_this_room)
    .values(
        kind=bindparam("new_kind"),
        topic=bindparam("new_topic"),
        announcement=bindparam("is_announcement"),
        slow_s=bindparam("new_slow_s"),
    )
)
SET_ROLE = (
    update(membership)
    .where(membership.c.room == _room, membership.c.person == bindparam("who"))
    .values(role=bindparam("new_role"))
)
JOIN = Prepared(insert(membership))
LEAVE = delete(membership).where(membership.c.room == _room, membership.c.person == bindparam("who"))
POST = Prepared(insert(message))
EDIT = (
    update(message)
    .where(_this_message)
    .values(text=bindparam("new_text"), html=bindparam("new_html"), edited_at=bindparam("when"))
)
ERASE = (
    update(message).where(_this_message).values(text="", html=None, deleted=True, pinned=False, reason=bindparam("why"))
)
PIN = update(message).where(_this_message).values(pinned=bindparam("is_pinned"))
REACT = insert(reaction)
UNREACT = delete(reaction).where(
    reaction.c.room == _room,
    reaction.c.seq == _message,
    reaction.c.emoji == bindparam("which"),
    reaction.c.person == bindparam("who"),
)
ERASE_REACTIONS = delete(reaction).where(reaction.c.room == _room, reaction.c.seq == _message)


def apply(connection: Connection, driver: Driver, event: Event) -> None:
    """Changes the current state as the event says. The event has its `seq`, and its room exists."""

    def run(statement: Any, **binds: object) -> None:
        connection.execute(statement, {"in_room": event.room, **binds})

    match event:
        case MessagePosted():  # first, because it is most of what happens
            POST.run(driver, _row_of(event))
            if event.files:
                attach(connection, event)
        case RoomCreated():
            pass  # the room's row is made before the event can take its place in it
        case RoomRenamed():
            run(RENAME, new_name=event.name, new_key=event.name.casefold())
        case RoomArchived():
            run(ARCHIVE)
        case RoomChanged(topic=topic, announcement=announcement):
            run(SET_ROOM, new_kind=event.kind, new_topic=topic, is_announcement=announcement, new_slow_s=event.slow_s)
        case MemberRole():
            run(SET_ROLE, who=event.person.id, new_role=event.role)
        case MemberJoined():
            row = {"room": event.room, "person": event.person.id, "joined_at": event.at, "read": event.seq}
            JOIN.run(driver, row | {"role": event.role})
        case MemberLeft():
            run(LEAVE, who=event.person.id)
        case MemberRenamed():
            pass  # names are kept with people, not with rooms
        case MessageEdited():
            run(EDIT, on_message=event.message, new_text=event.text, new_html=event.html, when=event.at)
        case MessageDeleted():
            run(ERASE, on_message=event.message, why=event.reason)
            run(ERASE_REACTIONS, on_message=event.message)
            let_go(connection, event.room, event.message)
        case MessagesErased():
            pass  # `SqlTransaction.append` takes them out of everything: they are not only state
        case MessagePinned() | MessageUnpinned():
            run(PIN, on_message=event.message, is_pinned=isinstance(event, MessagePinned))
        case ReactionAdded():
            row = {"room": event.room, "seq": event.message, "emoji": event.emoji, "person": event.by.id}
            connection.execute(REACT, row | {"since": event.seq})
        case ReactionRemoved():
            run(UNREACT, on_message=event.message, which=event.emoji, who=event.by.id)
        case _:
            assert_never(event)


def _row_of(event: MessagePosted) -> dict[str, object]:
    return {
        "room": event.room,
        "seq": event.seq,
        "author": event.by.id,
        "at": event.at,
        "text": event.text,
        "html": event.html,
        "key": event.key,
        "reply_to": event.reply_to,
        "edited_at": None,
        "deleted": False,
        "pinned": False,
        "reason": None,
    }
