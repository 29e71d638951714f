"""The place and the people in it, over HTTP."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from hubbub.core.models import FileId, Person, PersonId, Place, Profile, Record
from hubbub.protocol import (
    PAGE_MAX,
    Approve,
    GetProfile,
    ListPeople,
    ListWaiting,
    MakeResetLink,
    Name,
    Nothing,
    PeoplePage,
    Refuse,
    ResetLink,
    SetAvatar,
    SetPlace,
    SetPlaceRole,
    SetProfile,
    Status,
    TimeZone,
    Value,
)
from hubbub.web.api.files import BYTES, Bytes
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


class NewProfile(Record):
    status: Status | None = None
    """At most 100 characters. Null: none."""
    time_zone: TimeZone | None = None
    """As `Europe/Berlin`. Null: it is not told."""


class NewAvatar(Record):
    file: FileId | None = None
    """A picture that one has uploaded; null: none."""


class NewRole(Record):
    role: Literal["member", "moderator", "owner"]


class NewPlace(Record):
    name: Name | None = None
    joining: Literal["open", "invite", "approval"] | None = None
    """Who may make an account: everybody, whoever was invited, or whoever a moderator approves of."""
    guests: Literal["yes", "read_only", "no"] | None = None
    """What somebody without an account may do."""


def place_router(chat: "Chat") -> APIRouter:
    router = api_part("place")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.put("/me/profile", response_model=Profile)
    async def change_my_profile(me: Me, body: NewProfile) -> Value:
        """Changes what one's profile says; what is left out is taken out."""
        return await chat.perform(me, SetProfile(id=0, status=body.status, time_zone=body.time_zone))

    @router.get("/people", response_model=PeoplePage)
    async def list_people(
        me: Me, after: PersonId | None = None, limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_MAX
    ) -> Value:
        """Lists the people who have an account, in the order of their ids."""
        return await chat.perform(me, ListPeople(id=0, after=after, limit=limit))

    @router.get("/people/{person}", response_model=Profile)
    async def get_profile(me: Me, person: PersonId) -> Value:
        """Tells what is known of a person."""
        return await chat.perform(me, GetProfile(id=0, person=person))

    @router.put("/people/{person}/role", response_model=Nothing)
    async def set_role(me: Me, person: PersonId, body: NewRole) -> Value:
        """Makes somebody an owner or a moderator of the place, or only a member. They have to sign in again."""
        return await chat.perform(me, SetPlaceRole(id=0, person=person, role=body.role))

    @router.post("/people/{person}/reset-link", status_code=201, response_model=ResetLink)
    async def make_reset_link(me: Me, person: PersonId) -> Value:
        """Makes a link by which somebody chooses a new password. It works once and for an hour."""
        return await chat.perform(me, MakeResetLink(id=0, person=person))

    @router.get("/waiting", response_model=PeoplePage)
    async def list_waiting(me: Me) -> Value:
        """Lists the accounts that wait for approval, the first that came first."""
        return await chat.perform(me, ListWaiting(id=0))

    @router.put("/waiting/{person}", response_model=Nothing)
    async def approve(me: Me, person: PersonId) -> Value:
        """Lets somebody in whose account waits."""
        return await chat.perform(me, Approve(id=0, person=person))

    @router.delete("/waiting/{person}", response_model=Nothing)
    async def refuse(me: Me, person: PersonId) -> Value:
        """Turns somebody away whose account waits: it is deleted."""
        return await chat.perform(me, Refuse(id=0, person=person))

    @router.patch("/place", response_model=Place)
    async def change_place(me: Me, body: NewPlace) -> Value:
        """Changes how the place is: what is left out stays."""
        return await chat.perform(me, SetPlace(id=0, name=body.name, joining=body.joining, guests=body.guests))

    _add_avatars(router, chat)
    return router


def _add_avatars(router: APIRouter, chat: "Chat") -> None:
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.put("/me/avatar", response_model=Profile)
    async def change_my_avatar(me: Me, body: NewAvatar) -> Value:
        """Chooses one's picture, which `POST /api/files` has taken before."""
        return await chat.perform(me, SetAvatar(id=0, file=body.file))

    @router.get("/people/{person}/avatar", response_class=FileResponse, responses=BYTES)
    async def read_avatar(me: Me, person: PersonId) -> FileResponse:
        """Somebody's picture, with at most 640 pixels a side. Its id in their profile changes with it."""
        return Bytes(await chat.files.avatar(me, person))
