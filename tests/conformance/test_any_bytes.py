"""No bytes of a client hurt: each is answered or ends its connection as the standard says, and nothing stays behind.

FUZZ_FRAMES says how many frames are tried; a nightly run takes a million.
"""

import asyncio
import gc
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, OPEN
from websockets.protocol import Protocol as Frames

from hubbub.hub.fast_outlet import EXTENSION
from hubbub.protocol import VERSION
from hubbub.server.limits import Config
from hubbub.server.websocket import WebSocketProtocol
from hubbub.settings import Settings
from hubbub.testing.people import Guest
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve
from tests.conformance.mutator import Mutated, Mutator
from tests.conformance.peer import head, masked
from tests.server.conftest import LONG, eventually
from tests.server.test_handshake import request
from tests.server.test_stalling import UPGRADE
from tests.server.test_websocket import Echo

FRAMES = int(os.environ.get("FUZZ_FRAMES", "20000"))
FRAMES_EACH = 40
"""Of one connection, if it lasts so long."""
AT_ONCE = 8
PATIENCE_S = 20.0
LOG_LINE_MAX_CHARS = 2000
BLOCKS_EACH = 0.1
"""Blocks of memory that may stay for each frame. One object that is kept would be more."""
BLOCKS_ONCE = 2_500
"""That may stay however many frames there are: a statement is compiled when it is first needed, and kept."""
NEVER = {None, 1006, 1011}
"""Close codes: no close frame, what is not sent, a mistake in the server. Nor does a client of ours send them."""
HELLO = json.dumps({"type": "hello", "version": VERSION}).encode()
PING = head(Opcode.PING, 5) + masked(b"there")


def judge(sent: bytes) -> tuple[list[Frame], int | None]:
    """What a client makes of all that the server has sent: frames, and the close code if there was one."""
    client = Frames(CLIENT, state=OPEN, max_size=None)
    client.receive_data(sent)
    assert client.parser_exc is None, "the server sent something that is not allowed"
    return client.events_received(), client.close_rcvd.code if client.close_rcvd else None


def assert_quiet(caplog: pytest.LogCaptureFixture) -> None:
    loud = [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR]
    assert [record.getMessage() for record in loud] == []
    assert [line for line in caplog.text.splitlines() if len(line) > LOG_LINE_MAX_CHARS] == []


class Memory:
    """How much the interpreter holds, once everything is warm."""

    def __init__(self, warm_after: int) -> None:
        self._warm_after = warm_after
        self._before: tuple[int, int] | None = None

    def at(self, frames: int) -> None:
        if self._before is None and frames >= self._warm_after:
            self._before = (frames, self._blocks())

    def assert_back(self, frames: int) -> None:
        assert self._before is not None
        since, before = self._before
        assert self._blocks() - before < BLOCKS_EACH * (frames - since) + BLOCKS_ONCE

    def _blocks(self) -> int:
        gc.collect()
        return sys.getallocatedblocks()


# Our class, alone --------------------------------------------------------------------------------------------------


class Wire(asyncio.Transport):
    """A transport that keeps what is written, up to the end."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.ended = False
        self.reading = True

    def write(self, data: Any) -> None:
        if not self.ended:
            self.written += data

    def close(self) -> None:
        self.ended = True

    abort = close

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


async def listening(scope: Any, receive: Any, send: Any) -> None:
    """An echo that has no task while nothing comes, as the chat's connections."""
    await receive()
    await send({"type": "websocket.accept"})
    wire: WebSocketProtocol = scope["extensions"][EXTENSION]

    def echo(message: Any) -> None:
        if message["type"] == "websocket.receive":
            text = message.get("text")
            wire.send(message["bytes"] if text is None else text)

    wire.listen(echo)


