"""One contract for both outlets, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.frames import Frame, Opcode

from hubbub.hub.fast_outlet import FastOutlet
from hubbub.hub.outlet import Batch, PortableOutlet, batch_of
from tests.server.conftest import Host, Program, eventually, run, visit

BLOCK = batch_of("x" * 65_536)
SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]


@pytest.fixture(params=["portable", "fast"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def host() -> Host:
    return Host()


@pytest.fixture
async def program(host: Host, kind: str, http: str) -> AsyncIterator[Program]:
    async with run(host, http=http, portable=kind == "portable") as running:
        yield running


async def fill(host: Host) -> int:
    """Writes more than sockets can hold, and waits until nothing moves. Returns how many frames it took."""
    for _ in range(40):
        host.outlet.write(BLOCK)
    before = -1
    while before != (before := host.outlet.buffered()):
        await asyncio.sleep(0.1)
    assert before > 0
    return 40


async def test_the_server_decides_which_outlet_it_is(program: Program, host: Host, kind: str) -> None:
    async with visit(program, host):
        assert isinstance(host.outlet, FastOutlet if kind == "fast" else PortableOutlet)


async def test_all_frames_come_whole_and_in_order(program: Program, host: Host) -> None:
    texts = ["a" * size for size in SIZES] + ["ä" * size for size in SIZES] + ["🫖 and cake"]
    async with visit(program, host) as client:
        for text in texts:
            host.outlet.write(batch_of(text))
        host.outlet.write(Batch(texts))
        host.outlet.write(Batch([]))
        host.outlet.write(batch_of("the end"))
        heard = [await client.recv() for _ in range(2 * len(texts) + 1)]
        assert heard == [*texts, *texts, "the end"]
        await eventually(lambda: host.outlet.buffered() == 0)
        assert host.outlet.stalled_since() is None


async def test_frames_are_sent_straight_only_while_nothing_waits(program: Program, host: Host, kind: str) -> None:
    async with visit(program, host) as client:
        assert (host.outlet.send_now is not None) == (kind == "fast")
        if host.outlet.send_now:
            host.outlet.send_now(batch_of("straight").wire())
            assert await client.recv() == "straight"
        client.transport.pause_reading()
        held = host.held
        count = await fill(host)
        assert host.outlet.send_now is None
        assert (host.held > held) == (kind == "fast")
        client.transport.resume_reading()
        for _ in range(count):
            await client.recv()
        await eventually(lambda: host.outlet.buffered() == 0)
        if kind == "fast":
            await eventually(lambda: host.outlet.send_now is not None)
        host.outlet.abort()
        if host.outlet.send_now:
            host.outlet.send_now(BLOCK.wire())  # to nobody


async def test_what_waits_is_counted_until_it_is_read_and_then_drained_is_told(program: Program, host: Host) -> None:
    async with visit(program, host) as client:
        client.transport.pause_reading()
        count = await fill(host)
        drained = host.drained
        since = host.outlet.stalled_since()
        assert since is not None
        assert host.outlet.buffered() > 0
        client.transport.resume_reading()
        for _ in range(count):
            assert len(await client.recv()) == BLOCK.size
        await eventually(lambda: host.drained > drained)
        assert host.outlet.buffered() == 0
        assert host.outlet.stalled_since() is None


async def test_a_reader_who_moves_is_not_stalled(program: Program, host: Host) -> None:
    async with visit(program, host) as client:
        client.transport.pause_reading()
        await fill(host)
        since = host.outlet.stalled_since()
        for _ in range(3):
            host.outlet.write(batch_of("a little more"))
            await asyncio.sleep(0)
        assert since == host.outlet.stalled_since()
        assert since is not None
        client.transport.resume_reading()
        await eventually(lambda: (host.outlet.stalled_since() or since + 1) > since)


async def test_abort_ends_a_connection_that_reads_nothing(program: Program, host: Host) -> None:
    async with visit(program, host) as client:
        client.transport.pause_reading()
        await fill(host)
        host.outlet.abort()
        host.outlet.abort()
        host.outlet.write(BLOCK)
        assert host.aborted == 1
        if isinstance(host.outlet, FastOutlet):
            # The portable one can only ask its handler to end.
            await eventually(lambda: host.ended and not program.connections)


async def test_writing_to_somebody_who_has_gone_harms_nobody(program: Program, host: Host) -> None:
    async with visit(program, host) as client:
        await client.send("bye")
        client.transport.abort()
        await eventually(lambda: host.ended)
        for _ in range(10):
            host.outlet.write(BLOCK)
            await asyncio.sleep(0)
        assert host.heard == ["bye"]
        await eventually(lambda: not program.connections)


@pytest.mark.parametrize("kind", ["fast"], indirect=True)
async def test_frames_keep_their_order_with_what_asgi_sends(program: Program, host: Host) -> None:
    async with visit(program, host) as client:
        for number in range(0, 100, 2):
            host.outlet.write(batch_of(str(number)))
            await host.websocket.send_text(str(number + 1))
        host.outlet.write(batch_of("last words"))
        await host.websocket.close(1000, "the reason")
        host.outlet.write(batch_of("nobody hears this"))
        assert [frame async for frame in client] == [*map(str, range(100)), "last words"]
        assert (client.close_code, client.close_reason) == (1000, "the reason")


def test_a_batch_is_encoded_as_the_standard_says_and_only_once() -> None:
    texts = [letter * size for size in SIZES for letter in "aä🫖"]
    batch = Batch(texts)
    expected = b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=False) for text in texts)
    assert batch.wire() == expected
    assert batch.wire() is batch.wire()
    assert batch_of("a lone \ud800").wire() == b"\x81\x08a lone ?"
