"""People over HTTP."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response

from hubbub.core.emoji import emoji_table
from hubbub.core.models import Person, Record
from hubbub.protocol import ChangeName, Name, Value
from hubbub.web.auth import check_same_origin, visit_of
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


class NewGuest(Record):
    name: Name | None = None
    """Without one the server chooses."""


class Guest(Record):
    person: Person
    token: str
    """Send it as `Authorization: Bearer …`. It is shown only this once."""


class NewName(Record):
    name: Name


def people_router(chat: "Chat") -> APIRouter:
    router = api_part("people")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.post("/guests", status_code=201)
    async def come_as_guest(request: Request, body: NewGuest) -> Guest:
        """Makes a guest and a session for it. For programs: a browser becomes one when it opens the page."""
        check_same_origin(request, chat.settings)
        chat.addresses.take("arrivals", request)
        person, token = await chat.people.arrive(body.name, visit_of(request))
        return Guest(person=person, token=token)

    @router.get("/me")
    async def who_am_i(me: Me) -> Person:
        """Says who is signed in."""
        return me

    @router.patch("/me", response_model=Person)
    async def change_my_name(me: Me, body: NewName) -> Value:
        """Changes one's own display name, on old messages too."""
        return await chat.perform(me, ChangeName(id=0, name=body.name))

    @router.get("/emoji")
    async def emoji(response: Response) -> list[tuple[str, str]]:
        """Lists every emoji that can be a reaction, but for skin tones, each with its English name."""
        response.headers["Cache-Control"] = "public, max-age=86400"
        return emoji_table()

    return router
