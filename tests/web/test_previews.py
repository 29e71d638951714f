"""Previews of links: off unless an operator wants them, then fetched from the internet alone (threats 59, 60)."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from hubbub.core.previews import Page
from hubbub.protocol import Preview
from hubbub.service import fetch as fetching
from hubbub.service.fetch import BYTES_MAX, fetch
from hubbub.service.previews import AT_ONCE, KEPT_S, Previews
from hubbub.settings import Settings
from hubbub.testing.people import Guest
from hubbub.testing.server import serve

HEAD = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n{more}\r\n"
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(body: bytes, *, status: str = "200 OK", kind: str = "text/html", more: str = "") -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD.format(status=status, kind=kind, more=more).encode() + body)
        await writer.drain()

    return reply


class Elsewhere(NamedTuple):
    """Another server, whose paths say what they want."""

    port: int
    asked: list[str]
    """The request heads that came."""

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def fetches(self, path: str, host: str = "127.0.0.1") -> Page | None:
        may_ask = {"127.0.0.1"}.__contains__
        return await fetch(self.url(path, host), may_ask=may_ask, ports={"http": self.port})


@asynccontextmanager
async def elsewhere(**replies: Reply) -> AsyncIterator[Elsewhere]:
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        try:
            await replies[head.split(" ")[1].strip("/") or "index"](writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Elsewhere(server.sockets[0].getsockname()[1], asked)


async def test_a_page_is_fetched_without_cookies_under_its_own_name() -> None:
    async with elsewhere(a=says(b"<title>Tea</title>")) as there:
        page = await there.fetches("/a", "localhost")
        assert page is not None
        assert page.content == "<title>Tea</title>"
    [head] = there.asked
    assert f"\r\nhost: localhost:{there.port}\r\n" in head.lower()
    assert "cookie" not in head.lower()
    assert "accept-encoding: identity" in head.lower()


async def test_d59_a_name_that_leads_into_ones_own_network_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with elsewhere(a=says(b"<title>Secret</title>")) as there:
        ports = {"http": there.port}
        assert await fetch(there.url("/a"), ports=ports) is None
        assert await fetch(there.url("/a", "localhost"), ports=ports) is None
        both = [(2, 1, 6, "", ("93.184.215.14", there.port)), (2, 1, 6, "", ("127.0.0.1", there.port))]

        async def resolves(*args: Any, **options: Any) -> list[Any]:
            return both

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolves, raising=False)
        assert await fetch(there.url("/a", "rebinding.example"), ports=ports) is None
    assert there.asked == []


async def test_d59_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves to another address a moment later changes nothing: it is asked for once."""
    async with elsewhere(a=says(b"<title>Tea</title>")) as there:
        loop, asked = asyncio.get_running_loop(), []

        async def resolves(host: str, port: int, **options: Any) -> list[Any]:
            asked.append(host)
            return [(2, 1, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(loop, "getaddrinfo", resolves, raising=False)
        assert await there.fetches("/a", "tea.example")
        assert asked.count("tea.example") == 1


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "http://127.0.0.2:{port}/a", "file:///etc/passwd", "//[::1]/"]
)
async def test_d59_a_redirect_is_judged_as_the_address_before(target: str) -> None:
    async def redirect(writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        await says(b"", status="302 Found", more=f"Location: {target.format(port=port)}\r\n")(writer)

    async with elsewhere(go=redirect, a=says(b"<title>Secret</title>")) as there:
        assert await there.fetches("/go") is None
        assert len(there.asked) == 1


async def test_redirects_are_followed_but_not_without_end() -> None:
    more = "Location: {}\r\n".format
    async with elsewhere(
        once=says(b"", status="301 Moved", more=more("/a")),
        ever=says(b"", status="302 Found", more=more("/ever")),
        a=says(b"<title>Tea</title>"),
    ) as there:
        page = await there.fetches("/once")
        assert page == Page(there.url("/a"), "<title>Tea</title>")
        assert await there.fetches("/ever") is None
        assert len(there.asked) == 2 + fetching.REDIRECTS_MAX + 1


async def test_d60_what_is_no_page_or_is_packed_is_not_read() -> None:
    async with elsewhere(
        picture=says(b"\x89PNG", kind="image/png"),
        missing=says(b"<title>No</title>", status="404 Not Found"),
        packed=says(gzip.compress(b"<title>" + b"a" * 10**7), more="Content-Encoding: gzip\r\n"),
        nonsense=says(b"", kind="text/html\r\nBroken"),
    ) as there:
        for path in ("/picture", "/missing", "/packed", "/nonsense"):
            assert await there.fetches(path) is None


async def test_d60_an_endless_page_is_read_up_to_a_limit() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        await says(b"<title>Tea</title>")(writer)
        while not writer.is_closing():
            writer.write(b"a" * 65_536)
            await writer.drain()

    async with elsewhere(a=endless) as there:
        page = await there.fetches("/a")
        assert page
        assert len(page.content) == BYTES_MAX


async def test_d60_a_page_that_takes_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIME_MAX_S", 0.2)
    never = asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD.format(status="200 OK", kind="text/html", more="").encode())
        await never.wait()

    async with elsewhere(a=slow) as there:
        assert await there.fetches("/a") is None
        never.set()


async def test_d60_few_pages_are_fetched_at_once_and_each_once_an_hour() -> None:
    now, under_way, most, asked = 0.0, 0, 0, []

    async def counts(url: str) -> Page | None:
        nonlocal under_way, most
        asked.append(url)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return None if url.endswith("3") else Page(url, "<title>Tea</title>")

    previews = Previews(counts, clock=lambda: now)
    urls = [f"https://example.org/{n % 10}" for n in range(40)]
    found = await asyncio.gather(*map(previews.of, urls))
    assert most == AT_ONCE
    assert sorted(asked) == sorted(set(urls))
    assert found[3] is None
    assert found[0] == Preview(url=urls[0], title="Tea", site="example.org")
    now = KEPT_S + 1
    await previews.of(urls[0])
    assert len(asked) == 11


async def test_nothing_is_fetched_where_nobody_asked_for_it(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server, Guest.arrives(server.url, "Ann") as ann:
        seq = await ann.says("https://example.org")
        assert await ann.does("previews", room="lobby", message=seq) == {"previews": []}


async def test_the_links_of_a_message_have_previews_for_those_who_may_read_it(tmp_path: Path) -> None:
    async with (
        elsewhere(a=says(b"<title>Tea</title><meta name=description content=hot>")) as there,
        serve(Settings(data=tmp_path, link_previews=True)) as server,
        Guest.arrives(server.url, "Ann") as ann,
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {ann.token}"}) as http,
    ):
        may_ask = {"127.0.0.1"}.__contains__
        loopback = Previews(partial(fetch, may_ask=may_ask, ports={"http": there.port}), clock=lambda: 0.0)
        object.__setattr__(server.chat._context, "preview", loopback.of)
        seq = await ann.says(f"look: {there.url('/a')} and {there.url('/nothing')}")
        answer = await http.get(f"{server.url}/api/rooms/lobby/messages/{seq}/previews")
        tea = {"url": there.url("/a"), "title": "Tea", "description": "hot", "site": "127.0.0.1"}
        assert answer.json() == {"previews": [tea]}
        missing = await http.get(f"{server.url}/api/rooms/lobby/messages/99/previews")
        assert missing.json()["code"] == "message_not_found"
        await ann.does("delete", room="lobby", message=seq)
        gone = await http.get(f"{server.url}/api/rooms/lobby/messages/{seq}/previews")
        assert gone.json()["code"] == "message_deleted"
