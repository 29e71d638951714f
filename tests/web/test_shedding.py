"""A server with too much to do: what it leaves out, what it never leaves out, and how it says so."""

import asyncio
import logging
from pathlib import Path

import httpx2
import pytest

from hubbub.core.shedding import FALLS_AFTER, RISES_AFTER, Shed
from hubbub.store import StoreLoad
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.web.test_ops import HERE, eventually, metrics_of
from tests.web.uploads import Uploader
from tests.web.uploads import refused as refused_by

READING = {
    "history": {"room": "lobby"},
    "search": {"text": "tea"},
    "pins": {"room": "lobby"},
    "rooms": {},
    "members": {"room": "lobby"},
    "here": {"room": "lobby"},
    "find_people": {"name": ""},
    "invites": {"room": None},
}


class Burden:
    """Decides what the server leaves out; the machine of the test does not count."""

    def __init__(self, server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self._shedding = server.chat.shedding
        monkeypatch.setattr(self._shedding, "look", lambda load: self._shedding.step)

    def is_too_much_for(self, step: Shed) -> None:
        self._shedding.step = step


@pytest.fixture
def burden(server: Running, monkeypatch: pytest.MonkeyPatch) -> Burden:
    return Burden(server, monkeypatch)


async def test_first_nobody_is_told_who_types_and_all_else_goes_on(server: Running, burden: Burden) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        await trust(server, ann, bob)
        burden.is_too_much_for(Shed.SIGNALS)
        assert await ann.does("typing", room="lobby") == {}
        await ann.says("hello")
        await bob.hears("hello")
        for verb, fields in READING.items():
            await bob.does(verb, **fields)
        assert not server.chat.typing.is_typing("lobby", ann.me["id"])
        burden.is_too_much_for(Shed.NOTHING)
        await ann.does("typing", room="lobby")
        await bob.gets("typing", lambda signal: bool(signal["people"]))
        assert len([signal for signal in bob.signals if signal["type"] == "typing" and signal["people"]]) == 1


async def test_who_came_meanwhile_is_told_when_it_is_over(server: Running, burden: Burden) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        await ann.gets("presence")
        burden.is_too_much_for(Shed.SIGNALS)
        async with Guest.arrives(server.url, "Bob") as bob:
            await bob.says("I am here")
            await ann.hears("I am here")
            assert not _told_of(ann, bob)
            burden.is_too_much_for(Shed.NOTHING)
            await ann.gets("presence", lambda signal: bob.me["id"] in [person["id"] for person in signal["here"]])


async def test_then_reading_is_refused_and_posting_goes_on(server: Running, burden: Burden) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        await trust(server, ann, bob)
        burden.is_too_much_for(Shed.READING)
        for verb, fields in READING.items():
            with pytest.raises(Refused) as refused:
                await ann.does(verb, **fields)
            assert (refused.value.code, refused.value.problem["retry"]) == ("overloaded", True)
            assert refused.value.problem["retry_after_s"] > 0
            assert "Try again in 3 s" in refused.value.problem["words"]
        await ann.says("hello")
        await bob.hears("hello")
        burden.is_too_much_for(Shed.NOTHING)
        for verb, fields in READING.items():
            await ann.does(verb, **fields)


async def test_newcomers_wait_before_a_guest_is_made_of_them(
    server: Running, http: httpx2.AsyncClient, burden: Burden
) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        burden.is_too_much_for(Shed.READING)
        for answer in (await http.get("/"), await http.post("/api/guests", json={})):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
            assert "The server has too much to do." in answer.text
            assert "set-cookie" not in answer.headers
        burden.is_too_much_for(Shed.NOTHING)
        assert len((await ann.does("members", room="lobby"))["members"]) == 1


async def test_last_posting_is_refused_and_the_same_key_is_one_message_afterwards(
    server: Running, burden: Burden
) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        burden.is_too_much_for(Shed.POSTING)
        with pytest.raises(Refused, match="overloaded"):
            await ann.says("hello", key="k1")
        burden.is_too_much_for(Shed.NOTHING)
        await ann.says("hello", key="k1")
        await ann.says("hello", key="k1")
        await bob.hears("hello")
        assert bob.texts() == ["hello"]


async def test_uploads_are_refused_when_posts_are_and_what_is_posted_can_be_read(ann: Uploader, burden: Burden) -> None:
    info = await ann.uploads(b"before")
    await ann.posts(info["id"])
    burden.is_too_much_for(Shed.POSTING)
    assert "Try again in 3 s" in refused_by(await ann.sends(b"meanwhile"), 503, "overloaded")
    assert (await ann.reads(info["id"])).content == b"before"
    burden.is_too_much_for(Shed.NOTHING)
    await ann.uploads(b"afterwards")


async def test_what_was_accepted_is_acknowledged_whatever_comes_then(server: Running, burden: Burden) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        begun, go_on = asyncio.Event(), asyncio.Event()
        write = server.chat.store.write

        async def slowly(function):  # type: ignore[no-untyped-def]
            begun.set()
            await go_on.wait()
            return await write(function)

        server.chat.store.write = slowly  # type: ignore[method-assign]
        saying = asyncio.create_task(ann.says("hello"))
        await begun.wait()
        burden.is_too_much_for(Shed.POSTING)
        go_on.set()
        assert await saying > 0
        await bob.hears("hello")


async def test_a_form_that_is_refused_gives_back_what_was_written(
    server: Running, browser: httpx2.AsyncClient, burden: Burden
) -> None:
    await browser.get("/")
    burden.is_too_much_for(Shed.POSTING)
    answer = await browser.post("/r/lobby/post", data={"text": "a long <letter>", "key": "k1"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "a long &lt;letter&gt;</textarea>" in answer.text


async def test_overload_is_one_line_in_the_log_when_it_begins_and_one_when_it_ends(
    server: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = 6_000
    sizes = server.chat.store.load().batch_sizes
    monkeypatch.setattr(server.chat.store, "load", lambda: StoreLoad(waiting, 7, sizes))
    async with httpx2.AsyncClient(base_url=server.url, headers=HERE) as http:
        with caplog.at_level(logging.WARNING, logger="hubbub.app"):
            for _ in range(3 * RISES_AFTER):
                server.chat._look(0.25)
            samples = await metrics_of(http)
            assert samples[("hubbub_shedding",)] == Shed.POSTING
            assert (samples[("hubbub_writes_waiting",)], samples[("hubbub_reads_waiting",)]) == (6_000, 7)
            waiting = 0
            for _ in range(4 * FALLS_AFTER):
                server.chat._look(0)
            assert (await metrics_of(http))[("hubbub_shedding",)] == Shed.NOTHING
    began, ended = (record.getMessage() for record in caplog.records)
    assert "6000 writes and 7 reads wait; posting left out" in began
    assert "has ended" in ended


async def test_reads_that_wait_are_counted_until_they_are_done(server: Running, tmp_path: Path) -> None:
    store = server.chat.store
    reading = [asyncio.create_task(store.read(lambda reader: reader.epoch())) for _ in range(50)]
    await asyncio.sleep(0)
    assert store.load().reads_waiting >= 50
    await asyncio.gather(*reading)
    await eventually(lambda: store.load().reads_waiting == 0)


async def trust(server: Running, *people: Guest) -> None:
    """With whatever one may ask."""
    for person in people:
        await server.chat.store.write(lambda tx, who=person.me["id"]: tx.set_role(who, "owner"))  # type: ignore[misc]


def _told_of(one: Guest, other: Guest) -> bool:
    presence = (signal for signal in one.signals if signal["type"] == "presence")
    return any(person["id"] == other.me["id"] for signal in presence for person in signal["here"])
