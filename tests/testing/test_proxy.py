"""The proxy that makes bad networks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hubbub.testing.proxy import Proxy

PATIENCE_S = 20.0
BIG = 16 * 2**20
"""More than the kernel keeps for a connection."""


@asynccontextmanager
async def echo() -> AsyncIterator[str]:
    """Sends everything back."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hears(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readexactly(count)


@asynccontextmanager
async def call(proxy: Proxy) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Proxy, Caller]]:
    async with echo() as url, Proxy() as proxy:
        proxy.target = url
        async with call(proxy) as caller:
            caller.writer.write(b"hello")
            assert await caller.hears(5) == b"hello"
            yield proxy, caller


async def test_bytes_pass_in_both_directions_and_are_counted() -> None:
    async with proxied() as (proxy, caller):
        assert (proxy.links[0].up.passed, proxy.links[0].down.passed) == (5, 5)
        caller.writer.write_eof()
        assert await caller.reader.read() == b""


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("count", [0, 1, 4])
async def test_a_connection_is_reset_after_exactly_so_many_bytes(direction: str, count: int) -> None:
    async with proxied() as (proxy, caller):
        link = proxy.links[0]
        getattr(link, direction).cut_after(count)
        caller.writer.write(b"12345")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await caller.hears(5)
        assert getattr(link, direction).passed == 5 + count
        async with asyncio.timeout(PATIENCE_S):
            while proxy.links:
                await asyncio.sleep(0)


async def test_what_is_held_stops_the_sender_and_comes_when_it_is_released() -> None:
    async with proxied() as (proxy, caller):
        link = proxy.links[0]
        link.up.hold()
        caller.writer.write(b"x" * BIG)
        draining = asyncio.create_task(caller.writer.drain())
        async with call(proxy) as other:
            other.writer.write(b"hello")
            assert await other.hears(5) == b"hello"
        assert link.up.passed == 5
        assert not draining.done()
        link.up.release()
        assert await caller.hears(BIG) == b"x" * BIG
        await draining


async def test_a_rate_lets_few_bytes_pass_at_once() -> None:
    async with proxied() as (proxy, caller):
        proxy.links[0].down.trickle(1)
        caller.writer.write(b"y" * 5000)
        await caller.hears(1)
        assert proxy.links[0].down.passed < 5000
        proxy.links[0].down.release()
        assert await caller.hears(4999) == b"y" * 4999


async def test_without_a_target_connections_are_reset() -> None:
    async with Proxy() as proxy, call(proxy) as caller:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await caller.hears(1)
        assert proxy.links == []
