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

from hubbub.testing.evidence import History, judge
from hubbub.testing.evidence.witness import Witness
from hubbub.testing.people import PATIENCE_S, Guest, Refused
from hubbub.testing.process import UNLIMITED, ServerProcess, run_server
from hubbub.testing.torture.auditor import Auditor
from tests.faults.test_kill import Writer

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
    async with run_server(tmp_path / "data", **UNLIMITED, **SHORT) as server, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(Peer.of(server)) for _ in range(3)]
        await asyncio.gather(*(misbehaves(server, peer) for peer in peers))
        assert await server.stop() == 0


async def test_two_writers_and_a_listener_across_restarts_lose_and_double_nothing(tmp_path: Path) -> None:
    data, port = tmp_path / "data", 0
    writers: list[Writer] = []
    with History(tmp_path / "writers.jsonl") as history:
        for turn in range(3):
            async with run_server(data, port=port, **UNLIMITED, **SHORT) as server:
                port = int(server.url.rpartition(":")[2])
                if not writers:
                    listener = await Guest.registers(server.url, "Listener")
                    writers = [Writer(await Witness.registers(server.url, name)) for name in ("Ann", "Bob")]
                    for writer in writers:
                        writer.witness.history = history
                for guest in (listener, *(writer.witness for writer in writers)):
                    await guest.returns()
                writing = [asyncio.create_task(_writes(writer)) for writer in writers]
                await _has_heard(listener, (turn + 1) * 30)
                assert await server.stop() == 0
                await asyncio.gather(*writing)
                await listener.gets("restarting")
                assert listener.close_code == 1012
                listener.signals.clear()

        async with run_server(data, port=port, replay_limit=10**6, **UNLIMITED, **SHORT) as server:
            for writer in writers:
                await writer.witness.returns()
                await writer.write(writer.answered + 2)
                await writer.witness.drops()
            auditor = await Auditor.registers(server.url, "Auditor")
            await auditor.returns()
            goal = await auditor.says_the_last_words()
            await auditor.drops()
            await listener.returns()
            await listener.waits_until(lambda: listener.cursors["lobby"] >= goal["lobby"])
            await listener.drops()
            logs, broken = await auditor.reads_everything(goal)
    assert broken + judge(logs, [history.path]).broken == []
    said = [event["text"] for event in logs["lobby"].events if event["type"] == "message.posted"]
    assert listener.texts() == said
    assert len(said) == sum(writer.answered for writer in writers) + 1


async def _has_heard(guest: Guest, messages: int) -> None:
    await guest.waits_until(lambda: len(guest.texts()) >= messages)


async def _writes(writer: Writer) -> None:
    """Until the server goes; what it refuses because it stops is sent again later, under the same key."""
    try:
        await writer.write(10**6)
    except Refused as refused:
        assert refused.code == "restarting"


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
            _, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 1
    assert b"did not come to its end in time" in err
