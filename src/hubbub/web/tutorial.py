"""The tutorial's chat, on the lobby: plain text in, plain text out, at `/ws/{client_id}`, and its page.

What a client says is a message of "Client #N" like any other. Nobody signs in here, so no cookie and no token
is read: whoever speaks through this door is a numbered client and nobody else.
"""

import asyncio
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, Depends, Response, WebSocket

from hubbub.core.models import LOBBY, Person
from hubbub.core.text import TEXT_MAX_CHARS, drop_control_characters, shows_something
from hubbub.errors import CloseCode, HubbubError, RateLimited, TooLarge, Unavailable
from hubbub.hub.hub import Connection
from hubbub.hub.outlet import batch_of
from hubbub.logs import REQUEST
from hubbub.protocol import Envelope, Post
from hubbub.web.outlets import outlet_for
from hubbub.web.routes import page_part

if TYPE_CHECKING:
    from hubbub.app import Chat

DIGITS_MAX = 50
WAITING_MAX = 100
"""Lines of one connection that may wait for the ones before them."""
CLOSE_TIMEOUT_S = 5.0
CLOSE_REASON_MAX_BYTES = 123
"""RFC 6455, section 5.5: a control frame has at most 125 bytes, two of which are the code."""
CLIENT_FILES = Path(__file__).parent.parent / "client"
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def tutorial_router(chat: "Chat") -> APIRouter:
    router = page_part(dependencies=[Depends(chat.admit)])
    page = (CLIENT_FILES / "tutorial.html").read_text("utf-8")
    script = (CLIENT_FILES / "tutorial.js").read_text("utf-8")

    @router.websocket("/ws/{client_id}")
    async def talk(websocket: WebSocket, client_id: int) -> None:
        welcome = chat.place.guests == "yes" and chat.auth.origin_allowed(websocket)
        if not welcome or len(str(abs(client_id))) > DIGITS_MAX:
            await websocket.close()  # before accept: HTTP 403
            return
        await Talk(chat, websocket, client_id).run()

    @router.get("/tutorial")
    async def tutorial_page() -> Response:
        return Response(page, media_type="text/html", headers=PAGE_HEADERS)

    @router.get("/tutorial.js")
    async def tutorial_script() -> Response:
        return Response(script, media_type="text/javascript", headers=PAGE_HEADERS)

    return router


class Refusal(NamedTuple):
    """How and why we end a connection."""

    code: int
    reason: str


