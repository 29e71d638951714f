"""The page: complete and readable as the server sends it, before any script has run."""

import gzip
import json
import secrets
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from hubbub.core.files import FILES_MAX, PICTURES, size_of
from hubbub.core.models import LOBBY, FileInfo, History, Message, Person, Place, RoomSummary
from hubbub.core.text import NAME_MAX_CHARS, TEXT_MAX_CHARS, TOPIC_MAX_CHARS
from hubbub.errors import HubbubError, NotFound, SignInNeeded
from hubbub.protocol import GetHistory, Join, Post
from hubbub.web.assets import FOLDER, FOREVER, assets
from hubbub.web.auth import check_same_origin, is_secure, set_session_cookie, visit_of
from hubbub.web.headers import security_headers
from hubbub.web.problems import retry_after
from hubbub.web.routes import page_part

if TYPE_CHECKING:
    from hubbub.app import Chat

FIRST_MESSAGES = 30
GROUP_MS = 5 * 60 * 1000
"""Messages of one author within this time stand together."""
THEMES = {"auto", "light", "dark"}
THEME_COOKIE = "hubbub_theme"
PICTURE_MAX_PX = (360, 270)
PALETTE = 12
"""Hues for names."""


def page_router(chat: "Chat") -> APIRouter:
    router = page_part()
    page = Page(chat)

    @router.get("/")
    async def lobby(request: Request) -> Response:
        return await page.room(request, LOBBY)

    @router.get("/r/{room}")
    async def room(request: Request, room: str) -> Response:
        return await page.room(request, room)

    @router.get("/r/{room}/{seq}")
    async def message(request: Request, room: str, seq: int) -> Response:
        return await page.room(request, room, around=max(0, min(seq, 2**53 - 1)))

    @router.post("/r/{room}/post")
    async def post(
        request: Request,
        room: str,
        text: Annotated[str, Form()] = "",
        key: Annotated[str | None, Form()] = None,
    ) -> Response:
        return await page.post(request, room, text, key)

    @router.post("/r/{room}/join")
    async def join(request: Request, room: str) -> Response:
        return await page.join(request, room)

    @router.get("/static/{digest}/{name:path}")
    async def static(request: Request, digest: str, name: str) -> Response:
        asset = assets().get(name) if digest == assets().digest else None
        if asset is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.type)
        return Response(asset.body, headers=headers, media_type=asset.type)

    @router.get("/favicon.ico")
    async def favicon() -> Response:
        """For pages that do not name an icon, as the tutorial's."""
        icon = assets()["icon.svg"]
        return Response(icon.body, headers={"Cache-Control": "public, max-age=86400"}, media_type=icon.type)

    @router.get("/manifest.webmanifest")
    async def manifest(request: Request) -> Response:
        base = request.scope.get("root_path", "")
        icon = {"src": f"{base}/static/{assets().digest}/icon.svg", "sizes": "any", "type": "image/svg+xml"}
        about = {"name": chat.place.name, "start_url": f"{base}/", "display": "standalone", "icons": [icon]}
        return Response(json.dumps(about), media_type="application/manifest+json")

    return router


