"""The ASGI side of a WebSocket (https://asgi.readthedocs.io/en/latest/specs/www.html#websocket): one call of the
application, from the request until it returns. What only the call needs goes with it."""

import asyncio
import logging
from collections import deque
from typing import Any, Protocol

from hubbub.errors import CloseCode
from hubbub.server.handshake import acceptance, refusal

NORMAL = 1000
ABNORMAL = 1006
"""RFC 6455, section 7.4.1: said of a connection that ended without a close frame."""

log = logging.getLogger(__name__)

Message = Any
"""A dictionary, as ASGI has it."""


class Disconnected(OSError):
    """Nobody is there any more."""


class Socket(Protocol):
    """What a call needs of its connection."""

    async def writable(self) -> None:
        """Waits until what was written has left. Raises Disconnected."""
        ...

    def open(self, response: bytes) -> None: ...

    def refuse(self, response: bytes) -> None: ...

    def send(self, payload: str | bytes) -> None: ...

    def close(self, code: int, reason: str) -> None: ...

    def returned(self, code: int) -> None:
        """The call is over, and so is the connection, unless somebody listens to it: with this close code."""
        ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Call:
    """`accepted` and `refused` say what the application has decided."""

    def __init__(self, socket: Socket, scope: dict[str, Any], key: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.scope = scope
        self.accepted = False
        self.refused = False
        self._socket = socket
        self._key = key
        self._headers = headers
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._waiter: asyncio.Future[None] | None = None
        self._refusal: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._body = b""

    async def run(self, app: Any) -> None:
        """Calls the application. The connection goes on afterwards only if somebody listens to it."""
        failed = True
        try:
            await app(self.scope, self.receive, self.send)
            failed = False
        except Disconnected:
            failed = False
        except Exception:
            log.exception("the application failed on a WebSocket")
        finally:
            if not self.accepted and not self.refused:
                self._refuse(500, [], b"Something went wrong in the server.")
            self._socket.returned(CloseCode.INTERNAL_ERROR if failed else NORMAL)

    def take(self, message: Message) -> None:
        """A message for the application. While one waits, nothing more is read: a client can fill no memory."""
        self._messages.append(message)
        if message["type"] == "websocket.receive":
            self._socket.pause_reading()
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def taken(self) -> deque[Message]:
        """What was taken and is not yet received."""
        messages, self._messages = self._messages, deque()
        return messages

    async def receive(self) -> Message:
        while not self._messages:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        message = self._messages.popleft()
        if self.accepted and not self._messages:
            self._socket.resume_reading()
        return message

    async def send(self, message: Message) -> None:
        await self._socket.writable()
        kind = message["type"]
        if self.accepted and kind == "websocket.send":
            text = message.get("text")
            self._socket.send(message["bytes"] if text is None else text)
        elif self.accepted and kind == "websocket.close":
            self._socket.close(message.get("code", NORMAL), message.get("reason") or "")
        elif self.accepted or self.refused:
            raise RuntimeError(f"{kind} comes too late")
        else:
            self._answer(kind, message)

    def _answer(self, kind: str, message: Message) -> None:
        headers = [*self._headers, *message.get("headers", [])]
        if kind == "websocket.accept":
            self.accepted = True
            self._socket.open(acceptance(self._key, message.get("subprotocol"), headers))
        elif kind == "websocket.close":
            self._refuse(403, headers, b"")
        elif kind == "websocket.http.response.start":
            self._refusal = (message["status"], headers)
        elif kind == "websocket.http.response.body" and self._refusal:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                self._refuse(*self._refusal, self._body)
        else:
            raise RuntimeError(f"{kind} comes too early")

    def _refuse(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.refused = True
        self._socket.refuse(refusal(status, headers, body))
        self.take({"type": "websocket.disconnect", "code": ABNORMAL})
