"""Our WebSocket class for uvicorn: small when idle, with a wire for the fast outlet and an end that nobody can put off.

Frames are read by `websockets` (its sans-I/O protocol), but for those that `frames.py` finds without it; the handshake
is `handshake.py`, ASGI is `call.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import Enum, auto
from logging import WARNING, getLogger
from typing import Any

from uvicorn.server import ServerState
from websockets.frames import Frame as FoundFrame
from websockets.frames import Opcode
from websockets.protocol import OPEN, SERVER
from websockets.protocol import Protocol as Frames

from hubbub.errors import CloseCode
from hubbub.hub.fast_outlet import EXTENSION, FastOutlet
from hubbub.server.call import ABNORMAL, Call, Disconnected, Message
from hubbub.server.frames import WholeFrame, whole_frames
from hubbub.server.handshake import refusal, scope_of
from hubbub.server.limits import Config

FRAGMENTS_MAX = 64
"""Of one message. Each costs memory, and an empty one costs its sender nothing."""
PING = b"\x89\x00"
STARTING_AGAIN = refusal(503, [(b"retry-after", b"2")], b"The server is restarting. Try again in a moment.")

log = getLogger("hubbub.server.frames")
log.setLevel(WARNING)
"""For the library: what it says when debugging holds what people write."""


class Stage(Enum):
    ASKED = auto()
    """The application has not answered yet."""
    OPEN = auto()
    ENDING = auto()
    """A close frame or a refusal was sent: nothing more will be."""
    LOST = auto()


class WebSocketProtocol(asyncio.Protocol):
    """Is the `Wire` of its connection, and the `Socket` of its call. No peer can

    * keep its socket after the end by not reading: it is aborted after `close_s`;
    * fill memory with pings: while it does not read, only the last pong waits (RFC 6455, section 5.5.3);
    * or with fragments: a message has a bounded number.
    """

    __slots__ = (
        *("_call", "_config", "_end", "_fragments", "_frames", "_listener", "_outlet", "_pong", "_reading"),
        *("_stage", "_state", "_waiter", "_writing", "transport"),
    )

    transport: asyncio.Transport

    def __init__(self, config: Config, server_state: ServerState) -> None:
        self._config = config
        self._state = server_state
        self._stage = Stage.ASKED
        self._frames: Frames | None = None
        """Made for the first frame that needs it; from then on it reads all."""
        self._fragments: list[bytes] | None = None
        self._call: Call | None = None
        self._listener: Callable[[Message], None] = _nobody
        self._outlet: FastOutlet | None = None
        self._pong: bytes | None = None
        self._reading = True
        self._writing = True
        self._waiter: asyncio.Future[None] | None = None
        self._end: asyncio.TimerHandle | None = None

    def adopt(self, transport: asyncio.Transport, request: Mapping[str, Any], target: bytes, key: bytes) -> None:
        """Takes over a connection on which a client has asked for a WebSocket with this key."""
        self.transport = transport
        transport.set_protocol(self)
        # From the first byte that has to wait to the last: so an outlet is told of every drain.
        transport.set_write_buffer_limits(high=0)
        self.pause_reading()
        self._state.connections.add(self)  # type: ignore[arg-type]
        scope = scope_of(request, target)
        scope["extensions"][EXTENSION] = self
        self._call = call = Call(self, scope, key, self._state.default_headers)
        self._listener = call.take
        task = asyncio.get_running_loop().create_task(call.run(self._config.loaded_app))
        task.add_done_callback(self._state.tasks.discard)
        self._state.tasks.add(task)

    # The wire ------------------------------------------------------------------------------------------------

    def watch(self, outlet: FastOutlet) -> None:
        self._outlet = outlet
        if not self._writing:
            outlet.waits()

    def listen(self, listener: Callable[[Message], None]) -> None:
        self._listener = listener
        if self._call:
            for message in self._call.taken():
                listener(message)
            self._call = None
        self.resume_reading()

    def close(self, code: int, reason: str) -> None:
        if self._stage is Stage.OPEN and self._is_open():
            frames = self._reader()
            frames.send_close(code, reason)
            self.transport.write(b"".join(frames.data_to_send()))
            self.resume_reading()  # for the answer
            self._ended(code, reason)

    # What the call says --------------------------------------------------------------------------------------

    async def writable(self) -> None:
        if not self._writing:
            if self._waiter is None:
                self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiter)
        if self._stage is Stage.LOST:
            raise Disconnected()

    def open(self, response: bytes) -> None:
        if self._stage is Stage.ASKED:
            self._stage = Stage.OPEN
            self.transport.write(response)
            self.resume_reading()
            if self._config.keepalive:
                self._config.keepalive.watch(self)

    def refuse(self, response: bytes) -> None:
        if self._stage is Stage.ASKED:
            self.transport.write(response)
            self._hang_up()

    def send(self, payload: str | bytes) -> None:
        if not self._is_open():
            return
        frames = self._reader()
        if isinstance(payload, str):
            frames.send_text(payload.encode())
        else:
            frames.send_binary(payload)
        self.transport.write(b"".join(frames.data_to_send()))

    def returned(self, code: int) -> None:
        if self._call:
            self._call = None
            self.close(code, "")

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._reading:
            self._reading = True
            self.transport.resume_reading()

    # What asyncio says ---------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._frames is None and (whole := whole_frames(data, self._config.ws_max_size)) is not None:
            for one in whole:
                self._take(one)
            return
        frames = self._reader()
        frames.receive_data(data)
        for frame in frames.events_received():
            self._take(frame)  # type: ignore[arg-type]
        if answers := frames.data_to_send():
            if frames.state is OPEN and not self._writing:
                self._pong = answers[-1]
            elif answer := b"".join(answers):
                self.transport.write(answer)
        if frames.close_rcvd:
            self._ended(frames.close_rcvd.code, frames.close_rcvd.reason)
            self._hang_up()
        elif frames.parser_exc and frames.close_sent:
            self._ended(frames.close_sent.code, frames.close_sent.reason)
            self._hang_up()

    def pause_writing(self) -> None:
        self._writing = False
        if self._outlet:
            self._outlet.waits()

    def resume_writing(self) -> None:
        self._writing = True
        self._wake()
        if self._outlet:
            self._outlet.flows()
        if self._pong and self._is_open():
            self.transport.write(self._pong)
        self._pong = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(ABNORMAL, "")
        self._stage = Stage.LOST
        self._state.connections.discard(self)
        if self._end:
            self._end.cancel()
        self._wake()

    # What the server says ------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """uvicorn calls this for each connection when it stops."""
        self.refuse(STARTING_AGAIN)
        self.close(CloseCode.SERVICE_RESTART, "")
        self._hang_up()

    def ping(self) -> None:
        self.transport.write(PING)

    def no_pong(self) -> None:
        self._config.cuts["ping_timeout"] += 1
        self.close(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
        self._hang_up()

    # Frames --------------------------------------------------------------------------------------------------

    def _reader(self) -> Frames:
        if self._frames is None:
            self._frames = Frames(SERVER, state=OPEN, max_size=self._config.ws_max_size, logger=log)
        return self._frames

    def _is_open(self) -> bool:
        """Whether no close frame has gone either way."""
        return self._frames is None or self._frames.state is OPEN

    def _take(self, frame: FoundFrame | WholeFrame) -> None:
        if frame.opcode is Opcode.PONG:
            if self._config.keepalive:
                self._config.keepalive.answered(self)
        elif self._stage is not Stage.OPEN or frame.opcode in (Opcode.PING, Opcode.CLOSE):
            return  # `websockets` has the answer ready
        elif isinstance(frame, WholeFrame):
            self._deliver(frame.opcode, frame.data)
        elif self._fragments is not None:
            self._take_fragment(frame)
        elif not frame.fin:
            self._fragments = [frame.opcode.to_bytes(1), bytes(frame.data)]
        else:
            self._deliver(frame.opcode, bytes(frame.data))

    def _take_fragment(self, frame: FoundFrame) -> None:
        assert self._fragments
        self._fragments.append(bytes(frame.data))
        if len(self._fragments) > FRAGMENTS_MAX + 1:
            self.close(CloseCode.POLICY_VIOLATION, "too many fragments")
            self._hang_up()
        elif frame.fin:
            opcode, *data = self._fragments
            self._fragments = None
            self._deliver(opcode[0], b"".join(data))

    def _deliver(self, opcode: int, data: bytes) -> None:
        if opcode == Opcode.BINARY:
            self._listener({"type": "websocket.receive", "bytes": data})
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.close(CloseCode.INVALID_DATA, "text must be UTF-8")
            self._hang_up()
        else:
            self._listener({"type": "websocket.receive", "text": text})

    # The end -------------------------------------------------------------------------------------------------

    def _ended(self, code: int, reason: str) -> None:
        """Tells everybody, once. The peer has `close_s` for its part."""
        if self._stage in (Stage.ENDING, Stage.LOST):
            return
        self._stage = Stage.ENDING
        self._end = asyncio.get_running_loop().call_later(self._config.limits.close_s, self.transport.abort)
        if self._config.keepalive:
            self._config.keepalive.forget(self)
        if self._outlet:
            self._outlet.closed()
            self._outlet = None
        listener, self._listener = self._listener, _nobody
        listener({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _hang_up(self) -> None:
        """Closes when what is written has left, or after `close_s`."""
        self._ended(ABNORMAL, "")
        if self._frames:
            # Of frames that came in one piece, it may have found a wrong one behind that which we found wrong.
            self.transport.write(b"".join(self._frames.data_to_send()))
        self.transport.close()

    def _wake(self) -> None:
        if self._waiter:
            self._waiter.set_result(None)
            self._waiter = None


def _nobody(message: Message) -> None:
    """Listens to a connection that has ended."""
