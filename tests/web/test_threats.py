"""Attacks over HTTP and the socket that have no other place; their numbers are those of docs/security.md."""

import asyncio
import itertools
import json
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from websockets.asyncio.client import connect

from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.server.conftest import eventually

ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "//evil.example/%2f..",
    "%2f%2fevil.example",
    "\t//evil.example",
    "lobby\r\nSet-Cookie: a=b",
    "lobby\r\nLocation: https://evil.example",
    "..//evil.example",
    "lobby@evil.example",
    "lobby?next=https://evil.example",
    "lobby#@evil.example",
    "．／evil",
]


async def test_18_a_place_in_a_room_gives_nothing_without_being_in_it(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        room = (await ann.does("create", name="Plans"))["id"]
        await ann.says("among us", room)
        async with Guest.arrives(server.url, "Eve") as eve:
            await eve.drops()
            await eve.returns({"lobby": 1, room: 1})
            assert [found["id"] for found in eve.welcome["rooms"]] == ["lobby"]
            await ann.says("still among us", room)
            await ann.says("for everybody")
            await eve.hears("for everybody")
            assert room not in eve.events


@pytest.mark.parametrize("room", ELSEWHERE)
async def test_41_no_address_of_ours_leads_to_another_site(browser: httpx2.AsyncClient, room: str) -> None:
    await browser.get("/")
    answers = [await browser.get(f"/r/{quote(room, safe='')}")]
    answers += [
        await browser.post(f"/r/{quote(room, safe='')}/{verb}", data={"text": "hi", "key": "k"})
        for verb in ("post", "join")
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert "a=b" not in answer.headers.get("set-cookie", "")
        if "location" in answer.headers:
            target = urlsplit(answer.headers["location"])
            assert target.netloc in ("", urlsplit(str(browser.base_url)).netloc)
            assert answer.headers["location"].startswith(("/r/", str(browser.base_url)))


async def test_45_a_message_holds_a_bounded_number_of_reactions(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        seq = await ann.says("tea?")
        emojis = [chr(0x1F600 + number) for number in range(21)]
        for emoji in emojis[:-1]:
            await ann.does("react", room="lobby", message=seq, emoji=emoji)
        with pytest.raises(Refused) as refused:
            await ann.does("react", room="lobby", message=seq, emoji=emojis[-1])
        assert refused.value.code == "too_many_reactions"


async def test_64_nothing_private_is_kept_by_a_cache(http: httpx2.AsyncClient) -> None:
    token = (await http.post("/api/guests", json={})).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    schema = (await http.get("/api/openapi.json")).json()
    read = [path for path, methods in schema["paths"].items() if "get" in methods]
    assert len(read) >= 8
    for path in read:
        answer = await http.get(path.replace("{room}", "lobby"), headers=bearer)
        kept = answer.headers["cache-control"] != "no-store"
        assert kept == (path in ("/api/emoji",)), path
    assert (await http.get("/")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("parts", [1, 9], ids=["one frame", "in parts"])
async def test_68_a_message_that_is_too_long_ends_its_connection_alone(server: Running, parts: int) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Eve") as eve:
        url, bearer = server.url.replace("http", "ws") + "/ws", {"Authorization": f"Bearer {eve.token}"}
        async with connect(url, additional_headers=bearer, compression=None) as tab:
            text = "x" * (65_536 // parts + 1)
            await tab.send(text if parts == 1 else itertools.repeat(text, parts))
            await tab.wait_closed()
            assert tab.close_code == 1009
        await ann.says("undisturbed")
        await eve.hears("undisturbed")


async def test_66_an_answer_tells_nothing_of_how_the_program_is_made(
    server: Running, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("in /a/secret/place")

    monkeypatch.setattr(server.chat, "perform", fail)
    token = (await http.post("/api/guests", json={})).json()["token"]
    answer = await http.get("/api/rooms", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    for path in ("/docs", "/redoc", "/api/docs", "/openapi.json", "/.env", "/.git/config"):
        assert (await http.get(path)).status_code == 404


SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
DOUBTFUL = {
    "a length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": b"Content-Length: 0\r\nContent-Length: 41\r\n\r\n" + SMUGGLED,
    "a length with a sign": b"Content-Length: +0\r\n\r\n" + SMUGGLED,
    "chunks of an odd kind": b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED,
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a line that goes on": b"X-A: b\r\n Content-Length: 41\r\n\r\n" + SMUGGLED,
    "an odd chunk size": b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + SMUGGLED,
}


@pytest.mark.parametrize("doubt", DOUBTFUL)
async def test_63_a_request_with_two_readings_is_not_read_in_either(server: Running, doubt: str) -> None:
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/guests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + DOUBTFUL[doubt])
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    statuses = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1")]
    assert len(statuses) <= 1 or not statuses[1].startswith(b"HTTP/1.1 404"), answer
    await eventually(lambda: not server.server.server_state.tasks)


async def test_an_ordinary_pipeline_is_answered_twice(server: Running) -> None:
    """The test above would see a smuggled request."""
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({}).encode()
    head = b"POST /api/guests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    second = SMUGGLED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body + second)
    answer = await reader.read()
    writer.close()
    assert answer.count(b"HTTP/1.1 201") == answer.count(b"HTTP/1.1 404") == 1
