"""uvicorn's WebSocket class, with a wire for the fast outlet and an end that no peer can put off.

Private API of uvicorn: used only with the versions in `hubbub.server.TESTED_UVICORN`.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN

from hubbub.errors import CloseCode
from hubbub.hub.fast_outlet import EXTENSION, FastOutlet
from hubbub.server.limits import Config

FRAGMENTS_MAX = 64
"""Of one message. Each costs memory, and an empty one costs its sender nothing."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Is the `Wire` of its connection. What uvicorn leaves open, and this closes:

    * a peer that does not read keeps its socket after `close()`, for ever: here it is aborted after `close_s`;
    * each ping queues a pong, read or not: here only the last one waits (RFC 6455, section 5.5.3, allows that);
    * a message may have any number of fragments.
    """

    config: Config

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._outlet: FastOutlet | None = None
        self._pong: bytes | None = None
        self._end: asyncio.TimerHandle | None = None

    # The wire ------------------------------------------------------------------------------------------------

    def watch(self, outlet: FastOutlet) -> None:
        self._outlet = outlet
        if not self.writable.is_set():
            outlet.waits()

    # What asyncio says ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # From the first byte that has to wait to the last: so an outlet is told of every drain.
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
        if not self.close_sent:
            self.config.cuts["ping_timeout"] += 1
        super().keepalive_timeout()
        self._bound_the_end()

    async def send(self, message: Any) -> None:
        await super().send(message)
        self._bound_the_end()

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
