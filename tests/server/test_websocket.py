"""What an application and its client see of our WebSocket class, on a real socket, with both HTTP classes."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hubbub.server.keepalive import Keepalive
from hubbub.server.limits import OTHER_FILES, room_for
from tests.server.conftest import LONG, Program, eventually, run
from tests.server.test_stalling import UPGRADE, Peer

App = Callable[[Any, Any, Any], Awaitable[None]]


@asynccontextmanager
async def visiting(app: App, http: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with run(app, http=http) as program, connect(f"ws://127.0.0.1:{program.port}/", **options) as client:
        yield client


async def accept(receive: Any, send: Any, **more: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", **more})


class Echo:
    """Sends back what comes, and keeps it."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        while True:
            message = await receive()
            self.messages.append(message)
            if message["type"] == "websocket.disconnect":
                return
            await send({**message, "type": "websocket.send"})


async def test_text_and_bytes_go_both_ways_whole_or_in_fragments(http: str) -> None:
    async with visiting(Echo(), http, compression=None) as client:
        await client.send("grüße")
        await client.send(b"\x00\xff")
        await client.send(["in ", "three ", "parts"])
        await client.send("")
        assert [await client.recv() for _ in range(4)] == ["grüße", b"\x00\xff", "in three parts", ""]


async def test_headers_and_subprotocol_of_the_application_reach_the_client(http: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send, subprotocol=scope["subprotocols"][1], headers=[(b"x-here", b"yes")])
        await receive()

    async with visiting(app, http, subprotocols=["one", "two"]) as client:
        assert client.subprotocol == "two"
        assert client.response is not None
        assert client.response.headers["x-here"] == "yes"


@pytest.mark.parametrize("way", ["close", "response", "fails", "returns"])
async def test_an_application_may_refuse(http: str, way: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if way == "close":
            await send({"type": "websocket.close"})
        elif way == "response":
            headers = [(b"content-type", b"text/plain"), (b"retry-after", b"7")]
            await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b"not ", "more_body": True})
            await send({"type": "websocket.http.response.body", "body": b"now"})
        elif way == "fails":
            raise LookupError("on purpose")

    with pytest.raises(InvalidStatus) as caught:
        async with visiting(app, http):
            pass
    response = caught.value.response
    assert response.status_code == {"close": 403, "response": 429}.get(way, 500)
    if way == "response":
        assert (response.body, response.headers["retry-after"]) == (b"not now", "7")


@pytest.mark.parametrize(("way", "code"), [("close", 4001), ("fails", 1011), ("returns", 1000)])
async def test_an_application_may_end_a_connection(http: str, way: str, code: int) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "last words"})
        if way == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "enough"})
            assert (await receive())["type"] == "websocket.disconnect"
            await send({"type": "websocket.send", "text": "too late"})
        elif way == "fails":
            raise LookupError("on purpose")

    async with visiting(app, http) as client:
        assert await client.recv() == "last words"
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == code
        assert client.close_reason == ("enough" if way == "close" else "")


async def test_the_application_hears_how_its_client_left(http: str) -> None:
    echo = Echo()
    async with visiting(echo, http) as client:
        await client.close(4321, "bye")
        await eventually(lambda: echo.messages)
        assert echo.messages == [{"type": "websocket.disconnect", "code": 4321, "reason": "bye"}]
    echo = Echo()
    async with visiting(echo, http) as client:
        client.transport.abort()
        await eventually(lambda: echo.messages)
        assert echo.messages == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007),
        (b"\x80\x81\0\0\0\0x", 1002),
        (b"\xc1\x81\0\0\0\0x", 1002),
        (b"\x88\x81\0\0\0\0\x03", 1002),
        (b"\x81\x01x", 1002),
        (b"\x81\x82\0\0\0\0\xff\xfe\xc1\x81\0\0\0\0x", 1002),
    ],
    ids=["not UTF-8", "a fragment of nothing", "a reserved bit", "half a close code", "no mask", "two at once"],
)
async def test_67_a_frame_that_breaks_the_rules_ends_the_connection(http: str, frame: bytes, code: int) -> None:
    echo = Echo()
    async with run(echo, http=http) as program, Peer.of(program, UPGRADE) as peer:
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.writer.write(frame)
        assert (await peer.rest())[2:4] == code.to_bytes(2)
        await eventually(lambda: echo.messages)
        assert [m["type"] for m in echo.messages] == ["websocket.disconnect"]


