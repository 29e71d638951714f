"""One's own data: to take along, and to have deleted."""

import json
from contextlib import suppress

import httpx2
import pytest

from hubbub.core.models import LOBBY
from hubbub.service import my_data
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.journeys.conftest import Serve
from tests.journeys.until import until


def client(guest: Guest) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=guest.url, headers={"Authorization": f"Bearer {guest.token}"})


async def everything_kept(server: Running) -> str:
    """What the database file and its -wal file have in plain sight."""
    data = server.chat.settings.data
    return "".join(file.read_bytes().decode("utf-8", "replace") for file in data.glob("hubbub.db*"))


async def forgets(person: Guest) -> None:
    """Over the socket, which may end before the answer."""
    with suppress(ConnectionError):
        await person.does("forget_me", messages="erase")
    await person.waits_until(lambda: person.close_code == 4401)


async def erased(server: Running) -> None:
    async def done() -> bool:
        return await server.chat.store.read(lambda reader: reader.erasures()) == []

    await until(done)


async def test_b34_an_export_has_everything_of_ones_own_and_nothing_of_others(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        tea = (await ann.does("create", name="Tea"))["id"]
        first = await ann.says("=1+1 is “two”\n")
        await bob.says("canary of Bob")
        answer = await ann.says("my answer", reply_to=first)
        await bob.does("react", room=LOBBY, message=answer, emoji="🎉")
        gone = await ann.says("canary that is gone")
        await ann.does("delete", room=LOBBY, message=gone)
        await ann.says("in my room", tea)
        await ann.does("edit", room=LOBBY, message=answer, text="my edited answer")
        async with client(ann) as http:
            told = await http.get("/api/me/export")
        assert told.headers["content-type"] == "application/json"
        assert told.headers["content-disposition"] == 'attachment; filename="hubbub.json"'
        assert "canary" not in told.text
        assert "Bob" not in told.text
        assert bob.me["id"] not in told.text
        export = json.loads(told.text)
        assert export["person"]["name"] == "Ann"
        assert [(room["id"], room["role"]) for room in export["rooms"]] == [(tea, "owner"), ("lobby", "guest")]
        assert [(m["room"], m["text"]) for m in export["messages"]] == [
            ("lobby", "=1+1 is “two”\n"),
            ("lobby", "my edited answer"),
            (tea, "in my room"),
        ]
        assert export["messages"][1]["reply_to"] == first


async def test_an_export_goes_through_long_rooms_in_pieces(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(my_data, "SPAN", 3)
    monkeypatch.setattr(my_data, "ROOMS_PAGE", 2)
    async with Guest.arrives(server.url, "Ann") as ann:
        rooms = [(await ann.does("create", name=f"Room {n}"))["id"] for n in range(5)]
        said = [(room, f"{room} {n}") for room in rooms for n in range(7)]
        for room, text in said:
            await ann.says(text, room)
        async with client(ann) as http:
            export = json.loads((await http.get("/api/me/export")).text)
        assert [(m["room"], m["text"]) for m in export["messages"]] == said


async def test_nobody_exports_without_being_signed_in(server: Running) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as http:
        assert (await http.get("/api/me/export")).status_code == 401


async def test_whoever_deletes_their_account_and_keeps_the_messages_is_a_deleted_user(serving: Serve) -> None:
    async with (
        serving() as server,
        Guest.arrives(server.url, "Annabelle") as ann,
        Guest.arrives(server.url, "Bob") as bob,
    ):
        tab = ann.another_tab()
        await tab.returns()
        await ann.says("a kettle")
        async with client(ann) as http:
            assert (await http.delete("/api/me", params={"messages": "keep"})).status_code == 200
            for one in (ann, tab):
                await one.waits_until(lambda one=one: one.close_code is not None)  # type: ignore[misc]
                assert one.close_code == 4401
            assert (await http.get("/api/me")).status_code == 401
        await bob.hears_of("member.renamed", person={"id": ann.me["id"], "name": "deleted user"})
        await bob.hears_of("member.left", person={"id": ann.me["id"], "name": "deleted user"})
        await erased(server)
        history = await bob.does("history", room=LOBBY)
        assert [(m["text"], m["author"]["name"]) for m in history["messages"]] == [("a kettle", "deleted user")]
        assert (await bob.does("search", text="kettle"))["hits"][0]["message"]["author"]["name"] == "deleted user"
        assert [person["name"] for person in (await bob.does("members", room=LOBBY))["members"]] == ["Bob"]
        frames = await server.chat.store.read(lambda reader: reader.frames_after(LOBBY, 0, 100))
        assert "Annabelle" not in "".join(frame.frame for frame in frames)
        later = await Guest.registers(server.url, "Cleo")
        await later.returns({"lobby": 1})
        await later.hears("a kettle")
        assert "Annabelle" not in json.dumps(later.events)
        await later.drops()
    assert "Annabelle" not in await everything_kept(server)


async def test_whoever_wants_their_messages_erased_leaves_no_word(serving: Serve) -> None:
    async with (
        serving() as server,
        Guest.arrives(server.url, "Annabelle") as ann,
        Guest.arrives(server.url, "Bob") as bob,
    ):
        tea = (await ann.does("create", name="Tea"))["id"]
        for n in range(250):
            await ann.says(f"xylophone {n}")
        await ann.says("xylophone of mine", tea)
        edited = await ann.says("xylophone draft")
        await ann.does("edit", room=LOBBY, message=edited, text="xylophone final")
        await bob.says("my own words")
        await forgets(ann)
        await erased(server)
        await bob.waits_until(lambda: sum(e["type"] == "message.deleted" for e in bob.events[LOBBY]) == 251)
        history = await bob.does("history", room=LOBBY)
        assert {m["text"] for m in history["messages"]} == {"", "my own words"}
        assert (await bob.does("search", text="xylophone"))["hits"] == []
    kept = await everything_kept(server)
    assert "my own words" in kept
    assert "xylophone" not in kept
    assert "Annabelle" not in kept


async def test_forgetting_goes_on_after_a_restart(serving: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server:
        ann = await Guest.registers(server.url, "Annabelle")
        await ann.returns()
        for n in range(30):
            await ann.says(f"xylophone {n}")
        monkeypatch.setattr("hubbub.service.caretaker.Caretaker.forget_people", _nothing)
        await forgets(ann)
        assert len(await server.chat.store.read(lambda reader: reader.erasures())) == 1
        await ann.drops()
    assert "xylophone" in await everything_kept(server)
    monkeypatch.undo()
    async with serving() as server:
        await erased(server)
    assert "xylophone" not in await everything_kept(server)


async def _nothing(self: object) -> None:
    """As if the power had gone before anything was done."""


async def test_the_owner_of_the_place_cannot_go_before_it_is_handed_over(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        await server.chat.store.write(lambda tx: tx.set_role(ann.me["id"], "owner"))
        with pytest.raises(Refused) as refused:
            await ann.does("forget_me", messages="keep")
        assert refused.value.code == "last_owner"
        await ann.says("still here")


@pytest.mark.parametrize("messages", ["", "all", "Keep"])
async def test_what_becomes_of_the_messages_must_be_said(server: Running, messages: str) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, client(ann) as http:
        assert (await http.delete("/api/me", params={"messages": messages})).status_code == 422
        assert (await http.delete("/api/me")).status_code == 422
        assert (await http.get("/api/me")).status_code == 200


async def test_a_room_whose_only_owner_goes_has_another_one(server: Running) -> None:
    async with (
        Guest.arrives(server.url, "Ann") as ann,
        Guest.arrives(server.url, "Bob") as bob,
        Guest.arrives(server.url, "Cleo") as cleo,
    ):
        room = (await ann.does("create", name="Tea"))["id"]
        for one in (bob, cleo):
            await one.does("join", room=room)
        await ann.does("set_role", room=room, person=cleo.me["id"], role="moderator")
        with suppress(ConnectionError):
            await ann.does("forget_me", messages="keep")
        event = await bob.hears_of("member.role", room, role="owner")
        assert event["person"]["id"] == cleo.me["id"]
        members = {m["name"]: m["role"] for m in (await cleo.does("members", room=room))["members"]}
        assert members == {"Bob": "member", "Cleo": "owner"}


async def test_a_conversation_has_no_name_of_anybody_in_its_log(server: Running) -> None:
    async with Guest.arrives(server.url, "Xanthippe") as ann, Guest.arrives(server.url, "Bob") as bob:
        for one in (ann, bob):
            await server.chat.store.write(lambda tx, who=one: tx.set_role(who.me["id"], "member"))
        room = (await ann.does("direct", people=[bob.me["id"]]))["id"]
        assert room
        with suppress(ConnectionError):
            await ann.does("forget_me", messages="erase")

        async def forgotten() -> bool:
            frames = await server.chat.store.read(lambda reader: reader.frames_after(room, 0, 100))
            return "Xanthippe" not in "".join(frame.frame for frame in frames)

        await until(forgotten)
        [summary] = [found for found in (await bob.does("rooms"))["rooms"] if found["id"] == room]
        assert "Xanthippe" not in summary["name"]