class Page:
    def __init__(self, chat: "Chat") -> None:
        self._chat = chat

    async def room(
        self, request: Request, room: str, *, around: int | None = None, text: str = "", problem: str = ""
    ) -> Response:
        """A room at its end, or around a message. Whoever comes without a session becomes a guest."""
        token = ""
        try:
            me = await self._chat.auth.person_of(request)
            if me is None:
                self._chat.addresses.take("arrivals", request)
                me, token = await self._chat.people.arrive(None, visit_of(request))
            summary = await self._chat.people.summary(me, room)
            if summary is None:
                raise NotFound("There is no such room.", code="room_not_found")
            history = await self._chat.perform(me, GetHistory(id=0, room=room, around=around, limit=FIRST_MESSAGES))
            assert isinstance(history, History)
            rooms = await self._chat.people.rooms(me)
            waiting = await self._chat.people.waiting(me)
        except HubbubError as error:
            return self._at_the_door(request, error, text)
        response = self._render(request, me, summary, rooms, history, around, text, problem, waiting)
        if token:
            set_session_cookie(response, token, secure=is_secure(request))
        return response

    async def post(self, request: Request, room: str, text: str, key: str | None) -> Response:
        """The form, for browsers without script. What was written is never lost: a refusal shows it again."""
        text = text.replace("\r\n", "\n")  # how forms send the end of a line
        try:
            check_same_origin(request, self._chat.settings)
        except HubbubError as error:
            return problem_page(request, self._chat.place.name, error)  # no room: a stranger would be made a guest
        try:
            me = await self._chat.auth.person_of(request)
            if me is None:
                raise SignInNeeded("You were not signed in any more, and are a new guest now. Send it again.")
            await self._chat.perform(me, Post(id=0, room=room, text=text, key=key or None))
        except HubbubError as error:
            return await self.room(request, room, text=text, problem=error.words)
        except ValueError:
            words = f"A message has at most {TEXT_MAX_CHARS:,} characters, and no control characters."
            return await self.room(request, room, text=text, problem=words)
        return self._to(request, room, "#latest")

    async def join(self, request: Request, room: str) -> Response:
        try:
            check_same_origin(request, self._chat.settings)
        except HubbubError as error:
            return problem_page(request, self._chat.place.name, error)
        try:
            if me := await self._chat.auth.person_of(request):
                await self._chat.perform(me, Join(id=0, room=room))
        except HubbubError as error:
            return await self.room(request, room, problem=error.words)
        except ValueError:
            return problem_page(request, self._chat.place.name, NotFound("There is no such room."))
        return self._to(request, room)

    def _at_the_door(self, request: Request, error: HubbubError, text: str) -> Response:
        base = request.scope.get("root_path", "")
        if error.code == "no_guests":
            return RedirectResponse(f"{base}/sign-in", 303, {"Cache-Control": "no-store"})
        if error.code == "waiting":
            return plain_page(request, "waiting.html", error.status, place=self._chat.place.name)
        return problem_page(request, self._chat.place.name, error, text)

    def _to(self, request: Request, room: str, anchor: str = "") -> Response:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/r/{room}{anchor}", 303)

    def _render(
        self,
        request: Request,
        me: Person,
        room: RoomSummary,
        rooms: list[RoomSummary],
        history: History,
        around: int | None,
        text: str,
        problem: str,
        waiting: int,
    ) -> Response:
        base = request.scope.get("root_path", "")
        boot = {
            "base": base,
            "place": self._chat.place.shown.model_dump(),
            "waiting": waiting,
            "sign_in": {
                "passkeys": self._chat.passkeys is not None,
                "provider": self._chat.settings.oidc_name if self._chat.openid else None,
            },
            "epoch": self._chat.epoch,
            "me": me.model_dump(),
            "room": room.model_dump(),
            "rooms": [summary.model_dump() for summary in rooms],
            "history": history.model_dump(exclude_none=True),
            "around": around,
            "limits": {
                "text": TEXT_MAX_CHARS,
                "name": NAME_MAX_CHARS,
                "topic": TOPIC_MAX_CHARS,
                "file": self._chat.settings.file_max_bytes,
                "files": FILES_MAX,
                "previews": self._chat.settings.link_previews,
            },
        }
        html = _template("index.html").render(
            base=base,
            files=f"{base}/static/{assets().digest}",
            modules=assets().modules,
            style=Markup(assets().style),
            theme=_theme(request),
            place=self._chat.place.name,
            joining=self._chat.place.joining,
            me=me,
            room=room,
            sections=_sections(rooms),
            closed=_closed(room, me, self._chat.place, now=time.time() * 1000),
            rows=_rows(history),
            history=history,
            boot=Markup(json.dumps(boot, ensure_ascii=False).replace("<", "\\u003c")),
            text=text,
            problem=problem,
            limit=TEXT_MAX_CHARS,
            is_picture=is_picture,
            shown_size=shown_size,
            size_of=size_of,
            key=secrets.token_hex(16),
        )
        return _html(request, html, 422 if problem else 200)


