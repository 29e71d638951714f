"""The page of an invitation: who invites where, and a button to come in. It works without script."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hubbub.core.models import LOBBY, RoomSummary
from hubbub.core.text import NAME_MAX_CHARS
from hubbub.errors import HubbubError
from hubbub.protocol import AcceptInvite
from hubbub.web.auth import check_same_origin, is_secure, set_session_cookie, visit_of
from hubbub.web.page import plain_page, problem_page
from hubbub.web.problems import retry_after
from hubbub.web.routes import page_part

if TYPE_CHECKING:
    from hubbub.app import Chat


def door_router(chat: "Chat") -> APIRouter:
    router = page_part()
    door = Door(chat)

    @router.get("/i/{code}")
    async def look(request: Request, code: str) -> Response:
        return await door.show(request, code)

    @router.post("/i/{code}")
    async def come_in(request: Request, code: str, name: Annotated[str, Form()] = "") -> Response:
        return await door.open(request, code, name)

    return router


class Door:
    def __init__(self, chat: "Chat") -> None:
        self._chat = chat

    async def show(
        self, request: Request, code: str, *, name: str = "", problem: HubbubError | None = None
    ) -> Response:
        """Says who invites where. Nobody becomes a guest by looking."""
        try:
            invited = await self._chat.look_at_invite(code)
            me = await self._chat.auth.person_of(request)
        except HubbubError as error:
            return problem_page(request, self._chat.place.name, error)
        response = plain_page(
            request,
            "invitation.html",
            problem.status if problem else 200,
            place=self._chat.place.name,
            invited=invited,
            me=me,
            comes=self._chat.place.guests != "no" or (me is not None and me.kind == "account"),
            sign_up=(me is None or me.kind == "guest") and (invited.signs_up or self._chat.place.joining != "invite"),
            code=code,
            name=name,
            name_limit=NAME_MAX_CHARS,
            problem=problem.words if problem else "",
        )
        response.headers.update(retry_after(problem) if problem else {})
        return response

    async def open(self, request: Request, code: str, name: str) -> Response:
        """Whoever has no session yet becomes a guest, but only by a code that works."""
        token = ""
        try:
            check_same_origin(request, self._chat.settings)
            await self._chat.look_at_invite(code)
            me = await self._chat.auth.person_of(request)
            if me is None:
                self._chat.addresses.take("arrivals", request)
                me, token = await self._chat.people.arrive(name.strip() or None, visit_of(request))
            summary = await self._chat.perform(me, AcceptInvite(id=0, code=code))
        except HubbubError as error:
            return await self.show(request, code, name=name, problem=error)
        assert isinstance(summary, RoomSummary)
        to = "/" if summary.id == LOBBY else f"/r/{summary.id}"
        response = RedirectResponse(f"{request.scope.get('root_path', '')}{to}", 303)
        if token:
            set_session_cookie(response, token, secure=is_secure(request))
        return response
