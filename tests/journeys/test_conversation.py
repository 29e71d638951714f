"""Two people talk: every verb, over real sockets, as the others see it."""

import asyncio

import httpx2
import pytest

from hubbub.testing.people import Guest, Json, Refused
from hubbub.testing.server import Running


async def test_what_one_says_the_other_hears_and_so_does_oneself(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        seq = await ann.says("hi Bob", key="k1")
        heard = await bob.hears("hi Bob")
        assert heard["seq"] == seq
        assert heard["by"] == {"id": ann.me["id"], "name": "Ann"}
        echo = await ann.hears("hi Bob")
        assert echo["key"] == "k1"


async def test_a_repeated_post_is_one_message(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        first = await ann.says("once", key="k1")
        assert await ann.says("once", key="k1") == first
        assert await bob.says("mine", key="k1") != first
        await ann.says("end")
        await bob.hears("end")
        assert bob.texts() == ["once", "mine", "end"]
        with pytest.raises(Refused) as refused:
            await ann.says("other", key="k1")
        assert refused.value.code == "key_conflict"


async def test_edit_delete_reply_react_and_pin_reach_the_others(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        seq = await ann.says("a *draft*")
        await ann.does("edit", room="lobby", message=seq, text="final")
        await bob.hears_of("message.edited", message=seq, text="final")
        await bob.does("react", room="lobby", message=seq, emoji="👍")
        await ann.hears_of("reaction.added", message=seq, emoji="👍")
        await bob.does("unreact", room="lobby", message=seq, emoji="👍")
        await ann.hears_of("reaction.removed", message=seq, emoji="👍")
        await bob.does("pin", room="lobby", message=seq)
        await ann.hears_of("message.pinned", message=seq)
        assert [m["seq"] for m in (await ann.does("pins", room="lobby"))["messages"]] == [seq]
        await bob.does("unpin", room="lobby", message=seq)
        await ann.hears_of("message.unpinned", message=seq)
        reply = await bob.says("yes", reply_to=seq)
        assert (await ann.hears("yes"))["reply_to"] == seq
        await ann.does("delete", room="lobby", message=seq)
        await bob.hears_of("message.deleted", message=seq)
        history = await bob.does("history", room="lobby")
        assert [(m["seq"], m["text"], m["deleted"]) for m in history["messages"]] == [
            (seq, "", True),
            (reply, "yes", False),
        ]
        assert history["quotes"][0]["deleted"] is True


async def test_only_the_author_edits_and_deletes(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        seq = await ann.says("mine")
        for verb, fields, code in (("edit", {"text": "yours"}, "not_the_author"), ("delete", {}, "role_needed")):
            with pytest.raises(Refused) as refused:
                await bob.does(verb, room="lobby", message=seq, **fields)
            assert refused.value.code == code


async def test_doing_a_thing_twice_is_doing_it_once(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        seq = await ann.says("hello")
        await ann.does("react", room="lobby", message=seq, emoji="👍")
        await ann.does("react", room="lobby", message=seq, emoji="👍")
        await ann.does("pin", room="lobby", message=seq)
        await ann.does("pin", room="lobby", message=seq)
        await ann.does("edit", room="lobby", message=seq, text="hello")
        last = await ann.does("delete", room="lobby", message=seq)
        again = await ann.does("delete", room="lobby", message=seq)
        assert last == again == {"room": "lobby", "seq": seq + 3}


async def test_a_room_from_its_creation_to_its_archive(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        room = (await ann.does("create", name="Garden plans"))["id"]
        assert room == "garden-plans"
        with pytest.raises(Refused) as refused:
            await bob.does("create", name="GARDEN plans")
        assert refused.value.code == "name_taken"
        with pytest.raises(Refused) as refused:
            await bob.says("let me in", room)
        assert refused.value.code == "not_a_member"
        listed = {r["id"]: r["joined"] for r in (await bob.does("rooms"))["rooms"]}
        assert listed == {"garden-plans": False, "lobby": True}
        await bob.does("join", room=room)
        await ann.hears_of("member.joined", room, person={"id": bob.me["id"], "name": "Bob"})
        await ann.says("welcome", room)
        await bob.hears("welcome", room)
        with pytest.raises(Refused) as refused:
            await bob.does("rename", room=room, name="Mine now")
        assert refused.value.code == "role_needed"
        await ann.does("rename", room=room, name="Garden")
        await bob.hears_of("room.renamed", room, name="Garden")
        await bob.does("leave", room=room)
        await ann.hears_of("member.left", room)
        await ann.does("archive", room=room)
        await ann.hears_of("room.archived", room)
        with pytest.raises(Refused) as refused:
            await ann.says("too late", room)
        assert refused.value.code == "archived"
        assert [m["text"] for m in (await bob.does("history", room=room))["messages"]] == ["welcome"]
        await ann.says("only Ann was there to the end")
        await bob.hears("only Ann was there to the end")
        assert not any(e["type"] == "room.archived" for e in bob.events[room])


async def test_the_lobby_cannot_be_left_renamed_or_archived(server: Running) -> None:
    async with Guest.arrives(server.url) as ann:
        for verb, fields in (("leave", {}), ("rename", {"name": "x"}), ("archive", {})):
            with pytest.raises(Refused) as refused:
                await ann.does(verb, room="lobby", **fields)
            assert refused.value.code == "lobby_stays"


async def test_two_tabs_of_one_person_stay_in_step(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        tab = ann.another_tab()
        await tab.returns()
        room = (await ann.does("create", name="Side room"))["id"]
        assert (await tab.gets("joined"))["room"]["id"] == room
        await ann.says("in the new room", room)
        await tab.hears("in the new room", room)
        seq = await bob.says("news")
        await tab.hears("news")
        state = {"room": "lobby", "read": seq, "unread": 0, "head": seq}
        assert await ann.does("read", room="lobby", seq=seq) == state
        assert await tab.gets("read", lambda signal: signal["read"] == seq) == {"type": "read", **state}
        await ann.does("name", name="Anna")
        assert (await tab.gets("me"))["person"]["name"] == "Anna"
        await tab.says("from my tab")
        assert (await bob.hears("from my tab"))["by"]["name"] == "Anna"
        await bob.hears_of("member.renamed", person={"id": ann.me["id"], "name": "Anna"})
        await ann.does("leave", room=room)
        await tab.gets("left", lambda signal: signal["room"] == room)
        await tab.drops()


async def test_unread_counts_messages_of_others_only(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        first = await bob.says("one")
        await ann.says("mine")
        third = await bob.says("three")
        await bob.does("delete", room="lobby", message=await bob.says("gone"))

        async def unread() -> int:
            rooms = (await ann.does("rooms"))["rooms"]
            return int(next(room["unread"] for room in rooms if room["id"] == "lobby"))

        assert await unread() == 2
        await ann.does("read", room="lobby", seq=first)
        assert await unread() == 1
        await ann.does("read", room="lobby", seq=third + 1)
        assert await unread() == 0
        await ann.does("read", room="lobby", seq=first)
        assert await unread() == 0
        assert (await ann.does("unread", room="lobby", seq=third))["unread"] == 1


async def test_who_is_here_and_who_is_typing(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        async with Guest.arrives(server.url, "Bob") as bob:
            tab = bob.another_tab()
            await tab.returns()
            await ann.gets("presence", lambda s: any(p["name"] == "Bob" for p in s["here"]))
            here = await ann.does("here", room="lobby")
            assert {p["name"] for p in here["people"]} == {"Ann", "Bob"}
            assert here["count"] == 2
            assert await ann.does("here", room="lobby", limit=1) == {"people": here["people"][:1], "count": 2}
            await tab.drops()
            await bob.says("I am still here")
            await ann.hears("I am still here")
            assert not any(bob.me["id"] in s.get("gone", ()) for s in ann.signals)
        await ann.gets("presence", lambda s: bob.me["id"] in s["gone"])


def names(signal: Json) -> list[str]:
    assert signal["others"] == 0
    return [person["name"] for person in signal["people"]]


async def test_who_is_typing_is_told_to_everybody_also_to_those_who_come(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        await bob.does("typing", room="lobby")
        assert names(await ann.gets("typing")) == ["Bob"]
        async with Guest.arrives(server.url, "Cleo") as cleo:
            assert names(await cleo.gets("typing")) == ["Bob"]
            await cleo.does("typing", room="lobby")
            await ann.gets("typing", lambda signal: names(signal) == ["Bob", "Cleo"])
        await ann.gets("typing", lambda signal: names(signal) == [])


async def test_one_who_posts_leaves_or_goes_is_not_typing_any_more(server: Running) -> None:
    def typing(guest: Guest, room: str = "lobby") -> bool:
        return server.chat.typing.is_typing(room, guest.me["id"])

    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        room = (await ann.does("create", name="Plans"))["id"]
        await bob.does("join", room=room)
        await bob.gets("joined")
        for where in ("lobby", room):
            await bob.does("typing", room=where)
        assert typing(bob)
        await bob.says("that was me")
        assert not typing(bob)
        assert typing(bob, room)
        await bob.does("leave", room=room)
        assert not typing(bob, room)
        tab = ann.another_tab()
        await tab.returns()
        await ann.does("typing", room="lobby")
        for one, is_left in ((tab, True), (ann, False)):
            others = len(server.chat.hub.connections_of(ann.me["id"])) - 1
            await one.drops()
            async with asyncio.timeout(20):
                while len(server.chat.hub.connections_of(ann.me["id"])) > others:
                    await asyncio.sleep(0)
            assert typing(ann) is is_left


async def test_typing_in_a_room_to_which_nobody_here_listens_is_not_kept(server: Running) -> None:
    bob = await Guest.registers(server.url, "Bob")
    assert server.chat.hub.head("lobby") is None
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {bob.token}"}) as http:
        answer = await http.post(f"{server.url}/api/rooms/lobby/typing")
    assert answer.status_code == 200
    assert not server.chat.typing.is_typing("lobby", bob.me["id"])


async def test_members_are_listed_in_pages(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann:
        for _ in range(4):
            await Guest.registers(server.url)
        first = await ann.does("members", room="lobby", limit=3)
        rest = await ann.does("members", room="lobby", limit=3, after=first["members"][-1]["id"])
        ids = [m["id"] for m in first["members"] + rest["members"]]
        assert len(ids) == 5
        assert ids == sorted(set(ids))
        assert first["count"] == 5
