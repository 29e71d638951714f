"""The socket against input that no honest client sends: each gets a clear answer, the room is undisturbed."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hubbub.core.models import Person, RoomSummary
from hubbub.protocol import Envelope, Join, Joined
from hubbub.testing.people import PATIENCE_S, Guest, Refused
from hubbub.testing.server import Running


@pytest.fixture
async def ann(server: Running) -> AsyncIterator[Guest]:
    async with Guest.arrives(server.url, "Ann") as guest:
        yield guest


@pytest.fixture
async def bob(server: Running) -> AsyncIterator[Guest]:
    async with Guest.arrives(server.url, "Bob") as guest:
        yield guest


def frame(**fields: Any) -> str:
    return json.dumps({"type": "post", "id": 99, "room": "lobby", "text": "hi", **fields})


BROKEN = {
    "not JSON": "hello",
    "an array": "[1, 2]",
    "a number": "7",
    "two objects": '{"type":"here","id":99,"room":"lobby"}{"type":"here","id":99,"room":"lobby"}',
    "deep nesting": "[" * 30_000,
    "deep nesting in a field": frame(text=None).replace("null", "[" * 500 + "]" * 500),
    "an unknown type": frame(type="explode"),
    "no type": '{"id":99,"room":"lobby"}',
    "an unknown field": frame(is_admin=True),
    "a field of the server's": frame(seq=1),
    "text that is a number": frame(text=7),
    "text that is null": frame(text=None),
    "empty text": frame(text=""),
    "blank text": frame(text=" \u200b\n "),
    "text of 8,001 characters": frame(text="x" * 8001),
    "NUL": frame(text="a\0b"),
    "an escape sequence": frame(text="\x1b[31mred"),
    "a C1 control": frame(text="a\x85b"),
    "a lone surrogate": frame(text="a\ud800b"),
    "a room that cannot be": frame(room="../etc"),
    "a key with spaces": frame(key="a key"),
    "a key too long": frame(key="k" * 65),
    "seq as a string": frame(type="edit", message="1"),
    "a negative seq": frame(type="edit", message=-1),
    "a fraction": frame(type="edit", message=1.5),
    "a seq beyond 2^53": frame(type="edit", message=2**53),
    "infinity": frame(type="edit", message=1).replace('"message": 1', '"message": 1e999'),
    "a boolean for a number": frame(type="edit", message=True),
    "what is no emoji": frame(type="react", message=1, text=None).replace('"text": null', '"emoji": "haha"'),
    "hello twice": json.dumps({"type": "hello", "version": 1}),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_frame_gets_an_error_and_the_connection_lives(ann: Guest, bob: Guest, what: str) -> None:
    assert ann._socket is not None
    await ann._socket.send(BROKEN[what])
    seq = await ann.says("still here")
    await bob.hears("still here")
    assert bob.texts() == ["still here"]
    errors = [s for s in ann.signals if s["type"] == "error"]
    assert len(errors) == 1
    assert errors[0]["code"] in {"invalid", "empty_text", "bad_emoji", "message_not_found"}
    assert errors[0]["retry"] is False
    assert errors[0]["words"]
    assert seq


async def test_the_error_carries_the_id_of_the_command(ann: Guest) -> None:
    with pytest.raises(Refused) as refused:
        await ann.sends(frame(id=4711, nonsense=1), 4711)
    assert refused.value.code == "invalid"
    assert "nonsense" in refused.value.problem["words"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"\0\1binary", 1003), ("x" * 65_537, 1009)],
    ids=["a binary frame", "a frame over 64 KiB"],
)
async def test_what_cannot_be_answered_closes_with_the_right_code(
    ann: Guest, bob: Guest, payload: str | bytes, code: int
) -> None:
    assert ann._socket is not None
    await ann._socket.send(payload)
    await ann.waits_until(lambda: ann.close_code is not None)
    assert ann.close_code == code
    await bob.says("undisturbed")
    await bob.hears("undisturbed")


async def test_80_invalid_utf_8_closes_with_1007(ann: Guest, bob: Guest) -> None:
    assert ann._socket is not None
    await ann._socket.send(b"\xff\xfe", text=True)
    await ann.waits_until(lambda: ann.close_code is not None)
    assert ann.close_code == 1007
    await bob.says("undisturbed")
    await bob.hears("undisturbed")


async def test_who_posts_once_waits_for_one_post_of_a_flood_and_not_for_all(
    server: Running, ann: Guest, bob: Guest
) -> None:
    """Each connection hands the writer one command at a time."""
    gate = threading.Event()
    busy = asyncio.create_task(server.chat.store.write(lambda tx: gate.wait(PATIENCE_S)))
    flood = [asyncio.create_task(ann.says(f"a{n}")) for n in range(50)]
    one = asyncio.create_task(bob.says("b"))
    async with asyncio.timeout(PATIENCE_S):
        while server.chat.store._writer._unfinished < 3:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
    gate.set()
    await busy
    seqs = [await said for said in flood]
    assert seqs == sorted(seqs)
    assert await one <= seqs[1]


async def raw(server: Running, guest: Guest | None = None, **headers: str) -> ClientConnection:
    if guest:
        headers["Authorization"] = f"Bearer {guest.token}"
    return await connect(server.url.replace("http", "ws") + "/ws", additional_headers=headers)


async def closed_with(socket: ClientConnection) -> tuple[int, str]:
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return closed.rcvd.code, closed.rcvd.reason


@pytest.mark.parametrize(
    "first",
    [
        None,
        "hello",
        frame(),
        json.dumps({"type": "hello", "version": 2}),
        json.dumps({"type": "hello", "version": 1, "cursors": {"lobby": -1}}),
        json.dumps({"type": "hello", "version": 1, "cursors": {f"room-{n}": 1 for n in range(501)}}),
    ],
    ids=["nothing in time", "not JSON", "a command", "another version", "a bad cursor", "too many cursors"],
)
async def test_04_a_connection_must_begin_with_a_good_hello(server: Running, ann: Guest, first: str | None) -> None:
    socket = await raw(server, ann)
    if first:
        await socket.send(first)
    code, reason = await closed_with(socket)
    assert code == 4400
    assert reason


async def test_without_a_session_the_socket_closes_with_4401(server: Running) -> None:
    assert (await closed_with(await raw(server)))[0] == 4401
    assert (await closed_with(await raw(server, Authorization="Bearer nonsense")))[0] == 4401


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "https://{host}",
        "http://{host}.evil.example",
        "http://evil.{host}",
        "http://user@{host}",
        "http://{host}/",
        "HTTP://{host}",
    ],
)
async def test_01_a_foreign_page_cannot_connect(server: Running, ann: Guest, origin: str) -> None:
    own = server.url.removeprefix("http://")
    with pytest.raises(InvalidStatus) as refused:
        await raw(server, Cookie=f"hubbub_session={ann.token}", Origin=origin.format(host=own))
    assert refused.value.response.status_code == 403


async def test_news_of_a_room_that_the_welcome_had_already_are_not_told_again(server: Running, ann: Guest) -> None:
    """Who connects reads a commit of another tab before the news of it have come. Told after the room's events, they
    would show the first of these again (found by `hubbub torture`)."""
    bob = await Guest.registers(server.url, "Bob")
    room = (await ann.does("create", name="Plans"))["id"]
    await bob.returns()
    joined = await bob.does("join", room=room)
    tab = bob.another_tab()
    await tab.returns()
    summary = next(summary for summary in tab.welcome["rooms"] if summary["id"] == room)
    news = Joined(room=RoomSummary.model_validate(summary)).model_dump_json()
    late = Envelope(person=bob.me["id"], room=room, seq=joined["seq"], membership="joined", frame=news)
    server.chat.bus.publish(late)
    await ann.says("what now?", room=room)
    await tab.hears("what now?", room=room)
    assert [signal for signal in tab.signals if signal["type"] == "joined"] == []
    assert [event["seq"] for event in tab.events[room]] == [joined["seq"] + 1]
    for one in (tab, bob):
        await one.drops()


async def test_a_room_joined_while_one_connects_is_not_missed(
    server: Running, ann: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her other tab joins just after the new connection has read in which rooms she is."""
    read = server.chat.people.greet
    cleo = await Guest.registers(server.url, "Cleo")
    await ann.does("create", name="Plans")
    reads = 0

    async def read_and_join(person: str, session: str) -> tuple[Person, list[RoomSummary]]:
        nonlocal reads
        me, rooms = await read(person, session)
        reads += 1
        if reads == 1:
            await server.chat.perform(me, Join(id=0, room="plans"))
        return me, rooms

    monkeypatch.setattr(server.chat.people, "greet", read_and_join)
    await cleo.returns()
    await ann.says("who has come?", room="plans")
    await cleo.hears("who has come?", room="plans")
    await cleo.drops()


