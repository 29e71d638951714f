"""uvicorn's two HTTP classes, with deadlines: for what the peer owes us, one clock at a time.

Private API of uvicorn: used only with the versions in `hubbub.server.TESTED_UVICORN`.
"""

import asyncio
from enum import Enum, auto
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from hubbub.server import handshake
from hubbub.server.limits import Limits

HEAD_MAX_BYTES = 65_536
BODY_PART_BYTES = 65_536
"""So much of a body, or its rest, must come within the time for a request."""

FULL = "This server has as many connections as it may have. Try again later."
FULL_RETRY_AFTER_S = 10


class Owed(Enum):
    """What a connection waits for from its peer."""

    NOTHING = auto()
    """Also between two requests, where uvicorn's own keep-alive timer runs."""
    HEAD = auto()
    BODY = auto()
    READING = auto()
    """The response, as far as it is written, is to be read."""
    END = auto()


class Deadlines(asyncio.Protocol):
    """Goes before one of uvicorn's HTTP classes. A peer that does not do its part in time is cut off."""

    config: Any
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: Any
    cycle: Any
    scope: Any
    url: bytes
    connections: Any
    server_state: Any

    _owed = Owed.NOTHING
    _clock: asyncio.TimerHandle | None = None
    _request_begun = True
    """From the first byte of a request until its response is complete."""
    _received = 0
    """Bytes since the clock was started."""
    _buffered = 0
    """Bytes that waited to be read when the clock was started."""
    _upgraded = False

    # What asyncio says ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.config.limits.sockets:
            self.config.cuts["full"] += 1
            self.transport.abort()
        self._look()

    def data_received(self, data: bytes) -> None:
        self._request_begun = True
        super().data_received(data)
        self._received += len(data)
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    # What uvicorn does ---------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        self._request_begun = False
        super().on_response_complete()  # type: ignore[misc]
        self._look()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()  # type: ignore[misc]
        self._look()

    def shutdown(self) -> None:
        super().shutdown()  # type: ignore[misc]
        self._look()

    def handle_websocket_upgrade(self, *args: Any) -> None:
        self._upgraded = True
        self._stop()
        self.connections.discard(self)
        try:
            if len(self.connections) >= self.config.limits.connections:
                raise handshake.BadHandshake(503, FULL, [(b"retry-after", b"%d" % FULL_RETRY_AFTER_S)])
            key = handshake.key_of(self.scope)
        except handshake.BadHandshake as error:
            self.transport.write(error.response)
            self.transport.close()
        else:
            protocol = self.config.ws_protocol_class(self.config, self.server_state)
            protocol.adopt(self.transport, self.scope, args[0].target if args else self.url, key)

    # The clock -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Starts the clock anew when something else is owed than before, or enough of it has come."""
        if self._upgraded:
            return
        owed = self._now_owed()
        if owed is not self._owed or (owed is Owed.BODY and self._received >= BODY_PART_BYTES):
            self._start(owed)
        elif owed is Owed.HEAD and self._received > HEAD_MAX_BYTES:
            self.transport.abort()

    def _now_owed(self) -> Owed:
        if self.transport.is_closing():
            return Owed.END
        if self.flow.write_paused:
            return Owed.READING
        if self.cycle is None or self.cycle.response_complete:
            return Owed.HEAD if self._request_begun else Owed.NOTHING
        return Owed.BODY if self.cycle.more_body else Owed.NOTHING

    def _start(self, owed: Owed) -> None:
        self._stop()
        self._owed = owed
        self._received = 0
        # Only then: a TLS transport that has been closed cannot say it (CPython 3.11, asyncio.sslproto).
        self._buffered = self.transport.get_write_buffer_size() if owed is Owed.READING else 0
        limits: Limits = self.config.limits
        seconds = {Owed.READING: limits.stall_s, Owed.END: limits.close_s}.get(owed, limits.request_s)
        if owed is not Owed.NOTHING:
            self._clock = self.loop.call_later(seconds, self._too_late)

    def _stop(self) -> None:
        if self._clock:
            self._clock.cancel()
            self._clock = None

    def _too_late(self) -> None:
        reads = self._owed is Owed.READING and self.transport.get_write_buffer_size() < self._buffered
        our_turn = self._owed is Owed.BODY and self.flow.read_paused
        if reads or our_turn:
            self._start(self._owed)
        else:
            if self._owed is not Owed.END:
                self.config.cuts["unread_response" if self._owed is Owed.READING else "slow_request"] += 1
            self.transport.abort()


class H11(Deadlines, H11Protocol):
    """In pure Python."""


def protocol_class(name: str) -> type[asyncio.Protocol]:
    """`h11`, `httptools`, or `auto`: the faster one that is installed."""
    if name == "h11":
        return H11
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        if name == "httptools":
            raise
        return H11
    return type("HttpTools", (Deadlines, HttpToolsProtocol), {})
