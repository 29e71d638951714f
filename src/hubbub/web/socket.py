"""The chat protocol on one WebSocket: reads frames, answers commands, and puts the connection into the hub."""

import asyncio
import logging
import re
from collections import deque
from collections.abc import MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from hubbub._version import __version__
from hubbub.core.models import RoomSummary
from hubbub.errors import CloseCode, Forbidden, HubbubError, Invalid, RateLimited, SignInNeeded
from hubbub.hub.hub import Connection
from hubbub.logs import REQUEST
from hubbub.protocol import COMMANDS, VERSION, AnyCommand, CommandId, Error, Hello, Result, Welcome
from hubbub.store import SignedIn
from hubbub.web.outlets import outlet_for, wire_of
from hubbub.web.problems import problem_of, problem_response, words_of
from hubbub.web.requests import Requests

if TYPE_CHECKING:
    from hubbub.app import Chat

log = logging.getLogger(__name__)

WAITING_MAX = 100
"""Commands of one connection that may wait for the ones before them."""
CLOSE_TIMEOUT_S = 5.0
PATH = "/ws"


def socket_router(chat: "Chat") -> APIRouter:
    router = APIRouter()

    @router.websocket(PATH)
    async def chat_socket(websocket: WebSocket) -> None:
        await _receive(chat, websocket)

    return router


