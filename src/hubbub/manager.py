"""The tutorial's `ConnectionManager`, rescued: the same five names, and no client can harm another one.

    from hubbub import ConnectionManager

    manager = ConnectionManager()

    @app.websocket("/ws/{client_id}")
    async def chat(websocket: WebSocket, client_id: int) -> None:
        await manager.connect(websocket)
        try:
            while True:
                await manager.broadcast(await websocket.receive_text())
        except WebSocketDisconnect:
            manager.disconnect(websocket)
            await manager.broadcast(f"{client_id} left")

It needs Starlette and nothing else of Hubbub but the outlet.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from hubbub.hub.outlet import Batch, PortableOutlet, batch_of

BUFFER_LIMIT_CHARS = 1_048_576
STALL_TIMEOUT_S = 25.0
CLOSE_PATIENCE_S = 1.0
"""How long a close frame may wait for a peer that does not read."""
ABNORMAL_CLOSURE = 1006
UNSUPPORTED_DATA = 1003


class ConnectionManager:
    """The connections of one program in one process, and a text for one or all of them.

    Each connection has an outlet of its own. A message is put into the outlets at once, so everybody gets the
    same order, a slow peer delays nobody, and no peer's failure is raised into the handler that sends. A peer
    is dropped when more than `buffer_limit` characters wait for it, when nothing has moved for
    `stall_timeout_s` seconds (looked at whenever there is a message for it), or when sending fails. Its own
    handler then sees `WebSocketDisconnect` at `receive_text()`, exactly once, as if the peer had closed. A
    binary frame closes its sender with 1003, seen by the handler in the same way: this is a conversation in
    text. Whatever ends the handler that awaited `connect`, the connection is dropped with it.

    What a manager inside an application cannot do:

    * notice a peer that has silently vanished: the server's pings do (`uvicorn --ws-ping-interval 10
      --ws-ping-timeout 10` takes at most 20 s);
    * close the socket of a peer that does not read: its handler is released at once, the socket goes when the
      server gives it up;
    * reach the clients of another worker process;
    * know who somebody is, check the Origin, limit the rate, remember, or drain before a restart: that is
      what a Hubbub server is for.
    """

    def __init__(self, *, buffer_limit: int = BUFFER_LIMIT_CHARS, stall_timeout_s: float = STALL_TIMEOUT_S) -> None:
        self._buffer_limit = buffer_limit
        self._stall_timeout_s = stall_timeout_s
        self._peers: dict[WebSocket, _Peer] = {}

    @property
    def active_connections(self) -> list[WebSocket]:
        """Who is connected now, first come first. A fresh list: people may come and go while it is used."""
        return list(self._peers)

    async def connect(self, websocket: WebSocket) -> None:
        """Accepts the connection; from now on it hears what is broadcast. To be awaited in the handler
        itself, because the connection is dropped when the task that awaits this ends."""
        await websocket.accept()
        peer = _Peer(websocket, self._buffer_limit, self._stall_timeout_s, on_gone=self.disconnect)
        self._peers[websocket] = peer
        handler = asyncio.current_task()
        assert handler is not None
        handler.add_done_callback(peer.handler_ended)

    def disconnect(self, websocket: WebSocket) -> None:
        """The connection hears nothing more. Safe to call again, and for one that never connected."""
        self._peers.pop(websocket, None)

    async def send_personal_message(self, message: str, websocket: WebSocket) -> None:
        """Sends to one connection, after everything that it was sent before. Does nothing if it has left."""
        if peer := self._peers.get(websocket):
            peer.write(_batch(message), asyncio.get_running_loop())
        await asyncio.sleep(0)

    async def broadcast(self, message: str) -> None:
        """Sends to every connection. Returns when each outlet has the message, not when it has been sent."""
        batch = _batch(message)
        loop = asyncio.get_running_loop()
        for peer in list(self._peers.values()):
            peer.write(batch, loop)
        # Without this one pause a handler that broadcasts in a loop would never let the outlets send.
        await asyncio.sleep(0)


class _Peer:
    """One connection: its outlet, and its `receive`, which this object takes over."""

    def __init__(
        self,
        websocket: WebSocket,
        buffer_limit: int,
        stall_timeout_s: float,
        *,
        on_gone: Callable[[WebSocket], None],
    ) -> None:
        self._websocket = websocket
        self._buffer_limit = buffer_limit
        self._stall_timeout_s = stall_timeout_s
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._outlet = PortableOutlet(self._send, spawn=self._spawn, on_drained=lambda: None, on_abort=self._end)
        self._reader: asyncio.Task[object] | None = None
        self._ended = False
        self._too_slow = False
        self._receive = websocket.receive
        websocket.receive = self.receive  # type: ignore[method-assign]

    def write(self, batch: Batch, loop: asyncio.AbstractEventLoop) -> None:
        """Called in `loop`. With Starlette's TestClient each connection may have a loop of its own."""
        if loop is self._loop:
            self._write(batch)
            return
        try:
            self._loop.call_soon_threadsafe(self._write, batch)
        except RuntimeError:  # that loop has been closed
            self._on_gone(self._websocket)

    async def receive(self) -> Message:
        """In place of `WebSocket.receive`: gives a disconnect when the outlet has given up or the peer sends
        what is not text, instead of waiting for ever or breaking the handler."""
        message = await self._receive_or_end()
        if message["type"] == "websocket.receive" and message.get("text") is None:
            await self._close(UNSUPPORTED_DATA)
            return self._disconnect(UNSUPPORTED_DATA)
        return message

    def handler_ended(self, _handler: object) -> None:
        self._on_gone(self._websocket)
        self._outlet.abort()

    def _write(self, batch: Batch) -> None:
        buffered = self._outlet.buffered()
        since = self._outlet.stalled_since()
        stalled = since is not None and self._loop.time() - since > self._stall_timeout_s
        if stalled or (buffered and buffered + batch.size > self._buffer_limit):
            self._too_slow = True
            self._outlet.abort()
        else:
            self._outlet.write(batch)

    async def _send(self, text: str) -> None:
        try:
            await self._websocket.send_text(text)
        except WebSocketDisconnect:
            # Starlette now counts the connection as closed by the application, and `receive_text` would raise
            # a RuntimeError instead of the WebSocketDisconnect for which handlers are written.
            self._websocket.application_state = WebSocketState.CONNECTED
            raise

    def _spawn(self, work: Awaitable[None]) -> "asyncio.Task[None]":
        return self._loop.create_task(work)  # type: ignore[arg-type]

    def _end(self) -> None:
        """The outlet gave up: wakes the handler if it waits for a message."""
        self._ended = True
        self._on_gone(self._websocket)
        if self._reader is not None:
            self._reader.cancel()

    async def _receive_or_end(self) -> Message:
        if not self._ended:
            reader = self._reader = asyncio.current_task()
            try:
                return await self._receive()
            except asyncio.CancelledError:
                # As in asyncio.timeout: taken back if it was ours, passed on if somebody else cancels too.
                if not self._ended or reader is None or reader.uncancel() > 0:
                    raise
            finally:
                self._reader = None
        return await self._receive_last()

    async def _receive_last(self) -> Message:
        """What a peer sent before it went is still heard; a slow one might go on sending for ever."""
        if self._too_slow and self._websocket.client_state is WebSocketState.CONNECTED:
            return self._disconnect(ABNORMAL_CLOSURE)
        try:
            async with asyncio.timeout(0):
                return await self._receive()
        except TimeoutError:
            return self._disconnect(ABNORMAL_CLOSURE)

    async def _close(self, code: int) -> None:
        self._outlet.abort()
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_PATIENCE_S):
                await self._websocket.close(code)

    def _disconnect(self, code: int) -> Message:
        self._websocket.client_state = WebSocketState.DISCONNECTED
        return {"type": "websocket.disconnect", "code": code, "reason": ""}


def _batch(message: str) -> Batch:
    """Replaces lone surrogates, which no server can encode: they would cost every peer its connection."""
    if not isinstance(message, str):
        raise TypeError(f"a message is a str, not {type(message).__name__}")
    try:
        message.encode()
    except UnicodeEncodeError:
        message = message.encode(errors="replace").decode()
    return batch_of(message)
