"""Going away and coming back: nothing missed, nothing twice."""

import asyncio
import random
import threading

import pytest

from hubbub.core.models import Person
from hubbub.protocol import AnyCommand, Join, Leave
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.journeys.conftest import Serve

LONG = "x" * 7900
MANY = 1500
"""So many long texts do not fit into the kernel's buffers between two sockets of one machine."""


async def test_one_who_returns_gets_exactly_what_was_missed(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        await ann.says("before")
        await bob.hears("before")
        await bob.drops()
        seq = await ann.says("while away")
        await ann.does("react", room="lobby", message=seq, emoji="🌊")
        await bob.returns()
        await ann.says("after")
        await bob.hears("after")
        assert bob.texts() == ["before", "while away", "after"]
        await bob.hears_of("reaction.added", message=seq)


async def test_a_longer_absence_is_read_from_the_log(serving: Serve) -> None:
    async with (
        serving(ring_size=5) as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Bob") as bob,
    ):
        await bob.drops()
        for number in range(500):
            await ann.says(f"m{number}")
        await bob.returns()
        await bob.hears("m499")
        assert bob.texts() == [f"m{number}" for number in range(500)]


async def test_too_long_an_absence_is_answered_by_an_honest_reset(serving: Serve) -> None:
    async with (
        serving(replay_limit=20) as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Bob") as bob,
    ):
        await bob.drops()
        for number in range(30):
            await ann.says(f"m{number}")
        await bob.returns()
        reset = await bob.gets("reset")
        assert reset["room"] == "lobby"
        assert reset["seq"] == reset["summary"]["head"] == ann.cursors["lobby"]
        assert (reset["summary"]["id"], reset["summary"]["unread"]) == ("lobby", 30)
        await ann.says("now")
        await bob.hears("now")
        assert bob.texts() == ["now"]


@pytest.mark.parametrize("cursor", [10**6, 2**53 - 1])
async def test_a_cursor_ahead_of_the_log_is_reset(server: Running, cursor: int) -> None:
    async with Guest.arrives(server.url) as ann:
        await ann.drops()
        await ann.returns({"lobby": cursor})
        assert (await ann.gets("reset"))["seq"] == ann.welcome["rooms"][0]["head"]


async def test_a_cursor_of_another_log_is_reset(server: Running) -> None:
    async with Guest.arrives(server.url) as ann:
        await ann.drops()
        ann.epoch = "another"
        await ann.returns()
        await ann.gets("reset")


async def test_a_restart_is_only_an_absence(serving: Serve) -> None:
    async with serving() as server:
        ann = await Guest.registers(server.url, "Ann")
        bob = await Guest.registers(server.url, "Bob")
        await ann.returns()
        await bob.returns()
        await ann.says("before the restart")
        await bob.hears("before the restart")
        await server.chat.drain()
        assert (await ann.gets("restarting"))["retry_in_ms"] >= 0
        with pytest.raises(Refused) as refused:
            await ann.says("too late")
        assert refused.value.problem["retry"] is True
    await bob.waits_until(lambda: bob.close_code is not None)
    assert bob.close_code == 1012
    async with serving() as server:
        ann.url = bob.url = server.url
        await ann.returns()
        await ann.says("after the restart")
        await bob.returns()
        await bob.hears("after the restart")
        assert bob.texts() == ["before the restart", "after the restart"]
        await ann.drops()
        await bob.drops()


@pytest.mark.parametrize("seed", range(3))
async def test_people_who_come_and_go_at_random_hear_everything_once(serving: Serve, seed: int) -> None:
    chance = random.Random(seed)
    async with serving(ring_size=16, presence_grace_s=0) as server:
        ann = await Guest.registers(server.url, "Ann")
        await ann.returns()
        people = [await Guest.registers(server.url) for _ in range(8)]
        for person in people:
            await person.returns()

        async def wander(person: Guest) -> None:
            for _ in range(12):
                await asyncio.sleep(chance.random() / 50)
                await person.drops()
                await asyncio.sleep(chance.random() / 50)
                await person.returns()

        async def talk() -> None:
            for number in range(300):
                await ann.says(f"m{number}")

        await asyncio.gather(talk(), *(wander(person) for person in people))
        for person in people:
            await person.hears("m299")
            assert person.texts() == [f"m{number}" for number in range(300)]
        for person in [ann, *people]:
            await person.drops()


async def test_nobody_waits_for_one_who_does_not_read(serving: Serve) -> None:
    async with (
        serving(outlet_buffer_bytes=65_536, replay_limit=2 * MANY) as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Bob") as bob,
        Guest.arrives(server.url, "Slow") as slow,
    ):
        assert slow._socket is not None
        slow._socket.transport.pause_reading()
        for number in range(MANY):
            await ann.says(f"{number} {LONG}")
        await bob.hears(f"{MANY - 1} {LONG}")
        behind = [c for c in server.chat.hub.connections() if c.person.name == "Slow"]
        assert [list(c.behind) for c in behind] == [["lobby"]]
        assert behind[0].outlet.buffered() < 2 * 65_536
        slow._socket.transport.resume_reading()
        await slow.hears(f"{MANY - 1} {LONG}")
        assert len(slow.texts()) == MANY
        await ann.says("and live again")
        await slow.hears("and live again")


async def test_one_who_is_reset_in_mid_connection_is_told_how_the_room_is_now(serving: Serve) -> None:
    async with (
        serving(outlet_buffer_bytes=65_536, replay_limit=50) as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Slow") as slow,
    ):
        room = (await ann.does("create", name="Plans"))["id"]
        await slow.does("join", room=room)
        await slow.gets("joined")
        assert slow._socket is not None
        slow._socket.transport.pause_reading()
        [behind] = [c for c in server.chat.hub.connections() if c.person.name == "Slow"]
        number = 0
        async with asyncio.timeout(60):
            while room not in behind.behind or not server.chat.hub.is_too_far_behind(behind, room):
                await ann.says(f"{number} {LONG}", room)
                number += 1
        await ann.does("rename", room=room, name="Other plans")
        slow._socket.transport.resume_reading()
        reset = await slow.gets("reset")
        assert reset["room"] == room
        assert reset["seq"] == reset["summary"]["head"] == ann.cursors[room]
        assert (reset["summary"]["name"], reset["summary"]["unread"]) == ("Other plans", 100)
        await ann.says("and live again", room)
        await slow.hears("and live again", room)


async def test_one_who_reads_nothing_at_all_is_cut(serving: Serve) -> None:
    async with (
        serving(outlet_buffer_bytes=65_536, stall_timeout_s=0.5) as server,
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Stuck") as stuck,
    ):
        assert stuck._socket is not None
        stuck._socket.transport.pause_reading()
        number = 0
        async with asyncio.timeout(30):
            while any(c.person.name == "Stuck" for c in server.chat.hub.connections()):
                await ann.says(f"{number} {LONG}")
                number += 1
        await ann.says("fine")
        await ann.hears("fine")


async def in_one_commit(server: Running, me: Person, *commands: AnyCommand) -> None:
    """Has several commands of a person done in one transaction, as may happen with two tabs."""
    gate = threading.Event()
    busy = asyncio.create_task(server.chat.store.write(lambda tx: gate.wait()))
    doing = [asyncio.create_task(server.chat.perform(me, command)) for command in commands]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(busy, *doing)


@pytest.mark.parametrize("verbs", [[Join, Leave], [Join, Leave, Join], [Join, Leave, Join, Leave]])
async def test_one_who_joins_and_leaves_in_one_moment_is_where_the_log_says(
    server: Running, verbs: list[type[Join] | type[Leave]]
) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        room = (await ann.does("create", name="Plans"))["id"]
        me = Person.model_validate(bob.me)
        await in_one_commit(server, me, *(verb(id=0, room=room) for verb in verbs))
        await ann.says("after that", room)
        await ann.says("in the lobby")
        await bob.hears("in the lobby")
        if verbs[-1] is Join:
            await bob.hears("after that", room)
        else:
            assert room not in bob.events