class SocketFirst:
    """Stands before an application, and takes the chat's sockets past FastAPI's routing, which costs more than the rest
    of a handshake. Nothing depends on it: without it they come by the router."""

    def __init__(self, app: ASGIApp, chat: "Chat") -> None:
        self._app = app

        async def socket(scope: Scope, receive: Receive, send: Send) -> None:
            await _receive(chat, WebSocket(scope, receive, send))

        self._socket = Requests(socket, chat.counts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["type"] == "websocket" and get_route_path(scope) == PATH
        await (self._socket if first else self._app)(scope, receive, send)


async def _receive(chat: "Chat", websocket: WebSocket) -> None:
    """Lets a connection in, or says why not: by an HTTP response before it is one, and by a close code only where the
    page must read it, because browsers do not show responses to a script."""
    try:
        chat.must_go_on()
        chat.addresses.take("handshakes", websocket)
        if not chat.auth.origin_allowed(websocket):
            raise Forbidden("This connection comes from a page of another site.", code="foreign_origin")
        found = await _person_to_greet(chat, websocket)
        chat.addresses.check_space(websocket)  # the last, so that of many at once none is let in by mistake
    except HubbubError as error:
        await websocket.send_denial_response(problem_response(error))
        return
    await websocket.accept()
    if isinstance(found, HubbubError):
        await websocket.close(CloseCode.SIGN_IN_NEEDED, _fit(found.words))
    else:
        await Session(chat, websocket, found).run()


async def _person_to_greet(chat: "Chat", websocket: WebSocket) -> SignedIn | HubbubError:
    """Returns what is to be told to whoever may not come in. Raises Unavailable."""
    try:
        return await chat.auth.session_to_greet(websocket) or SignInNeeded("Nobody is signed in.")
    except Forbidden as error:
        return error


class Session:
    """One connection from its first frame to its end.

    Frames are taken one by one, as they come, by a function that never waits: while something waited, pongs and
    closes would not be read either. Greeting and commands are done one after the other by a task that lives only
    while some wait. Under our own server nothing else lives: see `Wire.listen`.
    """

    __slots__ = (
        *("_chat", "_closing", "_connection", "_ended", "_handler", "_hello_clock", "_home"),
        *("_outlet", "_waiting", "_websocket", "_wire", "_worker"),
    )

    def __init__(self, chat: "Chat", websocket: WebSocket, session: SignedIn) -> None:
        self._chat = chat
        self._waiting: deque[AnyCommand] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._ended = False
        self._outlet = outlet_for(
            websocket, spawn=chat.spawn, on_held=self._held, on_drained=self._drained, on_abort=self._end
        )
        self._connection = Connection(session.person, self._outlet, name=REQUEST.get())
        self._connection.session = session.session
        self._connection.end = self._end
        self._home = chat.addresses.opened(websocket)
        self._wire = wire_of(websocket)
        # Of a server that has no wire:
        self._websocket = None if self._wire else websocket
        self._handler = None if self._wire else asyncio.current_task()
        self._closing: tuple[CloseCode, str] | None = None
        loop = asyncio.get_running_loop()
        self._hello_clock: asyncio.TimerHandle | None = loop.call_later(chat.settings.hello_timeout_s, self._no_hello)

    async def run(self) -> None:
        """Returns when the connection has ended, or at once when its server tells us of each frame."""
        if self._wire:
            self._wire.listen(self.take)
        elif self._websocket:
            await self._read(self._websocket)

    async def _read(self, websocket: WebSocket) -> None:
        """Until the connection has ended, whichever side ended it."""
        try:
            await self._take_all(websocket)
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    if self._closing:
                        await websocket.close(*self._closing)
        finally:
            self._end()
            self._outlet.abort()

    async def _take_all(self, websocket: WebSocket) -> None:
        try:
            while not self._ended:
                self.take(await websocket.receive())
        except asyncio.CancelledError:
            if not self._ended:
                raise

    # Reading -------------------------------------------------------------------------------------------------

    def take(self, message: MutableMapping[str, Any]) -> None:
        """Takes the next message of ASGI's."""
        if self._ended:
            return
        if message["type"] == "websocket.disconnect":
            self._end()
        elif (text := message.get("text")) is None:
            self._end(CloseCode.UNSUPPORTED_DATA, "Frames must be text.")
        elif self._hello_clock:
            self._take_hello(text)
        else:
            self._take_command(text)

    def _take_hello(self, text: str) -> None:
        try:
            hello = Hello.model_validate_json(text)
        except ValidationError as error:
            self._end(CloseCode.HELLO_EXPECTED, _fit(f"The first frame must be hello: {words_of(error)}"))
            return
        if hello.version != VERSION:
            self._end(CloseCode.HELLO_EXPECTED, f"This server speaks version {VERSION} of the protocol.")
            return
        self._stop_clock()
        self._worker = self._chat.spawn(self._welcome(hello))

    def _no_hello(self) -> None:
        self._end(CloseCode.HELLO_EXPECTED, "No hello came in time.")

    def _stop_clock(self) -> None:
        if self._hello_clock:
            self._hello_clock.cancel()
            self._hello_clock = None

    def _take_command(self, text: str) -> None:
        if self._outlet.buffered() > 4 * self._chat.settings.outlet_buffer_bytes:
            self._end(CloseCode.TOO_SLOW, "You send commands and do not read the answers.")
            return
        try:
            command = COMMANDS.validate_json(text)
        except ValidationError as error:
            self._refuse(_id_in(text), Invalid(words_of(error)))
            return
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= WAITING_MAX:
            self._refuse(command.id, RateLimited("Too many commands at once.", retry_after_s=1.0))
            return
        self._waiting.append(command)
        self._work_soon()

    # Greeting ------------------------------------------------------------------------------------------------

    async def _welcome(self, hello: Hello) -> None:
        try:
            await self._greet(hello)
        except (SignInNeeded, Forbidden) as error:
            self._end(CloseCode.SIGN_IN_NEEDED, _fit(error.words))
        except HubbubError as error:
            self._end(CloseCode.TRY_AGAIN_LATER if error.retry else CloseCode.INTERNAL_ERROR, _fit(error.words))
        except Exception:
            log.exception("a greeting failed")
            self._end(CloseCode.INTERNAL_ERROR, "Something went wrong in the server.")
        finally:
            self._worker = None
        self._work_soon()

    async def _greet(self, hello: Hello) -> None:
        """Answers `welcome`, and enters the person's rooms at the client's cursors."""
        chat, connection = self._chat, self._connection
        rooms = await self._memberships()
        welcome = Welcome(server=__version__, epoch=chat.epoch, me=connection.person, rooms=rooms)
        chat.hub.tell(connection, welcome.model_dump_json(exclude_none=True))
        same_log = hello.epoch in (None, chat.epoch)
        known = hello.cursors if same_log else dict.fromkeys(hello.cursors, -1)
        for room in rooms:
            cursor = known.get(room.id, room.head)
            await chat.attendance.enter(connection, room.id, cursor if cursor <= room.head else -1, room)

    async def _memberships(self) -> list[RoomSummary]:
        """Connected first, read second: what changes in between is read again. Raises SignInNeeded or Forbidden for
        whoever had to go since the handshake."""
        connection = self._connection
        self._chat.hub.connect(connection)
        while not connection.ready:
            connection.outdated = False
            person, rooms = await self._chat.people.greet(connection.person.id, connection.session)
            connection.ready = not connection.outdated
        connection.person = person
        return rooms

    # Working -------------------------------------------------------------------------------------------------

    def _work_soon(self) -> None:
        if self._worker is None and self._waiting and not self._ended:
            self._worker = self._chat.spawn(self._work())

    async def _work(self) -> None:
        """Does what waits, as long as the answers are read: `_drained` goes on with the rest."""
        try:
            while self._waiting and self._outlet.buffered() <= self._chat.settings.outlet_buffer_bytes:
                await self._perform(self._waiting.popleft())
        finally:
            self._worker = None
            self._waiting = self._waiting or None

    async def _perform(self, command: AnyCommand) -> None:
        try:
            value = await self._chat.perform(self._connection.person, command)
        except HubbubError as error:
            self._refuse(command.id, error)
        except Exception:
            connection = {"connection": self._connection.name}
            log.exception("a command of type %s failed", type(command).__name__, extra={"fields": connection})
            self._refuse(command.id, HubbubError("Something went wrong in the server. Nothing was changed."))
        else:
            result = Result(id=command.id, value=value)
            self._chat.hub.tell(self._connection, result.model_dump_json(exclude_none=True))

    def _refuse(self, command: CommandId | None, error: HubbubError) -> None:
        problem = Error(id=command, **problem_of(error).model_dump())
        self._chat.hub.tell(self._connection, problem.model_dump_json(exclude_none=True))

    # The outlet's words --------------------------------------------------------------------------------------

    def _held(self) -> None:
        self._chat.hub.outlet_changed(self._connection)

    def _drained(self) -> None:
        self._chat.hub.outlet_changed(self._connection)
        self._chat.catch_up.drained(self._connection)
        self._work_soon()

    def _end(self, code: CloseCode | None = None, reason: str = "") -> None:
        """The connection has ended; with a code, it is ended from our side."""
        if self._ended:
            return
        self._ended = True
        self._stop_clock()
        self._chat.addresses.closed(self._home)
        self._chat.attendance.depart(self._connection)
        if self._worker and self._worker is not asyncio.current_task():
            self._worker.cancel()
        if code is not None:
            self._chat.counts.cuts[code.name.lower()] += 1
        if code is None:
            pass
        elif self._wire:
            self._wire.close(code, reason)
        else:
            self._closing = (code, reason)
        if self._handler and self._handler is not asyncio.current_task():
            self._handler.cancel()  # it waits for the next frame


_ID = re.compile(r'"id"\s*:\s*(\d{1,15}|"[^"\\]{1,64}")')


def _id_in(text: str) -> CommandId | None:
    """The id of a command that is otherwise wrong, so that its sender can match the error."""
    found = _ID.search(text)
    if not found:
        return None
    return found[1].strip('"') if found[1].startswith('"') else int(found[1])


def _fit(reason: str) -> str:
    """A close reason has at most 123 bytes (RFC 6455, section 5.5)."""
    return reason.encode()[:120].decode(errors="ignore")
