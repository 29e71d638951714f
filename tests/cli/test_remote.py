"""`hubbub say`, `rooms`, `search` and `tail` at a terminal, against a running chat."""

import asyncio
import json
import re
import signal
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hubbub.core.models import LOBBY
from hubbub.protocol import MessagePosted
from hubbub.settings import Settings
from hubbub.store import Transaction
from hubbub.testing.people import Guest
from hubbub.testing.server import Running, serve
from tests.cli.conftest import PATIENCE_S, Check, Program, Terminal


@pytest.fixture
async def server(tmp_path: Path, terminal: Terminal) -> AsyncIterator[Running]:
    """A chat, where HUBBUB_URL points to."""
    fast: dict[str, Any] = {"posts_per_second": 1000, "posts_burst": 1000, "room_posts_burst": 1000}
    fast["room_posts_per_second"] = 1000
    async with serve(Settings(data=tmp_path / "data", **fast)) as running:
        terminal.environment["HUBBUB_URL"] = running.url
        yield running


@pytest.fixture
async def bob(server: Running) -> AsyncIterator[Guest]:
    async with Guest.arrives(server.url, "Bob") as guest:
        yield guest


async def follows(server: Running) -> None:
    """Waits until somebody else than Bob is live in the lobby."""
    async with asyncio.timeout(PATIENCE_S):
        while not any("lobby" in c.live for c in server.chat.hub.connections() if c.person.name != "Bob"):
            await asyncio.sleep(0.005)


def plain(program: Program) -> list[str]:
    """What a tail has printed of messages, without the time."""
    return [line.partition(" ")[2] for line in program.lines]


# say ---------------------------------------------------------------------------------------------------------


async def test_whoever_shows_a_token_is_that_person_and_never_a_guest(
    terminal: Terminal, bob: Guest, complaint: Check
) -> None:
    assert await terminal.run("say", "lobby", "it is me", "--token", bob.token) == (0, "", "")
    assert (await bob.hears("it is me"))["by"]["id"] == bob.me["id"]
    assert "Nobody is signed in" in complaint(await terminal.run("say", "lobby", "hi", "--token", "of nobody"))
    terminal.environment["HUBBUB_TOKEN"] = bob.token
    assert "joined" in (await terminal.run("rooms")).out
    assert not list((terminal.folder / "config").rglob("tokens.json"))


async def test_what_is_said_is_heard_under_the_name_that_was_given(terminal: Terminal, bob: Guest) -> None:
    assert await terminal.run("say", "lobby", "the kettle is on", "--as", "Ann") == (0, "", "")
    heard = await bob.hears("the kettle is on")
    assert heard["by"]["name"] == "Ann"


async def test_one_stays_the_same_person_and_may_take_another_name(terminal: Terminal, bob: Guest) -> None:
    await terminal.run("say", "lobby", "one", "--as", "Ann")
    await terminal.run("say", "lobby", "two")
    await terminal.run("say", "lobby", "three", "--as", "Anna")
    by = [(await bob.hears(text))["by"] for text in ("one", "two", "three")]
    assert [author["name"] for author in by] == ["Ann", "Ann", "Anna"]
    assert len({author["id"] for author in by}) == 1


async def test_the_token_is_kept_where_only_its_owner_reads_it(terminal: Terminal, server: Running) -> None:
    await terminal.run("say", "lobby", "hi")
    tokens = terminal.folder / "config" / "hubbub" / "tokens.json"
    assert list(json.loads(tokens.read_text())) == [server.url]
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600


@pytest.mark.parametrize("arguments", [["-"], []])
async def test_without_a_text_the_standard_input_is_said(terminal: Terminal, bob: Guest, arguments: list[str]) -> None:
    ended = await terminal.run("say", "lobby", *arguments, stdin="one\n  two\n")
    assert ended.code == 0
    await bob.hears("one\n  two")


@pytest.mark.parametrize("text", ["", " \n "])
async def test_nothing_is_not_said(terminal: Terminal, complaint: Check, server: Running, text: str) -> None:
    assert "nothing to say" in complaint(await terminal.run("say", "lobby", stdin=text))


async def test_a_room_is_found_by_id_or_name_and_joined(terminal: Terminal, bob: Guest) -> None:
    room = (await bob.does("create", name="Garden Plans"))["id"]
    await terminal.run("say", "garden plans", "by name")
    await bob.hears("by name", room)
    await terminal.run("say", room, "by id")
    await bob.hears("by id", room)


@pytest.mark.parametrize("command", [["say", "nowhere", "hi"], ["tail", "nowhere"]])
async def test_a_room_that_is_not_there_is_answered_by_some_that_are(
    terminal: Terminal, complaint: Check, bob: Guest, command: list[str]
) -> None:
    await bob.does("create", name="Garden Plans")
    words = complaint(await terminal.run(*command))
    assert "There is no room 'nowhere'" in words
    assert "garden-plans, lobby" in words


