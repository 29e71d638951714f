"""Which protocol classes are used, and how a server ends."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import connect

from hubbub.hub.fast_outlet import FastOutlet
from hubbub.hub.outlet import PortableOutlet
from hubbub.server import TESTED_UVICORN
from hubbub.server.websocket import WebSocketProtocol
from hubbub.settings import Settings
from hubbub.testing.people import PATIENCE_S, Guest
from hubbub.testing.server import serve
from tests.server.conftest import eventually


def test_the_installed_uvicorn_is_one_that_our_protocol_classes_were_tested_with() -> None:
    """When this fails: run tests/server with the new version in TESTED_UVICORN. If all pass, leave it there."""
    assert uvicorn.__version__ in TESTED_UVICORN


async def test_a_chat_uses_the_fast_outlet(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server, Guest.arrives(server.url):
        assert [type(c.outlet) for c in server.chat.hub.connections()] == [FastOutlet]


async def test_a_connection_that_is_idle_costs_no_task_and_keeps_no_request(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server, Guest.arrives(server.url, "Ann") as ann:
        await ann.says("hello")
        (connection,) = server.server.server_state.connections
        assert isinstance(connection, WebSocketProtocol)
        await eventually(lambda: not server.server.server_state.tasks and connection._call is None)
        await ann.says("still here")
        await ann.hears("still here")


@pytest.mark.parametrize("portable", [False, True], ids=["ours", "uvicorn's"])
async def test_70_nothing_is_compressed_although_every_browser_offers_it(tmp_path: Path, portable: bool) -> None:
    """It would cost memory for each connection, and let a small frame become a large one."""
    async with (
        serve(Settings(data=tmp_path), portable=portable) as server,
        connect(server.url.replace("http", "ws") + "/ws") as client,
    ):
        assert client.request is not None
        assert client.response is not None
        assert "permessage-deflate" in client.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in client.response.headers


async def test_another_uvicorn_gets_the_portable_outlet_and_one_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(uvicorn, "__version__", "0.99.0")
    with caplog.at_level(logging.WARNING):
        async with serve(Settings(data=tmp_path)) as server, Guest.arrives(server.url, "Ann") as ann:
            assert server.server.config.ws_protocol_class is WebSocketsSansIOProtocol
            assert [type(c.outlet) for c in server.chat.hub.connections()] == [PortableOutlet]
            await ann.says("it works")
            await ann.hears("it works")
    assert [(r.name, r.levelname) for r in caplog.records] == [("hubbub.server", "WARNING")]
    assert "0.99.0" in caplog.text


async def test_a_server_ends_although_its_clients_read_nothing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, close_timeout_s=0.3)
    async with serve(settings, timeout_graceful_shutdown=600) as server:
        deaf = await Guest.registers(server.url, "Deaf")
        await deaf.returns()
        assert deaf._socket is not None
        deaf._socket.transport.pause_reading()
        (connection,) = server.chat.hub.connections()
        while not connection.outlet.buffered():
            server.chat.hub.tell(connection, json.dumps({"type": "noise", "text": "x" * 1_000_000}))
    await deaf.drops()


async def test_a_client_that_answers_no_ping_is_cut_and_counted(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, ping_interval_s=0.1, ping_timeout_s=0.2, close_timeout_s=0.2)
    async with serve(settings) as server:
        mute = await Guest.registers(server.url, "Mute")
        await mute.returns()
        assert mute._socket is not None
        mute._socket.transport.pause_reading()
        async with asyncio.timeout(PATIENCE_S):
            while list(server.chat.hub.connections()):
                await asyncio.sleep(0.01)
        assert server.chat.counts.cuts == {"ping_timeout": 1}
        await mute.drops()
