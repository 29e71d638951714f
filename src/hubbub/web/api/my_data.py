"""One's own data over HTTP."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from hubbub.core.models import Person
from hubbub.protocol import Export, ForgetMe, Nothing, Value
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


def my_data_router(chat: "Chat") -> APIRouter:
    router = api_part("people", "/me")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("/export", response_class=StreamingResponse, responses={200: {"model": Export}})
    async def export_my_data(me: Me) -> StreamingResponse:
        """Gives what one has here as one JSON file: who one is, one's rooms, and every message of one's own that
        stands."""
        headers = {"Content-Disposition": 'attachment; filename="hubbub.json"'}
        return StreamingResponse(await chat.export(me), media_type="application/json", headers=headers)

    @router.delete("", response_model=Nothing)
    async def forget_me(me: Me, messages: Literal["keep", "erase"]) -> Value:
        """Deletes one's own account, or what one has as a guest: the name, the sessions, the memberships; and with
        `erase` every message, soon afterwards. This cannot be undone."""
        return await chat.perform(me, ForgetMe(id=0, messages=messages))

    return router