async def test_what_the_application_does_not_receive_is_not_read(http: str) -> None:
    """Else a client that sends without an end could fill the server's memory."""
    taken = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await accept(receive, send)
        await taken.wait()
        for _ in range(3):
            await receive()
        await send({"type": "websocket.send", "text": "three were enough"})

    async with visiting(app, http, compression=None, max_queue=None) as client:
        sending = asyncio.create_task(flood(client))
        await eventually(lambda: client.transport.get_write_buffer_size() > 0)
        taken.set()
        assert await client.recv() == "three were enough"
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionClosed):
            await sending


async def flood(client: ClientConnection) -> None:
    while True:
        await client.send(b"x" * 60_000)


# Pings -------------------------------------------------------------------------------------------------------------


class Pinged:
    def __init__(self) -> None:
        self.pings = 0
        self.gone = False

    def ping(self) -> None:
        self.pings += 1

    def no_pong(self) -> None:
        self.gone = True


async def test_who_answers_is_pinged_again_and_who_does_not_is_given_up() -> None:
    keepalive = Keepalive(interval_s=0.02, timeout_s=0.02)
    honest, deaf, gone = Pinged(), Pinged(), Pinged()
    for connection in (honest, deaf, gone):
        keepalive.watch(connection)
    keepalive.forget(gone)
    while honest.pings < 5:
        keepalive.answered(honest)
        await asyncio.sleep(0)
    assert (deaf.pings, deaf.gone) == (1, True)
    assert (gone.pings, gone.gone) == (0, False)
    assert not honest.gone
    keepalive.forget(honest)
    await eventually(lambda: not keepalive._ticking)


async def test_a_connection_without_a_pong_is_closed(http: str) -> None:
    def pings_often(program: Program) -> None:
        program.server.config.keepalive = Keepalive(0.02, 0.02)  # type: ignore[attr-defined]

    echo = Echo()
    async with run(echo, http=http, limits=LONG) as program:
        pings_often(program)
        async with connect(f"ws://127.0.0.1:{program.port}/") as client:  # answers pings
            async with Peer.of(program, UPGRADE) as peer:
                assert (await peer.rest()).partition(b"\r\n\r\n")[2].startswith(b"\x89\x00\x88")
            await client.send("still here")
            assert await client.recv() == "still here"


# Room for all ------------------------------------------------------------------------------------------------------


async def test_74_a_full_server_says_when_to_come_back(http: str) -> None:
    async with run(Echo(), http=http, limits=LONG._replace(connections=1)) as program:
        url = f"ws://127.0.0.1:{program.port}/"
        async with connect(url) as first:
            with pytest.raises(InvalidStatus) as caught:
                await connect(url)
            assert caught.value.response.status_code == 503
            assert caught.value.response.headers["retry-after"] == "10"
            await first.send("I am in")
            assert await first.recv() == "I am in"
        await eventually(lambda: not program.connections)
        async with connect(url):
            pass


def test_files_that_the_system_does_not_allow_are_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limits = [1024, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda which: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda which, new: limits.__setitem__(0, new[0]))
    assert room_for(100) == 100
    assert limits[0] == 1024
    assert room_for(2000) == 2000
    assert limits[0] == 2000 + OTHER_FILES
    assert not caplog.records
    assert room_for(10_000) == 4096 - OTHER_FILES
    assert "4096 files" in caplog.text
    limits[:] = [resource.RLIM_INFINITY, resource.RLIM_INFINITY]
    assert room_for(10**9) == 10**9
