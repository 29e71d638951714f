"""A whole Hubbub seen by the tutorial's clients, over real sockets, row by row (D-xx)."""

import asyncio
import json
from typing import Any

import pytest
from tutorial_people import (
    Hubbub,
    Server,
    Talker,
    in_batches,
    many_files,
    member,
    silent_reader,
    talkers,
    until,
)
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hubbub.errors import Unavailable


async def refused(address: str, **options: Any) -> int:
    """The HTTP status of a refused handshake."""
    with pytest.raises(InvalidStatus) as refusal:
        await connect(address, **options)
    return refusal.value.response.status_code


# What must stay ---------------------------------------------------------------------------------------------


async def test_d13_nobody_is_told_anything_on_connecting(server: Server) -> None:
    async with talkers(server, 1) as (ann,):
        await ann.says("before")
        await ann.hears("You wrote: before", "Client #1 says: before")
        async with talkers(server, 2) as (bob,):
            await ann.says("after")
            await ann.hears("You wrote: after", "Client #1 says: after")
            await bob.hears("Client #1 says: after")


async def test_d14_the_sender_reads_both_lines_and_the_others_one(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says("hi")
        await ann.hears("You wrote: hi", "Client #1 says: hi")
        await bob.hears("Client #1 says: hi")


async def test_d16_everybody_reads_the_same_order_and_each_ones_lines_in_theirs(server: Server) -> None:
    async with talkers(server, 1, 2, 3) as people:

        async def talk(person: Talker) -> None:
            for number in range(40):
                await person.says(str(number))

        await asyncio.gather(*map(talk, people))
        heard = [[line for line in [str(await p.next()) for _ in range(160)] if "says" in line] for p in people]
        assert heard[0] == heard[1] == heard[2]
        for person in people:
            mine = [line for line in heard[0] if line.startswith(person.name)]
            assert mine == [f"{person.name} says: {number}" for number in range(40)]


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200b"])
async def test_d17_an_empty_text_is_passed_on_and_is_no_message(server: Server, text: str) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says(text)
        await ann.hears(f"You wrote: {text}", f"Client #1 says: {text}")
        await bob.hears(f"Client #1 says: {text}")
        assert await server.history() == []


@pytest.mark.parametrize("text", ["a\nb\tc", "<b>&amp;", "\u202eabc", "e\u0301\u0300", "👩‍👩‍👧 🏳️‍🌈", "**x** `y`"])
async def test_d18_texts_pass_unchanged(server: Server, text: str) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says(text)
        await ann.hears(f"You wrote: {text}", f"Client #1 says: {text}")
        await bob.hears(f"Client #1 says: {text}")
        assert await server.history() == [("Client #1", text)]


async def test_d18_control_characters_are_dropped(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says("a\0b\x1bc")
        await bob.hears("Client #1 says: abc")


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


async def test_d19_what_is_said_right_before_leaving_is_heard_before_it(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        for number in range(50):
            await ann.says(str(number))
        await ann.leaves()
        await bob.hears(*(f"Client #1 says: {number}" for number in range(50)), "Client #1 left the chat")


@pytest.mark.parametrize("client_id", ["abc", "1.5", "0x10", "", "1/2", "1" * 51, "-" + "1" * 51])
async def test_d21_what_is_no_integer_is_refused_with_403(server: Server, client_id: str) -> None:
    assert await refused(server.address(client_id)) == 403


@pytest.mark.parametrize(
    ("client_id", "shown"),
    [
        ("-5", "-5"),
        ("+7", "7"),
        ("007", "7"),
        ("%201%20", "1"),
        ("1" * 30, "1" * 30),
        ("-" + "1" * 50, "-" + "1" * 50),
    ],
)
async def test_d22_odd_integers_are_shown_in_canonical_form(server: Server, client_id: str, shown: str) -> None:
    async with talkers(server, client_id) as (ann,):
        await ann.says("hi")
        await ann.hears("You wrote: hi", f"Client #{shown} says: hi")


@pytest.mark.parametrize("text", ["x" * 8001, "x" * 70_000], ids=["message", "frame"])
async def test_d28_an_oversized_message_closes_its_sender_with_1009(server: Server, text: str) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says(text)
        await bob.hears("Client #1 left the chat")
        assert (await ann.closed())[0] == 1009


async def test_d28_the_longest_message_is_heard(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says("ä" * 8000)
        await bob.hears("Client #1 says: " + "ä" * 8000)


async def test_d42_a_thousand_clients_hear_one_message(hubbub: Hubbub) -> None:
    with many_files(8000):
        async with hubbub() as server:
            options = {"compression": None, "ping_interval": None}
            sockets = await in_batches([connect(server.address(n), **options) for n in range(1000)])
            await sockets[500].send("hello, all")
            assert await sockets[500].recv() == "You wrote: hello, all"
            heard = await asyncio.gather(*(each.recv() for each in sockets))
            assert heard == ["Client #500 says: hello, all"] * 1000
            for each in sockets:
                each.transport.abort()
            await in_batches([each.wait_closed() for each in sockets])
            await until(lambda: server.handlers == 0)


async def test_somebody_who_only_listens_is_not_written_down(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, _bob):
        await ann.says("hi")
        await ann.hears("You wrote: hi", "Client #1 says: hi")
        known = await server.chat.store.read(lambda reader: [reader.person(f"client-{n}") for n in (1, 2)])
        assert known[0].name == "Client #1"
        assert known[1] is None


# Both directions --------------------------------------------------------------------------------------------


async def test_a_tutorial_client_and_a_named_person_talk_to_each_other(server: Server) -> None:
    async with talkers(server, 1) as (ann,), member(server, "Bob") as bob:
        await ann.says("hi **you**")
        while (event := json.loads(await bob.next()))["type"] != "message.posted":
            pass
        assert event["by"] == {"id": "client-1", "name": "Client #1"}
        assert event["text"] == "hi **you**"
        await bob.says(json.dumps({"type": "post", "id": 1, "room": "lobby", "text": "hello"}))
        await ann.hears("You wrote: hi **you**", "Client #1 says: hi **you**", "Bob says: hello")
        assert await server.history() == [("Client #1", "hi **you**"), ("Bob", "hello")]


# What must be better ----------------------------------------------------------------------------------------


async def test_d24_of_two_sockets_with_one_id_only_the_last_one_leaves(server: Server) -> None:
    async with talkers(server, 1, 1, 2) as (first, second, bob):
        await first.leaves()
        await until(lambda: server.handlers == 2)
        await second.says("still here")
        await bob.hears("Client #1 says: still here")
        await second.leaves()
        await bob.hears("Client #1 left the chat")


async def test_d25_a_session_does_not_speak_through_this_door(server: Server) -> None:
    token = await server.token_of_a_guest("Bob")
    headers = {"Cookie": f"hubbub_session={token}", "Authorization": f"Bearer {token}"}
    async with talkers(server, 1, additional_headers=headers) as (ann,):
        await ann.says("I am Bob")
        await ann.hears("You wrote: I am Bob", "Client #1 says: I am Bob")
        assert await server.history() == [("Client #1", "I am Bob")]


async def test_d26_pages_of_other_sites_are_refused(hubbub: Hubbub) -> None:
    async with hubbub(origins=["https://friend.example"]) as server:
        assert await refused(server.address(1), origin="https://evil.example") == 403
        async with (
            talkers(server, 1, origin="https://friend.example"),
            talkers(server, 2, origin=server.origin),
        ):
            assert server.handlers == 2


async def test_a_place_without_guests_has_no_tutorial_clients(hubbub: Hubbub) -> None:
    async with hubbub(guests=False) as server:
        assert await refused(server.address(1)) == 403


async def test_d30_d31_a_binary_frame_ends_its_sender_alone(server: Server) -> None:
    async with talkers(server, 1, 2) as (ann, bob):
        await ann.says(b"\0\1")
        assert (await ann.closed())[0] == 1003
        await bob.hears("Client #1 left the chat")
        async with talkers(server, 3) as (eve,):
            await eve.says("still here?")
            await bob.hears("Client #3 says: still here?")
            await bob.says("yes")
            await eve.hears("You wrote: still here?", "Client #3 says: still here?", "Client #2 says: yes")


async def test_d33_d34_a_client_that_stops_reading_stalls_nobody_and_is_cut(hubbub: Hubbub) -> None:
    async with (
        hubbub(stall_timeout_s=2.0, ping_interval_s=0.5, ping_timeout_s=1.5) as server,
        talkers(server, 1, 2) as (ann, bob),
        silent_reader(server, 3),
    ):
        said = 0
        lines: list[object] = []
        while "Client #3 left the chat" not in lines:
            await ann.says(f"{said} " + "x" * 7_900)
            lines.append(await bob.next())
            said += 1
        lines.remove("Client #3 left the chat")
        while len(lines) < said:
            lines.append(await bob.next())
        assert lines == [f"Client #1 says: {number} " + "x" * 7_900 for number in range(said)]
        await until(lambda: server.handlers == 2)


async def test_d33_a_client_that_reads_again_gets_what_it_missed(server: Server) -> None:
    async with talkers(server, 1, 2, receive_buffer=4096) as (ann, slow), talkers(server, 3) as (bob,):
        slow.websocket.transport.pause_reading()
        said = 0
        while not any(connection.behind for connection in server.chat.hub.connections()):
            await bob.says(f"{said} " + "x" * 7_900)
            await bob.next()
            await bob.next()
            said += 1
        slow.websocket.transport.resume_reading()
        await slow.hears(*(f"Client #3 says: {number} " + "x" * 7_900 for number in range(said)))
        await ann.says("and now live")
        await slow.hears("Client #1 says: and now live")


async def test_d35_somebody_who_vanished_is_noticed_by_the_pings(hubbub: Hubbub) -> None:
    async with (
        hubbub(ping_interval_s=0.3, ping_timeout_s=1.0) as server,
        talkers(server, 1) as (ann,),
        silent_reader(server, 2),
    ):
        await ann.hears("Client #2 left the chat")


async def test_d36_nobody_misses_a_message_while_others_come_and_go(server: Server) -> None:
    async with talkers(server, 1, 2, 3, 4, 5, 6) as (ann, *others):
        for number, other in enumerate(others[:4]):
            await asyncio.gather(ann.says(str(number)), other.leaves())
        heard = [str(await others[4].next()) for _ in range(8)]
        assert [line for line in heard if "says" in line] == [f"Client #1 says: {number}" for number in range(4)]
        assert len({line for line in heard if "left" in line}) == 4


async def test_d39_what_was_said_is_there_after_a_restart(hubbub: Hubbub) -> None:
    async with hubbub() as server, talkers(server, 1) as (ann,):
        await ann.says("remember me")
        await ann.hears("You wrote: remember me", "Client #1 says: remember me")
    async with hubbub() as server, talkers(server, 1) as (ann,):
        assert await server.history() == [("Client #1", "remember me")]
        await ann.says("again")
        await ann.hears("You wrote: again", "Client #1 says: again")


async def test_d41_a_quick_talker_is_slowed_down_and_loses_nothing(hubbub: Hubbub) -> None:
    async with hubbub(posts_per_second=40, posts_burst=5) as server, talkers(server, 1, 2) as (ann, bob):
        for number in range(30):
            await ann.says(str(number))
        await bob.hears(*(f"Client #1 says: {number}" for number in range(30)))


async def test_d41_a_flood_ends_its_sender_with_1008_and_a_reason(hubbub: Hubbub) -> None:
    async with hubbub(posts_per_second=5, posts_burst=10) as server, talkers(server, 1, 2) as (ann, bob):
        for number in range(2000):
            ann.websocket.protocol.send_text(str(number).encode())
        ann.websocket.transport.write(b"".join(ann.websocket.protocol.data_to_send()))
        assert await ann.closed() == (1008, "Too fast: your last messages were not passed on.")
        heard: list[object] = []
        while "Client #1 left the chat" not in heard:
            heard.append(await bob.next())
        assert heard[:-1] == [f"Client #1 says: {number}" for number in range(len(heard) - 1)]
        assert len(heard) < 100
        await bob.says("quiet again")
        await bob.hears("You wrote: quiet again", "Client #2 says: quiet again")


async def test_d41_empty_lines_are_slowed_down_as_well(hubbub: Hubbub) -> None:
    async with hubbub(posts_per_second=5, posts_burst=5) as server, talkers(server, 1) as (ann,):
        for _ in range(200):
            await ann.says("")
        assert (await ann.closed())[0] == 1008


async def test_what_cannot_be_stored_is_never_dropped_in_silence(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise Unavailable("The disk is full.")

    async with talkers(server, 1, 2) as (ann, bob):
        monkeypatch.setattr(server.chat, "perform", full)
        await ann.says("hi")
        assert await ann.closed() == (1013, "The disk is full.")
        await bob.hears("Client #1 left the chat")
