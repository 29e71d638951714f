"""Search over HTTP."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query

from hubbub.core.models import Found, Person, RoomId
from hubbub.protocol import PAGE_MAX, FoundBefore, Question, Search, UtcOffset, Value
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


def search_router(chat: "Chat") -> APIRouter:
    router = api_part("search", "/search")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("", response_model=Found, response_model_exclude_none=True)
    async def search_messages(
        me: Me,
        text: Question,
        room: RoomId | None = None,
        before: FoundBefore | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 20,
        utc_offset_min: UtcOffset = 0,
    ) -> Value:
        """Looks for messages, newest first: in the rooms that one is in, or in the one that is named."""
        command = Search(id=0, text=text, room=room, before=before, limit=limit, utc_offset_min=utc_offset_min)
        return await chat.perform(me, command)

    return router
