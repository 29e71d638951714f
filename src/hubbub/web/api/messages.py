"""Messages over HTTP."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from hubbub.core.files import FILES_MAX
from hubbub.core.models import FileId, History, Person, Record, RoomId, Seq
from hubbub.protocol import (
    PAGE_MAX,
    Applied,
    Caption,
    Delete,
    Edit,
    Emoji,
    GetHistory,
    GetPreviews,
    Key,
    LinkPreviews,
    ListPins,
    Pin,
    Pins,
    Post,
    React,
    Reason,
    Text,
    Unpin,
    Unreact,
    Value,
)
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


class NewMessage(Record):
    text: Caption = ""
    key: Key | None = None
    """Yours to choose, once for each message: a repeated request with it answers with the first `seq`."""
    reply_to: Seq | None = None
    files: Annotated[list[FileId], Field(max_length=FILES_MAX)] = []
    """Files that you have uploaded, by `POST /api/files`."""


class NewText(Record):
    text: Text


def messages_router(chat: "Chat") -> APIRouter:
    router = api_part("messages", "/rooms/{room}")
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("/messages", response_model=History, response_model_exclude_none=True)
    async def read_history(
        me: Me,
        room: RoomId,
        before: Seq | None = None,
        after: Seq | None = None,
        around: Seq | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> Value:
        """Reads messages before, after or around a `seq`; the newest ones without any of the three."""
        command = GetHistory(id=0, room=room, before=before, after=after, around=around, limit=limit)
        return await chat.perform(me, command)

    @router.post("/messages", status_code=201, response_model=Applied)
    async def post_message(me: Me, room: RoomId, body: NewMessage) -> Value:
        """Posts a message. The same `key` again, with the same text, answers with the first `seq`."""
        return await chat.perform(me, Post(id=0, room=room, **body.model_dump()))

    @router.patch("/messages/{message}", response_model=Applied)
    async def edit_message(me: Me, room: RoomId, message: Seq, body: NewText) -> Value:
        """Replaces the text of one's own message."""
        return await chat.perform(me, Edit(id=0, room=room, message=message, text=body.text))

    @router.delete("/messages/{message}", response_model=Applied)
    async def delete_message(me: Me, room: RoomId, message: Seq, reason: Reason = "") -> Value:
        """Deletes a message: its place stays, its text and its files are erased everywhere. Moderators delete other
        people's too."""
        return await chat.perform(me, Delete(id=0, room=room, message=message, reason=reason))

    @router.put("/messages/{message}/reactions/{emoji}", response_model=Applied)
    async def react(me: Me, room: RoomId, message: Seq, emoji: Emoji) -> Value:
        """Adds an emoji to a message."""
        return await chat.perform(me, React(id=0, room=room, message=message, emoji=emoji))

    @router.delete("/messages/{message}/reactions/{emoji}", response_model=Applied)
    async def unreact(me: Me, room: RoomId, message: Seq, emoji: Emoji) -> Value:
        """Takes one's emoji away from a message."""
        return await chat.perform(me, Unreact(id=0, room=room, message=message, emoji=emoji))

    @router.put("/messages/{message}/pin", response_model=Applied)
    async def pin(me: Me, room: RoomId, message: Seq) -> Value:
        """Puts a message on the room's list of pinned ones. Every member may."""
        return await chat.perform(me, Pin(id=0, room=room, message=message))

    @router.delete("/messages/{message}/pin", response_model=Applied)
    async def unpin(me: Me, room: RoomId, message: Seq) -> Value:
        """Takes a message off the list of pinned ones, whoever pinned it."""
        return await chat.perform(me, Unpin(id=0, room=room, message=message))

    @router.get("/pins", response_model=Pins, response_model_exclude_none=True)
    async def list_pins(me: Me, room: RoomId) -> Value:
        """Lists the pinned messages of a room, newest first, at most 100."""
        return await chat.perform(me, ListPins(id=0, room=room))

    _add_previews(router, chat)
    return router


def _add_previews(router: APIRouter, chat: "Chat") -> None:
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("/messages/{message}/previews", response_model=LinkPreviews)
    async def get_previews(me: Me, room: RoomId, message: Seq) -> Value:
        """Reads what the pages say of themselves to which a message links. Nothing where `link_previews` is off."""
        return await chat.perform(me, GetPreviews(id=0, room=room, message=message))
