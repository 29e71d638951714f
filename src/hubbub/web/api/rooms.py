"""Rooms over HTTP."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query

from hubbub.core.models import Person, Record, RoomId, RoomSummary, Seq
from hubbub.protocol import (
    NAMES_MAX,
    PAGE_MAX,
    Applied,
    ArchiveRoom,
    CreateRoom,
    Here,
    Join,
    Leave,
    ListRooms,
    MarkRead,
    MarkUnread,
    Name,
    Nothing,
    ReadState,
    RenameRoom,
    RoomPage,
    SayTyping,
    Topic,
    Value,
    WhoIsHere,
)
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


class RoomName(Record):
    name: Name


class NewRoom(Record):
    name: Name
    kind: Literal["public", "private"] = "public"
    topic: Topic | None = None


class ReadMark(Record):
    seq: Seq


def rooms_router(chat: "Chat") -> APIRouter:
    router = api_part("rooms", "/rooms")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("", response_model=RoomPage)
    async def list_rooms(me: Me, after: RoomId | None = None, limit: Limit = PAGE_MAX) -> Value:
        """Lists rooms in the order of their ids, joined or not; archived ones only when joined."""
        return await chat.perform(me, ListRooms(id=0, after=after, limit=limit))

    @router.post("", status_code=201, response_model=RoomSummary)
    async def create_room(me: Me, body: NewRoom) -> Value:
        """Creates a room and joins it. Two public rooms that are not archived never have the same name."""
        return await chat.perform(me, CreateRoom(id=0, **body.model_dump()))

    @router.patch("/{room}", response_model=Applied)
    async def rename_room(me: Me, room: RoomId, body: RoomName) -> Value:
        """Gives a room another name. Its id stays."""
        return await chat.perform(me, RenameRoom(id=0, room=room, name=body.name))

    @router.post("/{room}/archive", response_model=Applied)
    async def archive_room(me: Me, room: RoomId) -> Value:
        """Closes a room for good: it can still be read."""
        return await chat.perform(me, ArchiveRoom(id=0, room=room))

    @router.put("/{room}/membership", response_model=Applied)
    async def join_room(me: Me, room: RoomId) -> Value:
        """Becomes a member of a room, and may write in it from then on."""
        return await chat.perform(me, Join(id=0, room=room))

    @router.delete("/{room}/membership", response_model=Applied)
    async def leave_room(me: Me, room: RoomId) -> Value:
        """Gives up the membership of a room. Nobody can leave the lobby or a direct conversation."""
        return await chat.perform(me, Leave(id=0, room=room))

    @router.get("/{room}/here", response_model=Here)
    async def who_is_here(me: Me, room: RoomId, limit: Annotated[int, Query(ge=0, le=NAMES_MAX)] = NAMES_MAX) -> Value:
        """Lists the members of a room who are connected now."""
        return await chat.perform(me, WhoIsHere(id=0, room=room, limit=limit))

    @router.put("/{room}/read", response_model=ReadState)
    async def mark_read(me: Me, room: RoomId, body: ReadMark) -> Value:
        """Marks everything up to `seq` as read. Never moves backwards."""
        return await chat.perform(me, MarkRead(id=0, room=room, seq=body.seq))

    @router.put("/{room}/unread", response_model=ReadState)
    async def mark_unread(me: Me, room: RoomId, body: ReadMark) -> Value:
        """Marks the message at `seq`, and what follows, as unread again."""
        return await chat.perform(me, MarkUnread(id=0, room=room, seq=body.seq))

    @router.post("/{room}/typing", response_model=Nothing)
    async def say_typing(me: Me, room: RoomId) -> Value:
        """Tells the others in a room that one is typing. Repeat it every 3 s while it is true."""
        return await chat.perform(me, SayTyping(id=0, room=room))

    return router
