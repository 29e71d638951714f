"""Order over HTTP: what moderators do, what people report, and the rules of the place."""

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from hubbub.core.models import Person, PersonId, Record, RoomId, Seq
from hubbub.core.rules import WORDS_MAX
from hubbub.protocol import (
    PAGE_MAX,
    Action,
    Applied,
    AuditId,
    AuditPage,
    Ban,
    BlockedWord,
    Days,
    GetRules,
    Kick,
    ListReports,
    ListSanctions,
    Minutes,
    Mute,
    Nothing,
    ReadAudit,
    Reason,
    Report,
    ReportPage,
    Resolve,
    Rules,
    SanctionPage,
    SetRetention,
    SetRules,
    Unban,
    Unmute,
    Value,
)
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat


class NewSanction(Record):
    room: RoomId | None = None
    """Null: in the whole place."""
    minutes: Minutes | None = None
    """How long; null: until somebody ends it."""
    reason: Reason = ""


class Why(Record):
    reason: Reason = ""


class Note(Record):
    note: Reason = ""


class Kept(Record):
    days: Days | None = None
    """Null: as the place has it."""


class NewRules(Record):
    blocked_words: Annotated[list[BlockedWord], Field(max_length=WORDS_MAX)] = []
    links: Literal["everybody", "members", "nobody"] = "everybody"
    retention_days: Days | None = None


def order_router(chat: "Chat") -> APIRouter:
    router = api_part("order")
    _people(chat, router)
    _reports(chat, router)
    _rules(chat, router)
    return router


def _people(chat: "Chat", router: APIRouter) -> None:
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.put("/people/{person}/mute", response_model=Nothing)
    async def mute_person(me: Me, person: PersonId, body: NewSanction) -> Value:
        """Silences somebody of a lower role: they can read, and not write."""
        return await chat.perform(me, Mute(id=0, person=person, **body.model_dump()))

    @router.delete("/people/{person}/mute", response_model=Nothing)
    async def unmute_person(me: Me, person: PersonId, room: RoomId | None = None) -> Value:
        """Lets somebody speak again."""
        return await chat.perform(me, Unmute(id=0, person=person, room=room))

    @router.put("/people/{person}/ban", response_model=Nothing)
    async def ban_person(me: Me, person: PersonId, body: NewSanction) -> Value:
        """Keeps somebody of a lower role out of a room, or of the place, where their sessions end at once."""
        return await chat.perform(me, Ban(id=0, person=person, **body.model_dump()))

    @router.delete("/people/{person}/ban", response_model=Nothing)
    async def unban_person(me: Me, person: PersonId, room: RoomId | None = None) -> Value:
        """Lets somebody in again."""
        return await chat.perform(me, Unban(id=0, person=person, room=room))

    @router.delete("/rooms/{room}/members/{person}", response_model=Applied)
    async def kick_person(me: Me, room: RoomId, person: PersonId, reason: Reason = "") -> Value:
        """Takes somebody of a lower role out of a room. They can come back."""
        return await chat.perform(me, Kick(id=0, room=room, person=person, reason=reason))

    @router.get("/sanctions", response_model=SanctionPage)
    async def list_sanctions(me: Me, room: RoomId | None = None) -> Value:
        """Lists who is silenced or banned now, the newest first, at most 100."""
        return await chat.perform(me, ListSanctions(id=0, room=room))


def _reports(chat: "Chat", router: APIRouter) -> None:
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.post("/rooms/{room}/messages/{message}/reports", response_model=Nothing)
    async def report_message(me: Me, room: RoomId, message: Seq, body: Why) -> Value:
        """Asks the moderators to look at a message. A second time changes nothing."""
        return await chat.perform(me, Report(id=0, room=room, message=message, reason=body.reason))

    @router.post("/rooms/{room}/messages/{message}/resolve", response_model=Nothing)
    async def resolve_reports(me: Me, room: RoomId, message: Seq, body: Note) -> Value:
        """Settles the reports of a message, whatever was done about it."""
        return await chat.perform(me, Resolve(id=0, room=room, message=message, note=body.note))

    @router.get("/reports", response_model=ReportPage, response_model_exclude_none=True)
    async def list_reports(me: Me, room: RoomId | None = None) -> Value:
        """Lists messages that were reported and that no moderator has settled, at most 100."""
        return await chat.perform(me, ListReports(id=0, room=room))

    @router.get("/audit", response_model=AuditPage)
    async def read_audit(
        me: Me,
        room: RoomId | None = None,
        person: PersonId | None = None,
        action: Action | None = None,
        before: AuditId | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> Value:
        """Reads what moderators and owners have done, the newest first."""
        command = ReadAudit(id=0, room=room, person=person, action=action, before=before, limit=limit)
        return await chat.perform(me, command)


def _rules(chat: "Chat", router: APIRouter) -> None:
    Me = Annotated[Person, Depends(chat.auth.current)]

    @router.get("/rules", response_model=Rules)
    async def read_rules(me: Me) -> Value:
        """Reads the rules of the place."""
        return await chat.perform(me, GetRules(id=0))

    @router.put("/rules", response_model=Rules)
    async def set_rules(me: Me, body: NewRules) -> Value:
        """Replaces the rules of the place."""
        return await chat.perform(me, SetRules(id=0, **body.model_dump()))

    @router.put("/rooms/{room}/retention", response_model=Applied)
    async def set_retention(me: Me, room: RoomId, body: Kept) -> Value:
        """Decides how long a room keeps messages. What is older is erased: pinned ones too."""
        return await chat.perform(me, SetRetention(id=0, room=room, days=body.days))
