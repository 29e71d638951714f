"""Rooms for some: private ones, conversations, announcements, roles, and the links by which people come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import pytest

from hubbub.core.models import Role
from hubbub.testing.people import Guest, Json, Refused
from hubbub.testing.server import Running

pytestmark = pytest.mark.asyncio


class Cast(NamedTuple):
    ann: Guest
    bob: Guest
    cleo: Guest


async def trust(server: Running, person: Guest, role: Role = "member") -> None:
    """As with an account: with this role in the whole place."""
    await server.chat.store.write(lambda tx: tx.set_role(person.me["id"], role))


@asynccontextmanager
async def cast(server: Running) -> AsyncIterator[Cast]:
    """Three members of the place."""
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(Guest.arrives(server.url, name)) for name in ("Ann", "Bob", "Cleo")]
        for person in people:
            await trust(server, person)
        yield Cast(*people)


async def refusal(person: Guest, verb: str, /, **fields: Any) -> tuple[str, str]:
    """Code and words."""
    with pytest.raises(Refused) as refused:
        await person.does(verb, **fields)
    return refused.value.code, refused.value.problem["words"]


async def summary(person: Guest, room: str) -> Json:
    rooms = (await person.does("rooms", after=None, limit=100))["rooms"]
    return next(found for found in rooms if found["id"] == room)


def code_in(invitation: Json) -> str:
    return str(invitation["link"]).rsplit("/", 1)[1]


# Joining -----------------------------------------------------------------------------------------------------


async def test_each_of_many_who_join_at_once_hears_what_follows_their_own_coming_and_nothing_else(
    server: Running,
) -> None:
    async with AsyncExitStack() as stack:
        ann, *crowd = [await stack.enter_async_context(Guest.arrives(server.url)) for _ in range(40)]
        await trust(server, ann)
        room = (await ann.does("create", name="Hall"))["id"]
        some = (guest.does("join", room=room) for guest in crowd)
        talk = (ann.says(f"come in {n}", room) for n in range(20))
        joined = [done["seq"] for done in (await asyncio.gather(*some, *talk))[: len(crowd)]]
        last = await ann.says("all here", room)
        for guest, seq in zip(crowd, joined, strict=True):
            await guest.hears("all here", room)
            assert [event["seq"] for event in guest.events[room]] == list(range(seq + 1, last + 1))


# Private rooms -----------------------------------------------------------------------------------------------


async def test_a_private_room_is_no_room_for_whoever_is_outside(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("create", name="Garden", kind="private", topic="Secret carrots"))["id"]
        assert "garden" not in room
        assert len(room) == 32
        seq = await ann.says("carrots", room)
        there, nowhere = {"room": room}, {"room": "0" * 32}
        no_room = ("room_not_found", "There is no such room.")
        for verb, fields in {
            "join": {}, "history": {}, "pins": {}, "members": {}, "here": {}, "typing": {}, "leave": {},
            "post": {"text": "x"}, "read": {"seq": 1}, "react": {"message": seq, "emoji": "👍"},
            "set_room": {"topic": "x"}, "rename": {"name": "x"}, "search": {"text": "carrots"},
        }.items():  # fmt: skip
            missing = await refusal(bob, verb, **nowhere, **fields)
            assert await refusal(bob, verb, **there, **fields) == missing == no_room
        assert await refusal(bob, "search", text="carrots in:Garden") == (
            "room_not_found",
            "There is no room called “Garden”.",
        )
        assert room not in [found["id"] for found in (await bob.does("rooms"))["rooms"]]
        assert (await bob.does("search", text="carrots"))["hits"] == []
        assert len((await ann.does("search", text="carrots in:garden"))["hits"]) == 1


async def test_names_of_private_rooms_need_not_be_unique_and_tell_nothing(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        first = await ann.does("create", name="Garden", kind="private")
        second = await bob.does("create", name="Garden", kind="private")
        public = await bob.does("create", name="Garden")
        assert len({first["id"], second["id"], public["id"]}) == 3
        assert public["id"] == "garden"


async def test_guests_may_not_make_rooms_that_nobody_sees(server: Running) -> None:
    async with cast(server) as (ann, *_), Guest.arrives(server.url, "Gus") as gus:
        for verb, fields in {"create": {"name": "x", "kind": "private"}, "direct": {"people": [ann.me["id"]]}}.items():
            code, words = await refusal(gus, verb, **fields)
            assert code == "role_needed"
            assert "people with an account" in words


async def test_a_room_that_becomes_private_is_gone_for_others_at_once(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        room = (await ann.does("create", name="Garden"))["id"]
        await ann.says("carrots", room)
        await cleo.does("join", room=room)
        assert len((await bob.does("history", room=room))["messages"]) == 1
        await ann.does("set_room", room=room, kind="private")
        changed = await cleo.hears_of("room.changed", room)
        assert (changed["kind"], changed["announcement"], changed["slow_s"]) == ("private", False, 0)
        assert (await refusal(bob, "history", room=room))[0] == "room_not_found"
        assert (await refusal(bob, "join", room=room))[0] == "room_not_found"
        assert (await bob.does("create", name="Garden"))["id"] != room
        code, words = await refusal(ann, "set_room", room=room, kind="public")
        assert (code, "Garden" in words) == ("name_taken", True)
        await ann.does("rename", room=room, name="Allotment")
        await ann.does("set_room", room=room, kind="public")
        assert len((await bob.does("history", room=room))["messages"]) == 1


async def test_whoever_left_a_private_room_is_outside_again(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("create", name="Garden", kind="private"))["id"]
        await ann.does("add_member", room=room, person=bob.me["id"])
        joined = await bob.gets("joined", lambda signal: signal["room"]["id"] == room)
        assert (joined["room"]["kind"], joined["room"]["role"]) == ("private", "member")
        assert (await ann.hears_of("member.joined", room, person=bob_as_author(bob)))["by"]["name"] == "Ann"
        await bob.drops()
        cursors = dict(bob.cursors)
        await bob.returns()
        await bob.does("leave", room=room)
        await ann.says("carrots", room)
        await bob.drops()
        await bob.returns(cursors)  # with a cursor into the room
        assert (await refusal(bob, "join", room=room))[0] == "room_not_found"
        assert "carrots" not in bob.texts(room)
        assert room not in [found["id"] for found in bob.welcome["rooms"]]


def bob_as_author(person: Guest) -> Json:
    return {"id": person.me["id"], "name": person.me["name"]}


# Conversations -----------------------------------------------------------------------------------------------


async def test_the_same_people_have_one_conversation_for_ever(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        a, b, c = (person.me["id"] for person in (ann, bob, cleo))
        both = await asyncio.gather(ann.does("direct", people=[b]), bob.does("direct", people=[a, b]))
        assert both[0]["id"] == both[1]["id"]
        assert both[0]["name"] == "Bob"
        assert [person["name"] for person in both[1]["people"]] == ["Ann"]
        assert (await cleo.does("direct", people=[a, b]))["name"] == "Ann, Bob"
        assert (await bob.does("direct", people=[c, a, c]))["id"] != both[0]["id"]
        for person, names in ((bob, ["Ann"]), (cleo, ["Ann", "Bob"])):
            told = await person.gets("joined", lambda signal, names=names: len(signal["room"]["people"]) == len(names))
            assert [other["name"] for other in told["room"]["people"]] == names
        await ann.says("psst", both[0]["id"])
        await bob.hears("psst", both[0]["id"])
        await ann.does("name", name="Anna")
        assert (await summary(bob, both[0]["id"]))["name"] == "Anna"
        assert (await refusal(cleo, "history", room=both[0]["id"]))[0] == "room_not_found"


async def test_a_conversation_stays_as_it_is(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        room = (await ann.does("direct", people=[bob.me["id"]]))["id"]
        for verb, fields in {
            "leave": {}, "archive": {}, "join": {}, "rename": {"name": "x"}, "set_room": {"topic": "x"},
            "add_member": {"person": cleo.me["id"]}, "set_role": {"person": bob.me["id"], "role": "owner"},
            "invite": {},
        }.items():  # fmt: skip
            code, words = await refusal(ann, verb, room=room, **fields)
            assert (code, words[-1]) == ("direct_stays", "."), verb


async def test_a_conversation_is_with_others_who_are_there_and_not_with_too_many(server: Running) -> None:
    async with cast(server) as (ann, *_):
        assert (await refusal(ann, "direct", people=[ann.me["id"]]))[0] == "nobody_chosen"
        assert (await refusal(ann, "direct", people=["guest-1"]))[0] == "person_not_found"
        many = [(await Guest.registers(server.url)).me["id"] for _ in range(8)]
        assert (await refusal(ann, "direct", people=many))[0] == "too_many"
        assert len((await ann.does("direct", people=many[1:]))["people"]) == 7


async def test_a_public_room_cannot_take_the_place_of_a_conversation(server: Running) -> None:
    """Ids of conversations are random: who knows whom they are between knows nothing of them."""
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("direct", people=[bob.me["id"]]))["id"]
        assert (await bob.does("create", name=room))["id"] == f"{room}-2"


# Announcements, settings, roles ------------------------------------------------------------------------------


async def test_only_moderators_post_in_an_announcement_room(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("create", name="News", topic="What is  new\n"))["id"]
        assert (await summary(ann, room))["topic"] == "What is new"
        await bob.does("join", room=room)
        await ann.does("set_room", room=room, announcement=True, slow_s=30)
        seq = await ann.says("a baker has come", room)
        for verb, fields in {"post": {"text": "x"}, "typing": {}}.items():
            assert (await refusal(bob, verb, room=room, **fields))[0] == "role_needed"
        await bob.does("react", room=room, message=seq, emoji="🎉")
        await ann.does("set_role", room=room, person=bob.me["id"], role="moderator")
        await bob.says("a smith too", room)
        assert (await summary(bob, room))["role"] == "moderator"
        seen = await summary(bob, room)
        assert (seen["topic"], seen["announcement"], seen["slow_s"]) == ("What is new", True, 30)
        same = await ann.does("set_room", room=room, announcement=True)
        assert same["seq"] == seen["head"]
        await ann.does("set_room", room=room, topic="")
        assert "topic" not in await summary(bob, room)


async def test_moderators_change_the_topic_and_owners_alone_the_kind(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        room = (await ann.does("create", name="News"))["id"]
        for person in (bob, cleo):
            await person.does("join", room=room)
        await ann.does("set_role", room=room, person=bob.me["id"], role="moderator")
        await bob.does("set_room", room=room, topic="All that is new")
        assert (await refusal(bob, "set_room", room=room, kind="private"))[0] == "role_needed"
        assert (await refusal(cleo, "set_room", room=room, topic="x"))[0] == "role_needed"
        assert (await refusal(bob, "set_role", room=room, person=cleo.me["id"], role="owner"))[0] == "role_needed"
        await trust(server, cleo, "owner")
        assert (await refusal(cleo, "set_room", room="lobby", kind="private"))[0] == "lobby_stays"
        code, words = await refusal(cleo, "set_room", room=room, topic="a\u202eb")
        assert (code, words) == ("bad_topic", "A topic cannot have invisible or control characters.")


async def test_a_room_keeps_an_owner(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("create", name="News"))["id"]
        await bob.does("join", room=room)
        for verb, fields in {"leave": {}, "set_role": {"person": ann.me["id"], "role": "member"}}.items():
            code, words = await refusal(ann, verb, room=room, **fields)
            assert (code, "Make somebody else its owner first" in words) == ("last_owner", True)
        await ann.does("set_role", room=room, person=bob.me["id"], role="owner")
        role = await bob.hears_of("member.role", room)
        assert (role["person"]["name"], role["role"]) == ("Bob", "owner")
        await ann.does("leave", room=room)
        await ann.does("join", room=room)
        assert (await summary(ann, room))["role"] == "member"
        assert (await refusal(bob, "set_role", room=room, person="guest-1", role="owner"))[0] == "person_not_found"


async def test_b30_two_owners_who_leave_or_take_the_others_role_at_once_leave_one(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        for number in range(10):
            room = (await ann.does("create", name=f"Garden {number}"))["id"]
            for other in (bob, cleo):
                await other.does("join", room=room)
            await ann.does("set_role", room=room, person=bob.me["id"], role="owner")
            if number % 2:
                tries = [ann.does("leave", room=room), bob.does("leave", room=room)]
            else:
                demotes = {"room": room, "role": "member"}
                tries = [
                    ann.does("set_role", person=bob.me["id"], **demotes),
                    bob.does("set_role", person=ann.me["id"], **demotes),
                ]
            refused = [error for error in await asyncio.gather(*tries, return_exceptions=True) if error]
            refused = [error.code for error in refused if isinstance(error, Refused)]
            assert refused in (["last_owner"], ["role_needed"])
            members = (await cleo.does("members", room=room))["members"]
            assert [member["role"] for member in members].count("owner") == 1


async def test_whoever_is_alone_in_a_room_may_leave_it_and_own_it_again(server: Running) -> None:
    async with cast(server) as (ann, *_):
        room = (await ann.does("create", name="News"))["id"]
        await ann.does("leave", room=room)
        await ann.does("join", room=room)
        assert (await summary(ann, room))["role"] == "owner"


async def test_people_are_found_by_how_their_names_begin(server: Running) -> None:
    async with cast(server) as (ann, bob, _), Guest.arrives(server.url, "Bób the guest") as gus:
        await server.chat.people.client(7)
        found = (await ann.does("find_people", name="BO"))["people"]
        assert {person["id"] for person in found} == {bob.me["id"], gus.me["id"]}
        assert ann.me["id"] not in {person["id"] for person in (await ann.does("find_people", name=""))["people"]}
        assert (await ann.does("find_people", name="Client"))["people"] == []
        assert (await refusal(gus, "find_people", name=""))[0] == "role_needed"
