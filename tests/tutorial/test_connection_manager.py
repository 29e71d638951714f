"""`from hubbub import ConnectionManager` in the tutorial's program, on a real uvicorn.

Here is what must stay of the tutorial's behaviours (D-xx); its defects have a module of their own.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from rescue import RESCUE, program
from starlette.testclient import TestClient
from tutorial_people import Server, in_batches, many_files, serve, silent_reader, talkers, until
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hubbub import ConnectionManager


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(program().app) as running:
        yield running


# What must stay ---------------------------------------------------------------------------------------------


async def test_d14_the_sender_reads_both_lines_and_the_others_one(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says("hi")
        await ann.hears("You wrote: hi", "Client #1 says: hi")
        await bob.hears("Client #1 says: hi")


async def test_d16_everybody_reads_the_same_order(server: Server) -> None:
    async with talkers(server, 1, 2, 3) as people:

        async def talk(person: Any) -> None:
            for number in range(50):
                await person.says(str(number))

        await asyncio.gather(*map(talk, people))
        heard = [[line for line in [await p.next() for _ in range(200)] if "says" in line] for p in people]
        assert len(heard[0]) == 150
        assert heard[0] == heard[1] == heard[2]


async def test_d17_an_empty_text_is_passed_on(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says("")
        await ann.hears("You wrote: ", "Client #1 says: ")
        await bob.hears("Client #1 says: ")


@pytest.mark.parametrize("text", ["a\nb", "<b>&amp;", "\u202eabc", "e\u0301\u0300", "👩‍👩‍👧 🏳️‍🌈", "\t"])
async def test_d18_texts_pass_unchanged(server: Server, text: str) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says(text)
        await bob.hears(f"Client #1 says: {text}")


async def test_d19_the_others_read_that_somebody_left_by_closing(server: Server) -> None:
    async with talkers(server, 1, 2, 3) as (ann, bob, eve):
        await ann.leaves()
        await bob.hears("Client #1 left the chat")
        await eve.hears("Client #1 left the chat")
        assert ann.heard_nothing()


async def test_d19_the_others_read_that_somebody_left_by_a_reset(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.vanishes()
        await bob.hears("Client #1 left the chat")


async def test_d19_the_others_read_that_somebody_left_by_a_violation(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        ann.websocket.transport.write(b"\xff\xff\xff\xff")  # reserved bits and an unknown opcode
        await bob.hears("Client #1 left the chat")
        assert (await ann.closed())[0] == 1002


async def test_d19_last_words_before_a_close_are_heard(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        for number in range(100):
            await bob.says(str(number))
        await ann.says("bye")
        await ann.leaves()
        lines = [await bob.next() for _ in range(202)]
        assert lines.index("Client #1 says: bye") < lines.index("Client #1 left the chat")


@pytest.mark.parametrize("client_id", ["abc", "1.5", "0x10", "", "1/2"])
async def test_d21_what_is_no_integer_is_refused_with_403(server: Server, client_id: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(server.address(client_id))
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    ("client_id", "shown"),
    [("-5", "-5"), ("+7", "7"), ("007", "7"), ("%201%20", "1"), ("1" * 30, "1" * 30)],
)
async def test_d22_odd_integers_are_shown_in_canonical_form(server: Server, client_id: str, shown: str) -> None:
    async with talkers(server, client_id) as (ann,):
        await ann.says("hi")
        await ann.hears("You wrote: hi", f"Client #{shown} says: hi")


async def test_d28_an_oversized_message_closes_its_sender_with_1009() -> None:
    async with serve(program().app, ws_max_size=1000) as server, talkers(server, 1, 2) as (ann, bob):
        await ann.says("x" * 1001)
        await bob.hears("Client #1 left the chat")
        assert (await ann.closed())[0] == 1009


def test_d44_the_tutorials_own_test_passes() -> None:
    """Each socket of this client has a thread and an event loop of its own."""
    client = TestClient(program().app)
    with client.websocket_connect("/ws/1234") as ann:
        with client.websocket_connect("/ws/5678") as bob:
            ann.send_text("Hello from 1234")
            assert ann.receive_text() == "You wrote: Hello from 1234"
            assert ann.receive_text() == "Client #1234 says: Hello from 1234"
            assert bob.receive_text() == "Client #1234 says: Hello from 1234"
        assert ann.receive_text() == "Client #5678 left the chat"


def test_d43_the_surface_is_the_one_that_learners_know() -> None:
    manager = ConnectionManager()
    assert manager.active_connections == []
    assert not asyncio.iscoroutinefunction(manager.disconnect)
    for name in ("connect", "send_personal_message", "broadcast"):
        assert asyncio.iscoroutinefunction(getattr(manager, name))


async def test_d43_active_connections_are_those_who_are_connected() -> None:
    tutorial = program()
    async with serve(tutorial.app) as server, talkers(server, 1, 2) as (ann, bob):
        assert [type(each) for each in tutorial.manager.active_connections] == [WebSocket, WebSocket]
        await ann.leaves()
        await bob.hears("Client #1 left the chat")
        assert len(tutorial.manager.active_connections) == 1


async def test_d42_a_thousand_clients_hear_one_broadcast() -> None:
    with many_files(8000):
        async with serve(program().app) as server:
            options = {"compression": None, "ping_interval": None}
            sockets = await in_batches([connect(server.address(n), **options) for n in range(1000)])
            await sockets[500].send("hello, all")
            assert await sockets[500].recv() == "You wrote: hello, all"
            heard = await asyncio.gather(*(each.recv() for each in sockets))
            assert heard == ["Client #500 says: hello, all"] * 1000
            await until(lambda: server.handlers == 1000)
            for each in sockets:
                each.transport.abort()
            await in_batches([each.wait_closed() for each in sockets])
            await until(lambda: server.handlers == 0)


# Beyond the rows --------------------------------------------------------------------------------------------


async def test_a_stalled_peer_is_dropped_after_a_time_even_if_little_is_said() -> None:
    ends: list[int] = []
    app = FastAPI()
    peers = ConnectionManager(stall_timeout_s=0.0)

    @app.websocket("/ws/{client_id}")
    async def handler(websocket: WebSocket, client_id: int) -> None:
        await peers.connect(websocket)
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as end:
            ends.append(end.code)

    async with serve(app) as server, silent_reader(server, 1):
        await until(lambda: len(peers.active_connections) == 1)
        while peers.active_connections:
            await peers.broadcast("x" * 500_000)
        await until(lambda: ends == [1006] and server.handlers == 0)


async def test_a_burst_from_one_handler_does_not_cost_its_readers_their_connection() -> None:
    app = FastAPI()
    peers = ConnectionManager(buffer_limit=10_000)

    @app.websocket("/ws/{client_id}")
    async def handler(websocket: WebSocket, client_id: int) -> None:
        await peers.connect(websocket)
        await websocket.receive_text()
        for _ in range(100):
            await peers.broadcast("x" * 500)
        await peers.send_personal_message("done", websocket)

    async with serve(app) as server, talkers(server, 1) as (ann,):
        await ann.says("go")
        await ann.hears(*["x" * 500] * 100, "done")


async def test_a_text_that_cannot_be_encoded_costs_nobody_the_connection() -> None:
    app = FastAPI()
    peers = ConnectionManager()

    @app.websocket("/ws/{client_id}")
    async def handler(websocket: WebSocket, client_id: int) -> None:
        await peers.connect(websocket)
        while True:
            await peers.broadcast(json.loads(await websocket.receive_text()))

    async with serve(app) as server, talkers(server, 1) as (ann,):
        await ann.says('"a\\ud800b"')
        await ann.hears("a?b")
        with pytest.raises(TypeError, match="not dict"):
            await peers.broadcast({})  # type: ignore[arg-type]


async def test_a_handler_that_is_cancelled_from_outside_stays_cancelled() -> None:
    peers = ConnectionManager()
    waiting = asyncio.Event()
    asked: list[str] = []

    async def receive() -> dict[str, Any]:
        asked.append("more")
        if len(asked) > 1:
            waiting.set()
            await asyncio.Event().wait()
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        return

    async def handler() -> None:
        websocket = WebSocket({"type": "websocket"}, receive, send)
        await peers.connect(websocket)
        await websocket.receive_text()

    task = asyncio.create_task(handler())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert peers.active_connections == []


def test_importing_the_manager_starts_and_loads_nothing_else() -> None:
    code = f"{RESCUE}; import sys, json; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.check_output([sys.executable, "-c", code])))
    assert "hubbub.manager" in loaded
    assert not loaded & {
        "sqlalchemy",
        "fastapi",
        "pydantic",
        "alembic",
        "uvicorn",
        "hubbub.app",
        "hubbub.store",
    }
