"""Rooms over HTTP."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query

from hubbub.core.models import Person, PersonId, Record, RoomId, RoomSummary, Seq
from hubbub.protocol import (
    PAGE_MAX,
    Applied,
    ArchiveRoom,
    CreateRoom,
    Here,
    Join,
    Leave,
    ListMembers,
    ListRooms,
    MarkRead,
    MarkUnread,
    MemberPage,
    Name,
    Nothing,
    ReadState,
    RenameRoom,
    RoomPage,
    SayTyping,
    Value,
    WhoIsHere,
)
from hubbub.web.problems import ProblemRoute

if TYPE_CHECKING:
    from hubbub.app import Chat

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


class RoomName(Record):
    name: Name


class ReadMark(Record):
    seq: Seq


def rooms_router(chat: "Chat") -> APIRouter:
    router = APIRouter(prefix="/rooms", tags=["rooms"], route_class=ProblemRoute)
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("", response_model=RoomPage)
    async def list_rooms(me: Me, after: RoomId | None = None, limit: Limit = PAGE_MAX) -> Value:
        return await chat.perform(me, ListRooms(id=0, after=after, limit=limit))

    @router.post("", status_code=201, response_model=RoomSummary)
    async def create_room(me: Me, body: RoomName) -> Value:
        return await chat.perform(me, CreateRoom(id=0, name=body.name))

    @router.patch("/{room}", response_model=Applied)
    async def rename_room(me: Me, room: RoomId, body: RoomName) -> Value:
        return await chat.perform(me, RenameRoom(id=0, room=room, name=body.name))

    @router.post("/{room}/archive", response_model=Applied)
    async def archive_room(me: Me, room: RoomId) -> Value:
        return await chat.perform(me, ArchiveRoom(id=0, room=room))

    @router.put("/{room}/membership", response_model=Applied)
    async def join_room(me: Me, room: RoomId) -> Value:
        return await chat.perform(me, Join(id=0, room=room))

    @router.delete("/{room}/membership", response_model=Applied)
    async def leave_room(me: Me, room: RoomId) -> Value:
        return await chat.perform(me, Leave(id=0, room=room))

    @router.get("/{room}/members", response_model=MemberPage)
    async def list_members(me: Me, room: RoomId, after: PersonId | None = None, limit: Limit = PAGE_MAX) -> Value:
        return await chat.perform(me, ListMembers(id=0, room=room, after=after, limit=limit))

    @router.get("/{room}/here", response_model=Here)
    async def who_is_here(me: Me, room: RoomId) -> Value:
        return await chat.perform(me, WhoIsHere(id=0, room=room))

    @router.put("/{room}/read", response_model=ReadState)
    async def mark_read(me: Me, room: RoomId, body: ReadMark) -> Value:
        return await chat.perform(me, MarkRead(id=0, room=room, seq=body.seq))

    @router.put("/{room}/unread", response_model=ReadState)
    async def mark_unread(me: Me, room: RoomId, body: ReadMark) -> Value:
        return await chat.perform(me, MarkUnread(id=0, room=room, seq=body.seq))

    @router.post("/{room}/typing", response_model=Nothing)
    async def say_typing(me: Me, room: RoomId) -> Value:
        return await chat.perform(me, SayTyping(id=0, room=room))

    return router
