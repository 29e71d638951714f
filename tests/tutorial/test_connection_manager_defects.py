"""The defects (D-xx) of the tutorial's program, mended by `from hubbub import ConnectionManager`.

The naive manager shows that each test can fail.
"""

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from rescue import NAIVE, RESCUE, program
from tutorial_people import serve, silent_reader, talkers, until
from websockets.exceptions import ConnectionClosed

CONTROL_PATIENCE_S = 3.0
BOTH = pytest.mark.parametrize("manager", [RESCUE, NAIVE], ids=["rescued", "naive"])


def defect(manager: str) -> Any:
    """What is expected of a story: with the naive manager, to hang, to miss something, or to be cut off."""
    if manager == RESCUE:
        return nullcontext()
    return pytest.raises((TimeoutError, AssertionError, ConnectionClosed))


def patience(manager: str) -> Any:
    return asyncio.timeout(60 if manager == RESCUE else CONTROL_PATIENCE_S)


@BOTH
async def test_d30_a_binary_frame_closes_its_sender_and_the_others_read_that_it_left(manager: str) -> None:
    async with serve(program(manager).app) as server, talkers(server, 1, 2) as (ann, bob):
        await ann.says(b"\0\1")
        with defect(manager):
            async with patience(manager):
                await bob.hears("Client #1 left the chat")
            assert (await ann.closed())[0] == 1003


@BOTH
async def test_d31_after_a_binary_frame_everybody_else_still_talks(manager: str) -> None:
    async with serve(program(manager).app) as server, talkers(server, 1, 2) as (ann, bob):
        await ann.says(b"\0\1")
        await ann.closed()
        async with talkers(server, 3) as (eve,):
            with defect(manager):
                async with patience(manager):
                    await eve.says("still here?")
                    await eve.hears_somewhere("Client #3 says: still here?")
                    await bob.hears_somewhere("Client #3 says: still here?")
                    await bob.says("yes")
                    await eve.hears_somewhere("Client #2 says: yes")


@BOTH
async def test_d33_a_client_that_stops_reading_stalls_nobody(manager: str) -> None:
    async with (
        serve(program(manager).app) as server,
        talkers(server, 1, 2) as (ann, bob),
        silent_reader(server, 3),
    ):
        lines: list[object] = []
        with defect(manager):
            async with patience(manager):
                for number in range(120):
                    await ann.says(f"{number} " + "x" * 100_000)
                    lines.append(await bob.next())
                while len(lines) < 121:
                    lines.append(await bob.next())
            assert lines.count("Client #3 left the chat") == 1
            lines.remove("Client #3 left the chat")
            assert lines == [f"Client #1 says: {number} " + "x" * 100_000 for number in range(120)]
        if manager == RESCUE:
            await until(lambda: server.handlers == 2)
            await ann.says("on we go")
            await bob.hears("Client #1 says: on we go")


@BOTH
async def test_d34_the_healthy_sender_stays_connected_while_another_stalls(manager: str) -> None:
    pings = {"ws_ping_interval": 0.3, "ws_ping_timeout": 1.5}
    async with (
        serve(program(manager).app, **pings) as server,
        talkers(server, 1) as (ann,),
        silent_reader(server, 3),
    ):
        loop = asyncio.get_running_loop()
        with defect(manager):
            for _ in range(120):
                await ann.says("x" * 100_000)
            later = loop.time() + 2 * (0.3 + 1.5)
            while loop.time() < later:
                await ann.says("ping")
                async with patience(manager):
                    await ann.hears_somewhere("Client #1 says: ping")


@BOTH
async def test_d36_a_disconnect_during_a_broadcast_makes_nobody_miss_it(manager: str) -> None:
    class Wire:
        """The server's side of a connection whose sends wait for `open`."""

        def __init__(self) -> None:
            self.open = asyncio.Event()
            self.open.set()
            self.sent: list[str] = []

        async def receive(self) -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(self, message: Any) -> None:
            await self.open.wait()
            if message["type"] == "websocket.send":
                self.sent.append(message["text"])

    peers = program(manager).manager
    wires = [Wire() for _ in range(4)]
    sockets = [WebSocket({"type": "websocket"}, wire.receive, wire.send) for wire in wires]
    for each in sockets:
        await peers.connect(each)
    wires[1].open.clear()
    broadcast = asyncio.create_task(peers.broadcast("news"))
    await until(lambda: wires[0].sent == ["news"])
    peers.disconnect(sockets[0])
    wires[1].open.set()
    await broadcast
    with defect(manager):
        async with patience(manager):
            await until(lambda: [wire.sent for wire in wires] == [["news"]] * 4)


@BOTH
def test_d36_disconnecting_twice_is_no_error(manager: str) -> None:
    websocket = WebSocket({"type": "websocket"}, None, None)  # type: ignore[arg-type]
    with nullcontext() if manager == RESCUE else pytest.raises(ValueError):
        program(manager).manager.disconnect(websocket)


@BOTH
async def test_d37_a_handler_that_fails_takes_its_connection_with_it(manager: str) -> None:
    peers = program(manager).manager
    app = FastAPI()

    @app.websocket("/ws/{client_id}")
    async def handler(websocket: WebSocket, client_id: int) -> None:
        await peers.connect(websocket)
        raise LookupError(await websocket.receive_text())

    async with serve(app) as server, talkers(server, 1, 2) as (ann, _bob):
        await ann.says("boom")
        await ann.closed()
        await until(lambda: server.handlers == 1)
        with defect(manager):
            assert len(peers.active_connections) == 1
