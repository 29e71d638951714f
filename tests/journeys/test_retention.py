"""Rooms that do not keep their messages for ever."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hubbub.core.models import LOBBY, SERVER
from hubbub.protocol import MessagePosted
from hubbub.store.checkup import Level, check_up
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.journeys.conftest import Serve
from tests.journeys.until import until

DAY = 86_400_000
AT = 1_700_000_000_000


async def old_messages(server: Running, author: Guest, count: int, text: str = "xylophone", room: str = LOBBY) -> int:
    """Posts messages as they would have been posted long ago; returns the last one's `seq`."""
    by = {"id": author.me["id"], "name": author.me["name"]}

    def post(tx: Any) -> int:
        frame = {"room": room, "seq": 0, "at": AT, "by": by}
        return [tx.append(MessagePosted.model_validate(frame | {"text": f"{text} {n}"})).seq for n in range(count)][-1]

    return await server.chat.store.write(post)


async def owner_of(server: Running, guest: Guest) -> None:
    await server.chat.store.write(lambda tx: tx.set_role(guest.me["id"], "owner"))


async def test_what_is_older_than_the_place_keeps_is_erased_everywhere_in_steps(serving: Serve) -> None:
    async with (
        serving() as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Bob") as bob,
    ):
        await owner_of(server, ann)
        last = await old_messages(server, ann, 250)
        young = await bob.says("young")
        await ann.does("react", room=LOBBY, message=last, emoji="👍")
        await ann.does("set_rules", retention_days=30)
        event = await bob.hears_of("messages.erased", up_to=last)
        assert event["by"] == SERVER.model_dump()
        assert sum(e["type"] == "messages.erased" for e in bob.events[LOBBY]) == 3
        history = await bob.does("history", room=LOBBY)
        assert ([m["seq"] for m in history["messages"]], history["more_before"]) == ([young], False)
        assert (await bob.does("search", text="xylophone"))["hits"] == []
        assert (await ann.does("rooms"))["rooms"][0]["unread"] <= 1
        with pytest.raises(Refused) as refused:
            await bob.does("react", room=LOBBY, message=last, emoji="👍")
        assert refused.value.code == "message_not_found"
        await ann.says("and on")
        await bob.hears("and on")
    data = server.chat.settings.data
    assert b"xylophone" not in b"".join(file.read_bytes() for file in data.glob("hubbub.db*"))
    assert [f.words for f in check_up(data / "hubbub.db", quick=False) if f.level is Level.PROBLEM] == []


async def test_a_room_may_keep_its_messages_longer_or_shorter_than_the_place(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        await owner_of(server, ann)
        rooms = [(await ann.does("create", name=name))["id"] for name in ("Tea", "Coffee")]
        for room in rooms:
            await old_messages(server, ann, 2, room=room)
        await ann.does("retention", room="tea", days=36_500)
        await ann.does("set_rules", retention_days=1)
        await ann.hears_of("messages.erased", "coffee")
        assert len((await ann.does("history", room="tea"))["messages"]) == 2
        await ann.does("retention", room="tea")
        await ann.hears_of("messages.erased", "tea")
        assert [entry["reason"] for entry in (await ann.does("audit", room="tea"))["entries"]] == [
            "as the place",
            "36500 days",
        ]


@pytest.mark.parametrize("ring_size", [0, 5, 1000])
async def test_whoever_returns_from_before_the_log_begins_gets_an_honest_reset(serving: Serve, ring_size: int) -> None:
    async with (
        serving(ring_size=ring_size) as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Bob") as bob,
    ):
        await bob.drops()
        last = await old_messages(server, ann, 20)
        await ann.says("young")
        await owner_of(server, ann)
        await ann.does("set_rules", retention_days=1)
        await ann.hears_of("messages.erased")
        await bob.returns()
        reset = await bob.gets("reset")
        assert reset["summary"]["unread"] == 1
        await ann.says("now")
        await bob.hears("now")
        assert "xylophone" not in str(bob.events)
        await bob.drops()
        await bob.returns({"lobby": last})
        await bob.hears_of("messages.erased")
        assert len([signal for signal in bob.signals if signal["type"] == "reset"]) == 1


async def test_a_node_that_lost_all_news_meanwhile_resets_its_people(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        publish = server.chat.bus.publish
        server.chat.bus.publish = lambda envelope: None  # type: ignore[method-assign]
        await old_messages(server, ann, 20)
        await owner_of(server, ann)
        await ann.does("set_rules", retention_days=1)
        server.chat.place = server.chat.place.model_copy(update={"retention_days": 1})
        server.chat._context.erasing.set()

        async def cut() -> bool:
            frames = await server.chat.store.read(lambda reader: reader.frames_after(LOBBY, 0, 1))
            return frames[0].seq > 1

        await until(cut)
        server.chat.bus.publish = publish  # type: ignore[method-assign]
        server.chat.relay._heal_soon(LOBBY)
        await bob.gets("reset")
        await ann.gets("reset")
        await ann.says("on and on")
        await bob.hears("on and on")
        assert "xylophone" not in str(bob.events)


async def test_the_wal_file_forgets_what_was_deleted_while_the_server_runs(
    serving: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.store.checkpoints.GATHER_S", 0.0)
    async with serving() as server, Guest.arrives(server.url, "Ann") as ann:
        seq = await ann.says("xylophone")
        data: Path = server.chat.settings.data

        def kept() -> bool:
            return b"xylophone" in b"".join(file.read_bytes() for file in data.glob("hubbub.db*"))

        assert await asyncio.to_thread(kept)
        await ann.does("delete", room=LOBBY, message=seq)

        async def forgotten() -> bool:
            return not await asyncio.to_thread(kept)

        await until(forgotten)
