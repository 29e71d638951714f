"""uvicorn's WebSocket class, with a wire for the fast outlet and an end that no peer can put off.

Private API of uvicorn: used only with the versions in `hubbub.server.TESTED_UVICORN`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN

from hubbub.errors import CloseCode
from hubbub.hub.fast_outlet import EXTENSION, FastOutlet
from hubbub.server import handshake
from hubbub.server.limits import Config

NO_REQUEST = b"GET / HTTP/1.1\r\n\r\n"
"""For websockets' parser, which wants to see a request before it reads frames."""
FRAGMENTS_MAX = 64
"""Of one message. Each costs memory, and an empty one costs its sender nothing."""


class Mailbox:
    """In place of the `asyncio.Queue` between uvicorn and the application, which is 3 kB when it is empty; and its
    messages may be listened to instead of waited for."""

    __slots__ = ("_listener", "_messages", "_waiter")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._waiter: asyncio.Future[None] | None = None
        self._listener: Callable[[Any], None] | None = None

    def put_nowait(self, message: Any) -> None:
        if self._listener:
            self._listener(message)
            return
        self._messages.append(message)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> Any:
        while not self._messages:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._messages.pop(0)

    def empty(self) -> bool:
        return not self._messages

    def listen(self, listener: Callable[[Any], None]) -> None:
        self._listener = listener
        messages, self._messages = self._messages, []
        for message in messages:
            listener(message)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Is the `Wire` of its connection. What uvicorn leaves open, and this closes:

    * a peer that does not read keeps its socket after `close()`, for ever: here it is aborted after `close_s`;
    * each ping queues a pong, read or not: here only the last one waits (RFC 6455, section 5.5.3, allows that);
    * a message may have any number of fragments.
    """

    # uvicorn's own attributes too: as a dictionary they take 1.2 kB more for each connection.
    __slots__ = (
        *("app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer", "config"),
        *("conn", "connections", "curr_msg_data_type", "default_headers", "disconnected", "frames"),
        *("handshake_complete", "handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop"),
        *("pending_ping_payload", "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer"),
        *("queue", "read_paused", "request", "response", "root_path", "scheme", "scope", "server", "tasks"),
        *("transport", "writable"),
        *("_adopted", "_end", "_key", "_outlet", "_pong"),
    )
    config: Config
    queue: Mailbox  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queue = Mailbox()
        self._adopted = False
        self._key: bytes | None = None
        self._outlet: FastOutlet | None = None
        self._pong: bytes | None = None
        self._end: asyncio.TimerHandle | None = None

    def adopt(self, transport: asyncio.Transport, request: Mapping[str, Any], target: bytes, key: bytes) -> None:
        """Takes over a connection whose request was parsed, and found to be a plain handshake with this key."""
        self.connections.add(self)
        self.transport = transport
        self.server, self.client = request["server"], request["client"]
        self._watch_writing()
        self.conn.receive_data(NO_REQUEST)
        self.conn.events_received()
        self._key = key
        self.handshake_initiated = True
        extensions = {"websocket.http.response": {}, EXTENSION: self}
        self.scope = handshake.scope_of(request, target, extensions)  # type: ignore[assignment]
        self.queue.put_nowait({"type": "websocket.connect"})
        task = self.loop.create_task(self.run_asgi())
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    # The wire ------------------------------------------------------------------------------------------------

    def watch(self, outlet: FastOutlet) -> None:
        self._outlet = outlet
        if not self.writable.is_set():
            outlet.waits()

    def listen(self, listener: Callable[[Any], None]) -> None:
        self._adopted = True
        self.read_paused = True  # as uvicorn understands it, so that it does not pause at each message
        self.transport.resume_reading()
        self.queue.listen(listener)

    def close(self, code: int, reason: str) -> None:
        if self.conn.state is OPEN and not self.transport.is_closing():
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)
            self._bound_the_end()

    # What asyncio says ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._watch_writing()

    def _watch_writing(self) -> None:
        """From the first byte that has to wait to the last: so an outlet is told of every drain."""
        self.transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._outlet:
            self._outlet.waits()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._outlet:
            self._outlet.flows()
        if self._pong and self.conn.state is OPEN:
            self.transport.write(self._pong)
        self._pong = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._bound_the_end()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._outlet:
            self._outlet.closed()
            self._outlet = None
        if self._end:
            self._end.cancel()

    # Where uvicorn ends a connection -------------------------------------------------------------------------

    def shutdown(self) -> None:
        super().shutdown()
        self._bound_the_end()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._bound_the_end()

    async def send(self, message: Any) -> None:
        if self._key and message["type"] == "websocket.accept":
            self._accept(self._key, message)
            return
        await super().send(message)
        self._bound_the_end()

    def _accept(self, key: bytes, message: Any) -> None:
        self._key = None
        if self.disconnected or self.transport.is_closing():
            raise ClientDisconnected()
        headers = [*self.default_headers, *message.get("headers", [])]
        self.transport.write(handshake.answer(key, message.get("subprotocol"), headers))
        self.handshake_complete = True
        self.conn.state = OPEN
        self.start_keepalive()

    async def run_asgi(self) -> None:
        """As uvicorn's, but a connection that is listened to outlives the application's call, and what only that
        needed is dropped: the request, its headers, the scope."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
            self._adopted = False
        else:
            if not self.handshake_complete:
                self.logger.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
        del self.scope
        if hasattr(self, "request"):
            self.request.headers.clear()  # the parser holds on to the request
            del self.request, self.response
        if not self._adopted and self.close_timer is None:
            self.transport.close()

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        super().on_task_complete(task)
        self._bound_the_end()

    def _bound_the_end(self) -> None:
        """Whoever has begun to close: the socket is free `close_s` later."""
        ending = self.close_sent or self.transport.is_closing()
        if ending and self._end is None and not self.disconnected:
            if self._outlet:
                self._outlet.closed()
            self._end = self.loop.call_later(self.config.limits.close_s, self.transport.abort)

    # What the peer sends -------------------------------------------------------------------------------------

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the application runs in a task, later
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]

    def handle_ping(self) -> None:
        if self.writable.is_set() or self.conn.state is not OPEN:
            super().handle_ping()
        elif pongs := self.conn.data_to_send():
            self._pong = pongs[-1]

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) < FRAGMENTS_MAX:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.send_close(CloseCode.POLICY_VIOLATION, "too many fragments")
            self.handle_parser_exception()