async def test_what_the_server_refuses_is_said_in_its_words(terminal: Terminal, complaint: Check, bob: Guest) -> None:
    assert "8000 characters" in complaint(await terminal.run("say", "lobby", stdin="x" * 8001))
    assert "belong to tutorial clients" in complaint(await terminal.run("say", "lobby", "hi", "--as", "Client #7"))
    assert bob.texts() == []


async def test_where_guests_are_not_welcome_it_says_so(terminal: Terminal, complaint: Check, tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path / "closed", guests=False)) as running:
        assert "Guests are not welcome" in complaint(await terminal.run("rooms", "--url", running.url))


# rooms -------------------------------------------------------------------------------------------------------


async def test_rooms_are_listed_with_what_is_unread(terminal: Terminal, bob: Guest) -> None:
    await terminal.run("rooms")
    await bob.does("create", name="Garden Plans")
    await bob.says("hi")
    ended = await terminal.run("rooms")
    assert (ended.code, ended.err) == (0, "")
    words = [line.split() for line in ended.out.splitlines()]
    assert [(line[0], line[3:]) for line in words] == [
        ("garden-plans", ["Garden", "Plans"]),
        ("lobby", ["1", "unread", "Lobby"]),
    ]
    as_json = await terminal.run("rooms", "--json")
    rooms = [json.loads(line) for line in as_json.out.splitlines()]
    assert [(room["id"], room["joined"], room["unread"]) for room in rooms] == [
        ("garden-plans", False, 0),
        ("lobby", True, 1),
    ]


# search ------------------------------------------------------------------------------------------------------


async def test_search_prints_the_newest_messages_that_fit(terminal: Terminal, bob: Guest) -> None:
    for number in range(23):
        await bob.says(f"tea {number}")
    seq = await bob.says("more *tea*\nplease")
    await bob.says("coffee")
    ended = await terminal.run("search", "tea", "from:bob", "-n", "22")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err, len(lines)) == (0, "", 22)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d  lobby/{seq}  Bob: more \*tea\* please", lines[0])
    assert lines[-1].endswith("Bob: tea 2")
    assert len((await terminal.run("search", "tea", "--lines", "100")).out.splitlines()) == 24
    [hit] = map(json.loads, (await terminal.run("search", "coffee", "--json")).out.splitlines())
    assert hit["message"]["text"] == "coffee"


async def test_search_says_when_there_is_nothing_or_a_mistake(
    terminal: Terminal, complaint: Check, server: Running
) -> None:
    assert await terminal.run("search", "nowhere") == (0, "", "hubbub: nothing was found")
    assert "a day like 2026-01-31" in complaint(await terminal.run("search", "before:now"))


# tail --------------------------------------------------------------------------------------------------------


async def test_tail_prints_the_last_messages_and_then_follows(terminal: Terminal, bob: Guest) -> None:
    for text in ("one", "two", "three"):
        await bob.says(text)
    tail = await terminal.start("tail", "lobby", "-n", "2")
    await tail.prints("Bob: three")
    seq = await bob.says("four\nlines")
    await tail.prints("lines")  # before it is deleted
    await bob.does("edit", room="lobby", message=seq, text="five")
    await bob.does("react", room="lobby", message=seq, emoji="👍")
    await bob.does("delete", room="lobby", message=seq)
    await bob.says("last")
    await tail.prints("Bob: last")
    assert all(line == "lines" or line[:8].count(":") == 2 for line in tail.lines)
    assert plain(tail) == [
        "Bob: two",
        "Bob: three",
        "Bob: four",
        "",
        f"Bob edited {seq}: five",
        f"Bob deleted {seq}",
        "Bob: last",
    ]


async def test_tail_can_begin_at_a_seq(terminal: Terminal, bob: Guest) -> None:
    seqs = [await bob.says(text) for text in ("one", "two", "three")]
    tail = await terminal.start("tail", "lobby", "--since", str(seqs[0]))
    await tail.prints("Bob: three")
    assert plain(tail) == ["Bob: two", "Bob: three"]


async def test_tail_can_begin_with_nothing(terminal: Terminal, server: Running, bob: Guest) -> None:
    await bob.says("before")
    tail = await terminal.start("tail", "lobby", "--lines", "0")
    await follows(server)
    await bob.says("now")
    await tail.prints("now")
    assert plain(tail) == ["Bob: now"]


async def test_tail_prints_each_event_as_it_is(terminal: Terminal, bob: Guest) -> None:
    first = await bob.says("one")
    tail = await terminal.start("tail", "lobby", "--json", "--since", "0")
    await tail.prints('"text":"one"')
    await bob.does("pin", room="lobby", message=first)
    await tail.prints("message.pinned")
    events = [json.loads(line) for line in tail.lines]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["type"] for event in events} == {"room.created", "member.joined", "message.posted", "message.pinned"}


