"""Peers that do not do their part: each is cut off, with both HTTP classes, while the others are served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from hubbub.hub.outlet import batch_of
from hubbub.server.websocket import FRAGMENTS_MAX
from tests.server.conftest import LONG, PATIENCE_S, SHORT, Host, Program, eventually, run, socket_to, visit

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
FLOOD_BYTES = 4_000_000
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, answers `/endless` without an end and everything else with what it has read."""
    size = 0
    while (message := await receive()).get("more_body"):
        size += len(message["body"])
    size += len(message.get("body", b""))
    body = b"%d bytes read" % size
    endless = scope["path"] == "/endless"
    headers = [] if endless else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while endless and message["type"] != "http.disconnect":
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                message = await receive()
    await send({"type": "http.response.body", "body": body})


class Peer:
    """Sends what it likes, reads when told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @asynccontextmanager
    async def of(cls, program: Program, *first: bytes) -> AsyncIterator["Peer"]:
        reader, writer = await asyncio.open_connection(sock=await socket_to(program), limit=1000)
        peer = cls(reader, writer)
        for data in first:
            writer.write(data)
        try:
            yield peer
        finally:
            writer.transport.abort()

    async def drip(self, data: bytes, times: int = 1_000_000) -> None:
        with suppress(ConnectionError):
            for _ in range(times):
                self.writer.write(data)
                await self.writer.drain()
                await asyncio.sleep(0.01)

    async def rest(self) -> bytes:
        """What comes until the server ends the connection."""
        received = b""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionError):
                while data := await self.reader.read(65_536):
                    received += data
        return received


@asynccontextmanager
async def served(program: Program) -> AsyncIterator[None]:
    """An honest peer who is there all the time, and is answered."""
    async with Peer.of(program) as honest:
        yield
    async with Peer.of(program, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as honest:
        assert b"0 bytes read" in await honest.rest()


# Requests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [b"", b"GET / HTTP/1.1\r\nHost:", POST, POST + b"x" * 100_000],
    ids=["nothing", "half a head", "no body", "half a body"],
)
async def test_73_what_is_begun_and_not_finished_is_cut_off(http: str, first: bytes) -> None:
    async with run(answer, limits=SHORT, http=http) as program, served(program), Peer.of(program, first) as peer:
        assert await peer.rest() == b""
        assert set(program.server.config.cuts) == {"slow_request"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nx: ", POST], ids=["head", "body"])
async def test_72_one_byte_now_and_then_does_not_help(http: str, first: bytes) -> None:
    async with run(answer, limits=SHORT, http=http) as program, Peer.of(program, first) as peer:
        dripping = asyncio.create_task(peer.drip(b"x"))
        assert await peer.rest() == b""
        dripping.cancel()


async def test_beyond_so_many_sockets_new_ones_are_closed_and_there_is_space_again_afterwards(http: str) -> None:
    async with run(answer, limits=LONG._replace(sockets=3), http=http) as program:
        async with Peer.of(program), Peer.of(program), Peer.of(program):
            await eventually(lambda: len(program.connections) == 3)
            async with Peer.of(program, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as one_too_many:
                assert await one_too_many.rest() == b""
            assert program.server.config.cuts == {"full": 1}  # type: ignore[attr-defined]
        await eventually(lambda: not program.connections)
        async with served(program):
            pass


async def test_a_slow_second_request_has_a_deadline_too(http: str) -> None:
    async with (
        run(answer, limits=SHORT, http=http) as program,
        Peer.of(program, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as peer,
    ):
        assert await peer.reader.readuntil(b"read")
        dripping = asyncio.create_task(peer.drip(b"G"))
        await peer.rest()
        dripping.cancel()


async def test_a_head_has_an_end(http: str) -> None:
    async with run(answer, http=http) as program, Peer.of(program, b"GET / HTTP/1.1\r\n") as peer:
        dripping = asyncio.create_task(peer.drip(b"x: " + b"y" * 10_000 + b"\r\n"))
        await peer.rest()
        dripping.cancel()


async def test_a_large_body_that_keeps_coming_has_the_time_it_needs(http: str) -> None:
    """It takes longer than the time for a request, but each part of it comes within."""
    limits = SHORT._replace(request_s=0.5)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3500000\r\nConnection: close\r\n\r\n"
    async with run(answer, limits=limits, http=http) as program, Peer.of(program, head) as peer:
        await peer.drip(b"x" * 35_000, 100)
        assert b"3500000 bytes read" in await peer.rest()


async def test_a_response_that_nobody_reads_is_given_up(http: str) -> None:
    get = b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"
    async with run(answer, limits=LONG, http=http) as program, Peer.of(program, get):
        await eventually(lambda: any(c.flow and c.flow.write_paused for c in program.connections))
    async with run(answer, limits=SHORT, http=http) as program, served(program), Peer.of(program, get):
        await eventually(lambda: program.server.server_state.tasks)
        await eventually(lambda: not program.connections and not program.server.server_state.tasks)
        assert program.server.config.cuts["unread_response"] == 1  # type: ignore[attr-defined]


async def test_between_requests_only_the_keep_alive_time_counts(http: str) -> None:
    get = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with run(answer, limits=SHORT, http=http) as program, Peer.of(program, get) as peer:
        await peer.reader.readuntil(b"read")
        async with Peer.of(program) as silent:
            await silent.rest()  # a whole time for a request has passed
        peer.writer.write(get)
        assert await peer.reader.readuntil(b"read")


# WebSockets --------------------------------------------------------------------------------------------------------


def ping(payload: bytes) -> bytes:
    return Frame(Opcode.PING, payload).serialize(mask=True)


async def flood(program: Program, host: Host, peer: Peer) -> int:
    """Pings without reading a pong. Returns how many bytes wait in the server afterwards."""
    await eventually(lambda: host.outlet)
    pings = ping(b"x" * 125) * 500
    for _ in range(FLOOD_BYTES // len(pings)):
        peer.writer.write(pings)
        await peer.writer.drain()
    peer.writer.write(Frame(Opcode.TEXT, b"that was all").serialize(mask=True))
    await eventually(lambda: host.heard == ["that was all"])
    return program.buffered()


async def test_71_pings_of_a_peer_that_does_not_read_fill_no_memory(http: str) -> None:
    host = Host()
    async with run(host, http=http, portable=True) as program, Peer.of(program, UPGRADE) as peer:
        assert await flood(program, host, peer) > 3_000_000  # so it is with uvicorn's own class
    host = Host()
    async with run(host, http=http) as program, Peer.of(program, UPGRADE) as peer:
        assert await flood(program, host, peer) < 1_000_000
        peer.writer.write(ping(b"the last one"))
        received = b""
        while not received.endswith(b"the last one"):
            received += await peer.reader.read(65_536)


async def test_69_a_message_has_a_bounded_number_of_fragments(http: str) -> None:
    host = Host()
    async with run(host, http=http) as program, visit(program, host) as client:
        await client.send(["x"] * (FRAGMENTS_MAX - 1))  # and an empty one that says that it is the last
        await client.send(["still", " ", "here"])
        await eventually(lambda: host.heard == ["x" * (FRAGMENTS_MAX - 1), "still here"])
        for _ in range(2):
            with suppress(Exception):
                await client.send(["x"] * FRAGMENTS_MAX)
        await client.wait_closed()
        assert client.close_code == 1008
        assert len(host.heard) == 2


async def fill(host: Host, program: Program) -> None:
    for _ in range(30):
        host.outlet.write(batch_of("x" * 65_536))
    assert program.buffered()


@pytest.mark.parametrize("end", ["the application closes", "the application returns", "the peer closes", "shutdown"])
async def test_a_connection_that_ends_is_soon_gone_whether_its_peer_reads_or_not(http: str, end: str) -> None:
    host = Host()
    async with run(host, limits=SHORT, http=http) as program, visit(program, host) as client:
        client.transport.pause_reading()
        await fill(host, program)
        if end == "the application closes":
            closing = asyncio.create_task(host.websocket.close())
        elif end == "the application returns":
            for task in program.server.server_state.tasks:
                task.cancel()
        elif end == "the peer closes":
            closing = asyncio.create_task(client.close())
        else:
            for connection in program.connections:
                connection.shutdown()
        if end == "the application closes":  # it waits until there is space for the close frame: nothing has begun
            closing.cancel()
            for task in program.server.server_state.tasks:
                task.cancel()
        await eventually(lambda: not program.connections and not program.server.server_state.tasks)
        if end == "the peer closes":
            closing.cancel()


async def test_a_peer_that_does_not_answer_our_close_is_soon_gone(http: str) -> None:
    host = Host()
    async with run(host, limits=SHORT, http=http) as program, Peer.of(program, UPGRADE) as peer:
        await eventually(lambda: host.outlet)
        await host.websocket.close(1000)
        await eventually(lambda: not program.connections)
        assert (await peer.rest()).endswith(b"\x88\x02\x03\xe8")
