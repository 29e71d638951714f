"""Invitations, direct conversations, and the people to have them with, over HTTP."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query

from hubbub.core.models import Person, Record, RoomId, RoomSummary
from hubbub.core.text import NAME_MAX_CHARS
from hubbub.protocol import (
    AcceptInvite,
    CreateInvite,
    FindPeople,
    FoundPeople,
    Invitation,
    InviteAddress,
    InviteCode,
    InviteHours,
    Invites,
    InviteUses,
    ListInvites,
    Nothing,
    OpenDirect,
    OtherPeople,
    RevokeInvite,
    Value,
)
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


class Conversation(Record):
    people: OtherPeople


class NewInvite(Record):
    room: RoomId | None = None
    """Null: into the place."""
    uses: InviteUses | None = None
    """How many people may come by it; null: any number."""
    hours: InviteHours | None = 24 * 7
    """For how long; null: until it is revoked."""
    address: InviteAddress | None = None
    """How people reach this server: the beginning of the link. Null: the link is a path alone, without a QR code."""


class Code(Record):
    code: InviteCode
    """The end of the link."""


def invites_router(chat: "Chat") -> APIRouter:
    router = api_part("invitations")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.post("/direct", response_model=RoomSummary)
    async def open_direct_conversation(me: Me, body: Conversation) -> Value:
        """Opens the conversation of oneself and these people: the same one for the same people for ever."""
        return await chat.perform(me, OpenDirect(id=0, people=body.people))

    @router.get("/people/find", response_model=FoundPeople)
    async def find_people(me: Me, name: Annotated[str, Query(max_length=NAME_MAX_CHARS)] = "") -> Value:
        """Finds people whose name begins so: at most 20."""
        return await chat.perform(me, FindPeople(id=0, name=name))

    @router.post("/invites", status_code=201, response_model=Invitation)
    async def create_invitation(me: Me, body: NewInvite) -> Value:
        """Makes a link by which people come into a room, or into the place. It is told only now."""
        return await chat.perform(me, CreateInvite(id=0, **body.model_dump()))

    @router.get("/invites", response_model=Invites)
    async def list_invitations(me: Me, room: RoomId | None = None) -> Value:
        """Lists the invitations that can still be accepted: into a room, or without one into the place."""
        return await chat.perform(me, ListInvites(id=0, room=room))

    @router.delete("/invites/{invite}", response_model=Nothing)
    async def revoke_invitation(me: Me, invite: str, room: RoomId | None = None) -> Value:
        """Ends an invitation into a room, or without one into the place."""
        return await chat.perform(me, RevokeInvite(id=0, room=room, invite=invite[:64]))

    @router.post("/invites/accept", response_model=RoomSummary)
    async def accept_invitation(me: Me, body: Code) -> Value:
        """Goes where an invitation leads. The code is in the body, so that no log has it."""
        return await chat.perform(me, AcceptInvite(id=0, code=body.code))

    return router