async def test_a_connection_is_greeted_as_who_its_person_is_now(server: Running, ann: Guest) -> None:
    """Not as who they were when the server last looked."""
    socket = await raw(server, ann)
    await ann.does("name", name="Anna")
    await socket.send(json.dumps({"type": "hello", "version": 1}))
    assert json.loads(await socket.recv())["me"]["name"] == "Anna"
    await socket.close()


async def test_a_session_that_was_used_lately_and_has_ended_is_not_greeted(server: Running, ann: Guest) -> None:
    socket = await raw(server, ann)
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {ann.token}"}) as http:
        assert (await http.delete(f"{server.url}/api/sessions/current")).status_code == 200
    late = await raw(server, ann)
    for one in (socket, late):
        await one.send(json.dumps({"type": "hello", "version": 1}))
        assert await closed_with(one) == (4401, "Nobody is signed in.")
    people = server.chat.people
    assert people.who_lately(ann.token) is not None
    assert await people.who(ann.token) is None
    assert people.who_lately(ann.token) is None


async def test_only_so_many_sessions_are_kept_in_mind(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    people = server.chat.people
    monkeypatch.setattr("hubbub.service.people.LATELY_MAX", 2)
    first, second, third = [(await people.arrive(name))[1] for name in ("One", "Two", "Three")]
    assert [people.who_lately(token) is not None for token in (first, second, third)] == [False, True, True]
    people.who_lately(second)
    await people.who(first)
    assert [people.who_lately(token) is not None for token in (first, second, third)] == [True, True, False]
    assert people.who_lately("nobody's") is None
    later = people._context.now() + 3_600_001
    monkeypatch.setattr(people, "_context", replace(people._context, now=lambda: later))
    assert people.who_lately(first) is None


async def test_02_the_cookie_counts_only_with_the_own_origin(server: Running, ann: Guest) -> None:
    cookie = f"hubbub_session={ann.token}"
    assert (await closed_with(await raw(server, Cookie=cookie)))[0] == 4401
    socket = await raw(server, Cookie=cookie, Origin=server.url)
    await socket.send(json.dumps({"type": "hello", "version": 1}))
    assert json.loads(await socket.recv())["me"]["name"] == "Ann"
    await socket.close()


async def test_more_commands_than_may_wait_are_refused_and_none_is_lost(server: Running, ann: Guest) -> None:
    assert ann._socket is not None
    for number in range(1000, 1400):
        await ann._socket.send(frame(id=number, text=f"m{number}"))

    def answered() -> int:
        return len(ann.texts()) + sum(s["type"] == "error" for s in ann.signals)

    await ann.waits_until(lambda: answered() == 400)
    refused = {s["id"] for s in ann.signals if s["type"] == "error"}
    assert {s["code"] for s in ann.signals if s["type"] == "error"} <= {"rate_limited"}
    assert ann.texts() == [f"m{number}" for number in range(1000, 1400) if number not in refused]


async def test_posting_too_fast_is_refused_with_the_time_to_wait(tmp_path: Any) -> None:
    from hubbub.settings import Settings
    from hubbub.testing.server import serve

    settings = Settings(data=tmp_path, posts_per_second=0.01, posts_burst=2)
    async with serve(settings) as server, Guest.arrives(server.url) as ann:
        await ann.says("one")
        await ann.says("two")
        with pytest.raises(Refused) as refused:
            await ann.says("three")
        assert refused.value.code == "rate_limited"
        assert refused.value.problem["retry"] is True
        assert 0 < refused.value.problem["retry_after_s"] <= 100
        tab = ann.another_tab()
        await tab.returns()
        with pytest.raises(Refused, match="rate_limited"):
            await tab.says("three, from another tab")
        await tab.drops()


async def test_a_person_has_one_limit_for_commands_however_many_connections(tmp_path: Any) -> None:
    from hubbub.settings import Settings
    from hubbub.testing.server import serve

    settings = Settings(data=tmp_path, commands_per_second=0.001, commands_burst=4)
    async with serve(settings) as server, Guest.arrives(server.url) as ann, Guest.arrives(server.url) as bob:
        tab = ann.another_tab()
        await tab.returns()
        for person in (ann, tab, ann, tab):
            await person.does("members", room="lobby")
        for person in (ann, tab):
            with pytest.raises(Refused, match="rate_limited"):
                await person.does("members", room="lobby")
        await bob.does("members", room="lobby")
        await tab.drops()


async def test_all_people_together_write_so_much_into_one_room_and_another_room_is_free(tmp_path: Any) -> None:
    from hubbub.settings import Settings
    from hubbub.testing.server import serve

    settings = Settings(data=tmp_path, room_posts_per_second=0.01, room_posts_burst=3)
    async with serve(settings) as server, Guest.arrives(server.url) as ann, Guest.arrives(server.url) as bob:
        with pytest.raises(Refused, match="empty_text"):
            await ann.says(" ")  # what is not written does not count
        seq = await ann.says("one")
        await bob.says("two")
        await bob.does("react", room="lobby", message=seq, emoji="👍")
        for verb in ({"text": "three"}, {"text": "four"}):
            with pytest.raises(Refused, match="Much is written in this room now") as refused:
                await ann.does("post", room="lobby", **verb)
            assert refused.value.code == "rate_limited"
            assert 0 < refused.value.problem["retry_after_s"] <= 100
        await ann.does("delete", room="lobby", message=seq)  # what takes something back is always possible
        room = (await ann.does("create", name="Tea"))["id"]
        await ann.says("three", room=room)
        for _ in range(5):
            with pytest.raises(Refused, match="not_a_member"):
                await bob.says("I may not write here", room=room)
        await ann.says("four", room=room)


async def test_a_deleted_text_is_in_no_frame_that_anybody_gets_later(server: Running, ann: Guest) -> None:
    async with httpx2.AsyncClient() as http:
        seq = await ann.says("canary-5719 secret")
        await ann.does("edit", room="lobby", message=seq, text="canary-5719 second")
        await ann.says("about it", reply_to=seq)
        await ann.does("delete", room="lobby", message=seq)
        late = await Guest.registers(server.url, "Late")
        await late.returns({"lobby": 0})
        await late.hears_of("message.deleted", message=seq)
        page = await http.get(
            f"{server.url}/api/rooms/lobby/messages", headers={"Authorization": f"Bearer {late.token}"}
        )
        await late.drops()
        assert "canary" not in json.dumps([late.events, late.welcome]) + page.text
        files = b"".join(file.read_bytes() for file in server.chat.settings.data.iterdir() if file.is_file())
        assert b"about it" in files
