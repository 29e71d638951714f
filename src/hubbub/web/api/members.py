"""Who is in a room, in which role, and how the room is, over HTTP."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends

from hubbub.core.models import Person, PersonId, Record, RoomId
from hubbub.protocol import (
    PAGE_MAX,
    AddMember,
    Applied,
    ListMembers,
    MemberPage,
    SetMemberRole,
    SetRoom,
    SlowMode,
    Topic,
    Value,
)
from hubbub.web.api.rooms import Limit
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


class RoomSettings(Record):
    """What is left out stays."""

    topic: Topic | None = None
    announcement: bool | None = None
    """Whether only moderators post."""
    slow_s: SlowMode | None = None
    kind: Literal["public", "private"] | None = None
    """For owners alone."""


class NewRole(Record):
    role: Literal["member", "moderator", "owner"]


def members_router(chat: "Chat") -> APIRouter:
    router = api_part("rooms", "/rooms")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("/{room}/members", response_model=MemberPage)
    async def list_members(me: Me, room: RoomId, after: PersonId | None = None, limit: Limit = PAGE_MAX) -> Value:
        """Lists the members of a room in the order of their ids."""
        return await chat.perform(me, ListMembers(id=0, room=room, after=after, limit=limit))

    @router.put("/{room}/members/{person}", response_model=Applied)
    async def add_member(me: Me, room: RoomId, person: PersonId) -> Value:
        """Puts somebody into a room."""
        return await chat.perform(me, AddMember(id=0, room=room, person=person))

    @router.put("/{room}/members/{person}/role", response_model=Applied)
    async def set_role(me: Me, room: RoomId, person: PersonId, body: NewRole) -> Value:
        """Makes a member of a room its owner, its moderator, or only a member."""
        return await chat.perform(me, SetMemberRole(id=0, room=room, person=person, role=body.role))

    @router.patch("/{room}/settings", response_model=Applied)
    async def change_settings(me: Me, room: RoomId, body: RoomSettings) -> Value:
        """Changes a room's topic, kind and who may post how often."""
        return await chat.perform(me, SetRoom(id=0, room=room, **body.model_dump()))

    return router
