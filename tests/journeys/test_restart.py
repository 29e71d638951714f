"""SIGTERM: everybody is told, nothing is lost or doubled, and no client can put the end off."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from hubbub.testing.people import PATIENCE_S, Guest
from hubbub.testing.process import ServerProcess, run_server
from tests.journeys.test_kill import FAST, Writer, history_of

SHORT = {"drain_s": 1, "close_timeout_s": 1}
UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer {token}\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Peer:
    """Somebody who sends bytes and reads nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def of(cls, server: ServerProcess) -> AsyncIterator["Peer"]:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        await asyncio.get_running_loop().sock_connect(sock, address)
        reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    async def sends(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()


async def says_nothing(server: ServerProcess, peer: Peer) -> None:
    pass


async def begins_a_head(server: ServerProcess, peer: Peer) -> None:
    await peer.sends(b"GET / HTTP/1.1\r\nHost:")


async def begins_an_upload(server: ServerProcess, peer: Peer) -> None:
    await peer.sends(b"POST /api/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n", b"\r\n{")


async def reads_no_response(server: ServerProcess, peer: Peer) -> None:
    """Asks, several times, for more than the buffers between the two can hold."""
    async with Guest.arrives(server.url, "Loud") as loud:
        for _ in range(100):
            await loud.says("x" * 7000)
        head = (
            f"GET /api/rooms/lobby/messages?limit=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {loud.token}\r\n\r\n"
        )
        await peer.sends(*[head.encode()] * 5)
    assert b"200 OK" in await peer.reader.readline()


async def reads_no_frame(server: ServerProcess, peer: Peer) -> None:
    """The room is so loud that this one falls behind."""
    guest = await Guest.registers(server.url, "Deaf")
    await peer.sends(UPGRADE.format(token=guest.token).encode())
    assert b"101" in await peer.reader.readline()
    await peer.sends(_masked(json.dumps({"type": "hello", "version": 1}).encode()))
    async with Guest.arrives(server.url, "Loud") as loud:
        for _ in range(300):
            await loud.says("x" * 7000)


async def answers_no_close(server: ServerProcess, peer: Peer) -> None:
    guest = await Guest.registers(server.url, "Mute")
    await peer.sends(UPGRADE.format(token=guest.token).encode())
    assert b"101" in await peer.reader.readline()


def _masked(payload: bytes) -> bytes:
    return bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload


KINDS = [says_nothing, begins_a_head, begins_an_upload, reads_no_response, reads_no_frame, answers_no_close]


@pytest.mark.parametrize("misbehaves", KINDS, ids=lambda kind: kind.__name__)
async def test_no_client_can_put_the_end_off(
    tmp_path: Path, misbehaves: Callable[[ServerProcess, Peer], Awaitable[None]]
) -> None:
    """`stop` waits for the end as long as the server is allowed to take."""
    async with run_server(tmp_path / "data", **FAST, **SHORT) as server, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(Peer.of(server)) for _ in range(3)]
        await asyncio.gather(*(misbehaves(server, peer) for peer in peers))
        assert await server.stop() == 0


async def test_two_writers_and_a_listener_across_restarts_lose_and_double_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    port = 0
    people: list[Guest] = []
    for turn in range(3):
        async with run_server(data, port=port, **FAST, **SHORT) as server:
            port = int(server.url.rpartition(":")[2])
            if not people:
                people = [await Guest.registers(server.url, name) for name in ("Ann", "Bob", "Listener")]
                writers = [Writer(guest) for guest in people[:2]]
            for guest in people:
                await guest.returns()
            writing = [asyncio.create_task(_writes(writer)) for writer in writers]
            await _has_heard(people[2], (turn + 1) * 30)
            assert await server.stop() == 0
            await asyncio.gather(*writing)
            for guest in people:
                await guest.gets("restarting")
                assert guest.close_code == 1012
                guest.signals.clear()

    async with run_server(data, port=port, **FAST, **SHORT) as server:
        for guest in people:
            await guest.returns()
        for writer in writers:
            await writer.write(until=len(writer.acknowledged) + 2)
        last = max(seq for writer in writers for seq, _ in writer.acknowledged.values())
        await people[2].waits_until(lambda: people[2].cursors["lobby"] >= last)
        history = await history_of(server, people[2].token)
    acknowledged = {seq: text for writer in writers for seq, text in writer.acknowledged.values()}
    assert acknowledged.items() <= history.items()
    assert len(set(history.values())) == len(history)
    assert people[2].texts() == list(history.values())
    for guest in people:
        await guest.drops()


async def _has_heard(guest: Guest, messages: int) -> None:
    await guest.waits_until(lambda: len(guest.texts()) >= messages)


async def _writes(writer: Writer) -> None:
    """Until the server goes; what it refuses because it stops is sent again later, under the same key."""
    try:
        await writer.write()
    except Exception as error:
        assert getattr(error, "code", "") == "restarting", error


async def test_a_second_signal_changes_nothing(tmp_path: Path) -> None:
    async with run_server(tmp_path / "data", **SHORT) as server, Guest.arrives(server.url) as guest:
        server.process.send_signal(signal.SIGTERM)
        assert await server.stop() == 0
        await guest.waits_until(lambda: guest.close_code is not None)
        assert guest.close_code == 1012


HANGS = """
import asyncio, sys
from hubbub import server
from hubbub.app import Chat
from hubbub.cli import main

server.END_MARGIN_S = 0.1

async def never(self):
    print("stopping", flush=True)
    await asyncio.Event().wait()

Chat.stop = never
main(["--port", "0", "--drain-s", "0.1"])
"""


async def test_what_hangs_without_any_client_is_ended_with_a_line_in_the_log(tmp_path: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", HANGS], cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while b"stop: Ctrl-C" not in await process.stdout.readline():
                pass
            process.send_signal(signal.SIGTERM)
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"stopping" in out
    assert process.returncode == 1
    assert b"did not come to its end in time" in err
