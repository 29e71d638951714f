"""The chat protocol on one WebSocket: reads frames, answers commands, and puts the connection into the hub."""

import asyncio
import logging
import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError

from hubbub._version import __version__
from hubbub.core.models import Person, RoomSummary
from hubbub.errors import CloseCode, HubbubError, Invalid, RateLimited
from hubbub.hub.hub import Connection
from hubbub.logs import REQUEST
from hubbub.protocol import COMMANDS, VERSION, AnyCommand, CommandId, Error, Hello, Result, Welcome
from hubbub.web.outlets import outlet_for
from hubbub.web.problems import problem_of, words_of

if TYPE_CHECKING:
    from hubbub.app import Chat

log = logging.getLogger(__name__)

WAITING_MAX = 100
"""Commands of one connection that may wait for the ones before them."""
CLOSE_TIMEOUT_S = 5.0


def socket_router(chat: "Chat") -> APIRouter:
    router = APIRouter()

    @router.websocket("/ws")
    async def chat_socket(websocket: WebSocket) -> None:
        if not chat.auth.origin_allowed(websocket):
            await websocket.close()  # before accept: HTTP 403
            return
        person = await chat.auth.person_of(websocket)
        await websocket.accept()
        if person is None:
            await websocket.close(CloseCode.SIGN_IN_NEEDED, "Nobody is signed in.")
            return
        await Session(chat, websocket, person).run()

    return router


class _End(Exception):
    """The session ends, from our side."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Session:
    """One connection from its first frame to its end.

    The loop that reads never awaits anything but the next frame: while it did, pongs and closes would not be read
    either. Commands are done one after the other by a task that lives only while some wait.
    """

    def __init__(self, chat: "Chat", websocket: WebSocket, person: Person) -> None:
        self._chat = chat
        self._websocket = websocket
        self._waiting: deque[AnyCommand] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._aborted = False
        self._handler = asyncio.current_task()
        self._outlet = outlet_for(websocket, spawn=chat.spawn, on_drained=self._drained, on_abort=self._abort)
        self._connection = Connection(person, self._outlet, name=REQUEST.get())

    async def run(self) -> None:
        """Returns when the connection has ended, whichever side ended it."""
        try:
            await self._greet()
            await self._read()
        except _End as end:
            if end.code is not CloseCode.GOING_AWAY:
                self._chat.counts.cuts[end.code.name.lower()] += 1
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._websocket.close(end.code, end.reason)
        except asyncio.CancelledError:
            if not self._aborted:
                raise
        finally:
            self._aborted = True
            self._chat.depart(self._connection)
            self._outlet.abort()
            if self._worker:
                self._worker.cancel()

    # Reading -------------------------------------------------------------------------------------------------

    async def _greet(self) -> None:
        """Takes `hello`, answers `welcome`, and enters the person's rooms at the client's cursors."""
        chat, connection = self._chat, self._connection
        try:
            async with asyncio.timeout(chat.settings.hello_timeout_s):
                hello = Hello.model_validate_json(await self._frame())
        except TimeoutError:
            raise _End(CloseCode.HELLO_EXPECTED, "No hello came in time.") from None
        except ValidationError as error:
            raise _End(CloseCode.HELLO_EXPECTED, _fit(f"The first frame must be hello: {words_of(error)}")) from None
        if hello.version != VERSION:
            raise _End(CloseCode.HELLO_EXPECTED, f"This server speaks version {VERSION} of the protocol.")
        rooms = await self._memberships()
        welcome = Welcome(server=__version__, epoch=chat.epoch, me=connection.person, rooms=rooms)
        chat.hub.tell(connection, welcome.model_dump_json(exclude_none=True))
        same_log = hello.epoch in (None, chat.epoch)
        known = hello.cursors if same_log else dict.fromkeys(hello.cursors, -1)
        for room in rooms:
            cursor = known.get(room.id, room.head)
            await chat.enter(connection, room.id, cursor if cursor <= room.head else -1)

    async def _memberships(self) -> list[RoomSummary]:
        """Connected first, read second: what changes in between is read again."""
        connection = self._connection
        self._chat.hub.connect(connection)
        while not connection.ready:
            connection.memberships_changed = False
            rooms = await self._chat.people.rooms(connection.person)
            connection.ready = not connection.memberships_changed
        return rooms

    async def _read(self) -> None:
        while True:
            text = await self._frame()
            if self._outlet.buffered() > 4 * self._chat.settings.outlet_buffer_bytes:
                raise _End(CloseCode.TOO_SLOW, "You send commands and do not read the answers.")
            try:
                command = COMMANDS.validate_json(text)
            except ValidationError as error:
                self._refuse(_id_in(text), Invalid(words_of(error)))
                continue
            if len(self._waiting) >= WAITING_MAX:
                self._refuse(command.id, RateLimited("Too many commands at once.", retry_after_s=1.0))
                continue
            self._waiting.append(command)
            self._work_soon()

    async def _frame(self) -> str:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise _End(CloseCode.GOING_AWAY, "")
        text = message.get("text")
        if text is None:
            raise _End(CloseCode.UNSUPPORTED_DATA, "Frames must be text.")
        return str(text)

    # Working -------------------------------------------------------------------------------------------------

    def _work_soon(self) -> None:
        if self._worker is None and self._waiting:
            self._worker = self._chat.spawn(self._work())

    async def _work(self) -> None:
        """Does what waits, as long as the answers are read: `_drained` goes on with the rest."""
        try:
            while self._waiting and self._outlet.buffered() <= self._chat.settings.outlet_buffer_bytes:
                await self._perform(self._waiting.popleft())
        finally:
            self._worker = None

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

    def _drained(self) -> None:
        self._chat.catch_up.drained(self._connection)
        self._work_soon()

    def _abort(self) -> None:
        """Nothing can be written any more: the reading loop must end too."""
        if not self._aborted and self._handler:
            self._aborted = True
            self._handler.cancel()


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