async def soon(condition: Callable[[], Any]) -> None:
    """All happens in this loop, so it takes a few of its turns, not time."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it hangs")


async def talk(app: Any, state: ServerState, next_frame: Callable[[], Mutated]) -> int:
    """One connection, until it ends or has had its share. Returns how many frames it took."""
    config = Config(app, LONG, lifespan="off", log_config=None, ws_ping_interval=None)
    config.load()
    wire = Wire()
    connection = WebSocketProtocol(config, state)
    connection.adopt(wire, request(), b"/", b"dGhlIHNhbXBsZSBub25jZQ==")
    await soon(lambda: wire.written and wire.reading)
    wire.written.clear()
    count, whole = 0, True
    while count < FRAMES_EACH and not wire.ended:
        mutated = [next_frame() for _ in range(1 + count % 3)]
        connection.data_received(b"".join(one.data for one in mutated))
        await soon(lambda: wire.reading or wire.ended)
        count, whole = count + len(mutated), whole and all(one.whole for one in mutated)
    if whole and not wire.ended:
        connection.data_received(PING)
    frames, code = judge(bytes(wire.written))
    if wire.ended:
        assert code not in NEVER
    elif whole:
        assert bytes(frames[-1].data) == b"there"
    connection.connection_lost(None)
    await soon(lambda: not state.tasks and not state.connections)
    return count


@pytest.mark.parametrize("app", [Echo(), listening], ids=["a call of ASGI", "a listener"])
@pytest.mark.timeout(120 + FRAMES // 100)
async def test_any_frames_at_our_class_are_answered_or_end_the_connection(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    state, mutator, memory = ServerState(), Mutator(20), Memory(FRAMES // 10)
    frames = 0
    while frames < FRAMES:
        frames += await talk(app, state, lambda: mutator.next(broken_frames=0.3))
        if isinstance(app, Echo):
            app.messages.clear()
        memory.at(frames)
    memory.assert_back(frames)
    assert_quiet(caplog)


# The chat ----------------------------------------------------------------------------------------------------------


def is_answer(frame: Any) -> bool:
    return frame.opcode is Opcode.TEXT and json.loads(frame.data)["type"] in ("result", "error")


async def chat_with(running: Running, token: str, next_frame: Callable[[], Mutated]) -> int:
    """One connection to the chat, until it has ended or every command has its answer. Returns how many frames it
    sent."""
    mutated = [next_frame() for _ in range(FRAMES_EACH)]
    whole = all(one.whole for one in mutated)
    owed = sum(one.text for one in mutated)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
    client = Frames(CLIENT, state=OPEN, max_size=None)
    try:
        writer.write(UPGRADE.replace(b"GET / HTTP/1.1", b"GET /ws HTTP/1.1\r\nAuthorization: Bearer " + token.encode()))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(Opcode.TEXT, len(HELLO)) + masked(HELLO) + b"".join(one.data for one in mutated))
        writer.write(PING)
        if not whole:
            writer.write_eof()  # nobody knows how much more the server would wait for
        async with asyncio.timeout(PATIENCE_S):
            answers, ponged = 0, False
            while not (whole and ponged and answers >= owed) and (data := await reader.read(65_536)):
                client.receive_data(data)
                frames = client.events_received()
                answers += sum(is_answer(frame) for frame in frames)
                ponged = ponged or any(frame.opcode is Opcode.PONG and frame.data == b"there" for frame in frames)
    finally:
        writer.transport.abort()
    assert client.parser_exc is None
    if whole and answers < owed:
        assert client.close_rcvd
        assert client.close_rcvd.code not in NEVER
    return len(mutated)


@pytest.mark.timeout(120 + FRAMES // 20)
async def test_any_frames_at_the_chat_are_answered_or_end_the_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Without a grace for those who go, which is a timer for each connection of the last seconds.
    settings = Settings.model_validate({"data": tmp_path, "presence_grace_s": 0, **UNLIMITED})
    mutator, memory = Mutator(21), Memory(FRAMES // 2)
    frames = 0
    async with serve(settings) as running:
        guests = [await Guest.registers(running.url) for _ in range(AT_ONCE)]
        connections = running.server.server_state.connections
        while frames < FRAMES:
            talks = [chat_with(running, guest.token, lambda: mutator.next(broken_frames=0.02)) for guest in guests]
            frames += sum(await asyncio.gather(*talks))
            await eventually(lambda: not connections)
            memory.at(frames)
        memory.assert_back(frames)
        async with Guest.arrives(running.url) as ann:
            await ann.says("still here")
    assert_quiet(caplog)