def problem_page(request: Request, place: str, error: HubbubError, text: str = "") -> Response:
    """For when there is no room to show, with what was written."""
    response = plain_page(request, "problem.html", error.status, place=place, words=error.words, text=text)
    response.headers.update(retry_after(error))
    return response


def plain_page(request: Request, template: str, status: int, **fields: object) -> Response:
    """A page that works without script."""
    base, style = request.scope.get("root_path", ""), Markup(assets().style)
    files = f"{base}/static/{assets().digest}"
    html = _template(template).render(base=base, files=files, style=style, theme=_theme(request), **fields)
    return _html(request, html, status)


def _theme(request: Request) -> str:
    return theme if (theme := request.cookies.get(THEME_COOKIE)) in THEMES else "auto"


def _html(request: Request, html: str, status: int) -> Response:
    """Compressed if the browser can take it. There is nothing secret in it that its length could tell (BREACH)."""
    headers = security_headers([assets().style_hash]) | {"Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return HTMLResponse(gzip.compress(html.encode(), 6), status, headers | {"Content-Encoding": "gzip"})
    return HTMLResponse(html, status, headers)


def _rows(history: History) -> list[dict[str, Any]]:
    """Messages with what the template must know of their neighbours: days, groups, quotes."""
    quotes = {quote.seq: quote for quote in history.quotes}
    rows: list[dict[str, Any]] = []
    before: Message | None = None
    for message in history.messages:
        at = datetime.fromtimestamp(message.at / 1000, UTC)
        new_day = before is None or at.date() != datetime.fromtimestamp(before.at / 1000, UTC).date()
        first = (
            new_day
            or before is None
            or before.author.id != message.author.id
            or message.at - before.at > GROUP_MS
            or message.reply_to is not None
        )
        rows.append(
            {
                "message": message,
                "html": Markup(message.html) if message.html else None,
                "iso": at.isoformat(timespec="seconds"),
                "time": at.strftime("%H:%M"),
                "day": at.strftime("%A, %-d %B %Y") if new_day else "",
                "first": first,
                "hue": hue(message.author.id),
                "quote": quotes.get(message.reply_to) if message.reply_to is not None else None,
            }
        )
        before = message
    return rows


def is_picture(file: FileInfo) -> bool:
    return bool(file.width and file.height and file.type in PICTURES)


def shown_size(file: FileInfo) -> tuple[int, int]:
    """In pixels, so that its place is kept before it is there: the same as in the page's script."""
    width, height = file.width or 1, file.height or 1
    scale = min(1.0, PICTURE_MAX_PX[0] / width, PICTURE_MAX_PX[1] / height)
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))


def _sections(rooms: list[RoomSummary]) -> list[tuple[str, list[RoomSummary]]]:
    conversations = [room for room in rooms if room.kind == "direct"]
    others = [room for room in rooms if room.kind != "direct"]
    return [("Rooms", others), *([("Direct messages", conversations)] if conversations else [])]


def _closed(room: RoomSummary, me: Person, place: Place, *, now: float) -> str | None:
    """Why this person cannot write in a room that they are in: the words, or `sign up`."""
    if room.archived:
        return "This room is archived: it can be read, but nothing can be changed in it."
    if me.role == "guest" and place.guests == "read_only":
        return "sign up"
    if room.muted_until > now:
        return "A moderator has silenced you. You can read, and not write."
    if room.announcement and room.role not in ("moderator", "owner"):
        return "Only moderators post here. You can read, and react."
    return None


def hue(person: str) -> int:
    """Which of the palette's hues a person's name has: the same sum as in the page's script."""
    total = 0
    for character in person:
        total = (total * 31 + ord(character)) % 65_521
    return total % PALETTE


@cache
def _template(name: str) -> Any:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(name)