class Talk:
    """One tutorial client from the handshake to "left the chat".

    The loop that reads only puts lines into a bounded queue; a task that lives while some wait posts them,
    one after the other, as fast as is allowed.
    """

    def __init__(self, chat: "Chat", websocket: WebSocket, number: int) -> None:
        self._chat = chat
        self._websocket = websocket
        self._number = number
        self._waiting: deque[str] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._author: Person | None = None
        self._reader: asyncio.Task[object] | None = None
        self._stopped = False
        self._refusal: Refusal | None = None
        self._outlet = outlet_for(
            websocket, spawn=chat.spawn, on_held=_nothing, on_drained=self._drained, on_abort=self._stop
        )
        # Somebody who only reads is not written down; the person is made at the first message.
        lurker = Person(id=f"client-{number}", name=f"Client #{number}", kind="client", created_at=0)
        self._connection = Connection(lurker, self._outlet, plain=True, name=REQUEST.get())
        self._home = chat.addresses.opened(websocket)

    async def run(self) -> None:
        """Returns when the connection has ended, whichever side ended it, and all it said has been posted."""
        try:
            if refusal := await self._listen():
                await self._close(refusal)
            self._outlet.abort()
            self._work_soon()
            if self._worker:
                await self._worker
        finally:
            self._chat.addresses.closed(self._home)
            self._chat.attendance.depart(self._connection, at_once=True)
            self._outlet.abort()
            if self._worker:
                self._worker.cancel()

    # Reading ------------------------------------------------------------------------------------------------

    async def _listen(self) -> Refusal | None:
        """Takes lines until the connection ends. Returns why we end it, None when the other side did."""
        reader = self._reader = asyncio.current_task()
        try:
            refusal = await self._enter()
            while refusal is None:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                refusal = self._take(message.get("text"))
            return refusal
        except asyncio.CancelledError:
            # As in asyncio.timeout: taken back if it was `_stop`, passed on if somebody else cancels too.
            if not self._stopped or reader is None or reader.uncancel() > 0:
                raise
            if self._refusal is None:
                await self._take_last()
            return self._refusal
        finally:
            self._reader = None

    async def _enter(self) -> Refusal | None:
        """Accepted and in the room in one go, so that whoever has connected hears everything from then on."""
        try:
            await self._chat.relay.open(LOBBY)
        except Unavailable as error:
            await self._websocket.accept()
            return Refusal(CloseCode.TRY_AGAIN_LATER, error.words)
        await self._websocket.accept()
        self._chat.hub.connect(self._connection)
        await self._chat.attendance.enter(self._connection, LOBBY, None)
        return None

    async def _take_last(self) -> None:
        """Nothing can be written to the client any more; what it has said before still counts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                while (message := await self._websocket.receive())["type"] == "websocket.receive":
                    self._take(message.get("text"))

    def _take(self, text: str | None) -> Refusal | None:
        if text is None:
            return Refusal(CloseCode.UNSUPPORTED_DATA, "Only text is understood here.")
        line = drop_control_characters(text)
        if len(line) > TEXT_MAX_CHARS:
            return Refusal(CloseCode.MESSAGE_TOO_BIG, f"A message has at most {TEXT_MAX_CHARS} characters.")
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.clear()
            return Refusal(CloseCode.POLICY_VIOLATION, "Too fast: your last messages were not passed on.")
        self._waiting.append(line)
        self._work_soon()
        return None

    # Working ------------------------------------------------------------------------------------------------

    def _work_soon(self) -> None:
        if self._worker is None and self._waiting:
            self._worker = self._chat.spawn(self._work())

    async def _work(self) -> None:
        """Passes on what waits, as long as the answers are read: `_drained` goes on with the rest."""
        try:
            while self._waiting and self._outlet.buffered() <= self._chat.settings.outlet_buffer_bytes:
                await self._say(self._waiting.popleft())
        except TooLarge as error:
            self._stop(Refusal(CloseCode.MESSAGE_TOO_BIG, error.words))
        except HubbubError as error:
            self._stop(Refusal(CloseCode.TRY_AGAIN_LATER if error.retry else CloseCode.POLICY_VIOLATION, error.words))
        finally:
            self._worker = None

    async def _say(self, line: str) -> None:
        self._outlet.write(batch_of(f"You wrote: {line}"))
        if shows_something(line):
            await self._post(line)
        else:
            await self._pass_on(line)

    async def _post(self, line: str) -> None:
        while True:
            try:
                if self._author is None:
                    self._chat.addresses.take("arrivals", self._websocket)
                    self._author = await self._chat.people.client(self._number)
                await self._chat.perform(self._author, Post(id=0, room=LOBBY, text=line))
                return
            except RateLimited as error:
                await asyncio.sleep(error.retry_after_s or self._pace_s())

    async def _pass_on(self, line: str) -> None:
        """What is no message of the log is still heard by the other tutorial clients."""
        plain = f"{self._connection.person.name} says: {line}"
        self._chat.bus.publish(Envelope(room=LOBBY, frame="", plain=plain))
        await asyncio.sleep(self._pace_s())

    def _pace_s(self) -> float:
        return 1 / self._chat.settings.posts_per_second

    # Ending -------------------------------------------------------------------------------------------------

    def _drained(self) -> None:
        self._chat.catch_up.drained(self._connection)
        self._work_soon()

    def _stop(self, refusal: Refusal | None = None) -> None:
        """A line could not be passed on, or nothing can be written any more: ends the loop that reads."""
        if self._reader is not None and not self._stopped:
            self._stopped = True
            self._refusal = refusal
            if refusal:
                self._waiting.clear()
            self._reader.cancel()

    async def _close(self, refusal: Refusal) -> None:
        reason = refusal.reason.encode()[:CLOSE_REASON_MAX_BYTES].decode(errors="ignore")
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._websocket.close(refusal.code, reason)


def _nothing() -> None:
    """The hub writes plain text with care, whether something waits or not."""