async def test_the_history_that_tail_begins_with_is_json_too(terminal: Terminal, bob: Guest) -> None:
    await bob.says("one")
    tail = await terminal.start("tail", "lobby", "--json")
    await tail.prints("one")
    assert json.loads(tail.lines[0])["author"]["name"] == "Bob"


async def test_after_a_kill_of_the_server_tail_goes_on_with_nothing_lost_or_doubled(terminal: Terminal) -> None:
    server, url = await terminal.serve("--port", "0")
    terminal.environment["HUBBUB_URL"] = url
    ann = await Guest.registers(url, "Ann")

    async def say(text: str) -> None:
        async with httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {ann.token}"}) as http:
            (await http.post("/api/rooms/lobby/messages", json={"text": text})).raise_for_status()

    for number in range(3):
        await say(f"m{number}")
    tail = await terminal.start("tail", "lobby")
    await tail.prints("m2")
    for round_ in range(2):
        await say(f"before kill {round_}")
        await server.ends(signal.SIGKILL)
        await tail.remarks("the connection is lost; trying again")
        server, _ = await terminal.serve("--port", url.rpartition(":")[2])
        await say(f"after kill {round_}")
        await tail.prints(f"after kill {round_}")
    await say("last")
    await tail.prints("last")
    expected = ["m0", "m1", "m2", "before kill 0", "after kill 0", "before kill 1", "after kill 1", "last"]
    assert plain(tail) == [f"Ann: {text}" for text in expected]
    assert [line.partition(": ")[2] for line in tail.asides] == [
        "the connection is lost; trying again",
        "connected again",
    ] * 2


async def test_ctrl_c_ends_tail_without_a_word(terminal: Terminal, bob: Guest) -> None:
    await bob.says("one")
    tail = await terminal.start("tail", "lobby")
    await tail.prints("one")
    ended = await tail.ends(signal.SIGINT)
    assert (ended.code, ended.err) == (130, "")


async def test_tail_ends_quietly_when_nobody_reads_it_any_more(terminal: Terminal, server: Running, bob: Guest) -> None:
    await bob.says("one")
    tail = await terminal.start("tail", "lobby")
    await tail.prints("one")
    tail.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    await follows(server)
    await bob.says("two")
    assert (await tail.ends()).err == ""


# Other people's text -----------------------------------------------------------------------------------------

NASTY = "\x1b[31mred\x1b]0;title\x07\x9b2J\x08\r\x7f\u202eoverride\u2066\ufeff\U000e0041 end"
SHOWN = "[31mred]0;title2Joverride end"


async def test_escape_sequences_of_others_do_not_reach_the_terminal(
    terminal: Terminal, server: Running, bob: Guest
) -> None:
    """The server refuses most of them; a server that does not is met by the same wall."""

    def write(tx: Transaction) -> None:
        tx.rename_person(bob.me["id"], f"B{NASTY}")
        author: Any = {"id": bob.me["id"], "name": f"B{NASTY}"}
        tx.append(MessagePosted.model_validate({"room": LOBBY, "seq": 0, "at": 0, "by": author, "text": NASTY}))

    room = (await bob.does("create", name="Garden"))["id"]
    await server.chat.store.write(write)
    tail = await terminal.start("tail", "lobby")
    await tail.prints("end: ")
    await server.chat.store.write(write)
    await tail.has_printed(2)
    assert plain(tail) == [f"B{SHOWN}: {SHOWN}"] * 2
    await server.chat.store.write(
        lambda tx: tx._connection.exec_driver_sql(  # type: ignore[attr-defined]
            "UPDATE room SET name = ? WHERE id = ?", (NASTY, room)
        )
    )
    rooms = await terminal.run("rooms")
    assert SHOWN in rooms.out
    assert not set(NASTY) & set(rooms.out) - set(SHOWN)


# Wrong addresses ---------------------------------------------------------------------------------------------


@pytest.fixture
def unused() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("command", [["rooms"], ["tail", "lobby"]])
async def test_where_nobody_listens_it_says_so(
    terminal: Terminal, complaint: Check, unused: str, command: list[str]
) -> None:
    words = complaint(await terminal.run(*command, "--url", unused))
    assert f"Cannot reach {unused}" in words
    assert "--url" in words


@pytest.mark.parametrize(
    "url", ["chat.example", "ftp://127.0.0.1", "http://", "http://[", "http://127.0.0.1:99999", "http://a b", ""]
)
async def test_what_is_no_address_is_named(terminal: Terminal, complaint: Check, url: str) -> None:
    assert "--url" in complaint(await terminal.run("rooms", "--url", url))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
    ids=["text", "a list", "an empty object", "404", "a redirect", "another protocol", "nothing"],
)
async def test_what_is_no_chat_is_named(terminal: Terminal, complaint: Check, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        words = complaint(await terminal.run("rooms", "--url", url))
        assert url in words
