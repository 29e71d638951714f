"""Moderators: what they can do to whom, what those are told, and what is kept about it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

import hubbub
from hubbub.core.models import LOBBY, Place, Role
from hubbub.core.visits import Visit
from hubbub.errors import Forbidden, SignInNeeded
from hubbub.store import tables
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.journeys.conftest import Serve


@asynccontextmanager
async def people(server: Running, *roles: Role) -> AsyncIterator[list[Guest]]:
    """One person for each role in the whole place, connected."""
    found = []
    try:
        for role in roles:
            guest = await Guest.registers(server.url, role.capitalize())
            await becomes(server, guest, role)
            await guest.returns()
            found.append(guest)
        yield found
    finally:
        for guest in found:
            await guest.drops()


async def becomes(server: Running, guest: Guest, role: Role) -> None:
    await server.chat.store.write(lambda tx: tx.set_role(guest.me["id"], role))


async def refused(doing: Any) -> str:
    with pytest.raises(Refused) as error:
        await doing
    return error.value.code


async def audit(moderator: Guest, **filters: Any) -> list[tuple[str, str | None, str]]:
    page = await moderator.does("audit", **filters)
    return [(entry["action"], entry.get("person", {}).get("name"), entry["reason"]) for entry in page["entries"]]


async def test_a_moderator_deletes_a_message_with_a_reason_that_everybody_reads(server: Running) -> None:
    async with people(server, "moderator", "guest", "guest") as (mod, ann, bob):
        seq = await ann.says("buy my things")
        assert await refused(bob.does("delete", room=LOBBY, message=seq, reason="no")) == "role_needed"
        await mod.does("delete", room=LOBBY, message=seq, reason=" advertising ")
        event = await bob.hears_of("message.deleted", message=seq)
        assert (event["reason"], event["by"]["name"]) == ("advertising", "Moderator")
        history = await bob.does("history", room=LOBBY)
        assert [(m["deleted"], m["reason"], m["text"]) for m in history["messages"]] == [(True, "advertising", "")]
        assert await audit(mod) == [("delete", "Guest", "advertising")]
        own = await ann.says("oops")
        await ann.does("delete", room=LOBBY, message=own, reason="not told")
        assert "reason" not in await bob.hears_of("message.deleted", message=own)
        assert len(await audit(mod)) == 1


@pytest.mark.parametrize("room", [LOBBY, None])
async def test_whoever_is_silenced_reads_and_does_not_write_and_is_told_until_when(
    server: Running, room: str | None
) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        seq = await ann.says("loud")
        await mod.does("mute", person=ann.me["id"], room=room, minutes=10, reason="too loud")
        told = await ann.gets("muted")
        assert (told.get("room"), told["reason"], told["until"] > 0) == (room, "too loud", True)
        for verb in ({"type": "post", "text": "x"}, {"type": "edit", "message": seq, "text": "y"}):
            with pytest.raises(Refused) as error:
                await ann.does(verb.pop("type"), room=LOBBY, **verb)
            assert error.value.code == "muted"
            assert 0 < error.value.problem["retry_after_s"] <= 600
        assert await refused(ann.does("react", room=LOBBY, message=seq, emoji="👍")) == "muted"
        assert (await ann.does("rooms"))["rooms"][0]["muted_until"] == told["until"]
        await ann.does("history", room=LOBBY)
        await mod.does("unmute", person=ann.me["id"], room=room)
        await ann.gets("muted", lambda signal: signal["until"] == 0)
        await ann.says("quiet")
        assert await audit(mod) == [("unmute", "Guest", ""), ("mute", "Guest", "too loud")]


async def test_a_silence_without_an_end_is_one_until_somebody_ends_it(server: Running) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        await mod.does("mute", person=ann.me["id"])
        with pytest.raises(Refused) as error:
            await ann.says("x")
        assert "retry_after_s" not in error.value.problem
        [found] = (await mod.does("sanctions"))["sanctions"]
        assert (found["person"]["id"], found["kind"]) == (ann.me["id"], "mute")
        assert not {"until", "room"} & found.keys()


async def test_whoever_is_kicked_is_out_and_can_come_back(server: Running) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        tea = (await mod.does("create", name="Tea"))["id"]
        await ann.does("join", room=tea)
        await mod.does("kick", room=tea, person=ann.me["id"], reason="calm down")
        left = await ann.gets("left")
        assert (left["room"], left["why"], left["reason"]) == (tea, "kicked", "calm down")
        event = await mod.hears_of("member.left", tea)
        assert (event["by"]["name"], event["person"]["id"]) == ("Moderator", ann.me["id"])
        assert await refused(ann.says("x", tea)) == "not_a_member"
        assert (await mod.does("kick", room=tea, person=ann.me["id"]))["seq"] == event["seq"]
        await ann.does("join", room=tea)
        await ann.says("calm", tea)
        assert await audit(mod) == [("kick", "Guest", "calm down")]
        for verb in ("kick", "ban"):
            assert await refused(mod.does(verb, room=LOBBY, person=ann.me["id"])) == "lobby_stays"


async def test_whoever_is_banned_from_a_room_is_out_and_stays_out(server: Running) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        tea = (await mod.does("create", name="Tea"))["id"]
        await ann.does("join", room=tea)
        seq = await ann.says("x", tea)
        await mod.does("ban", room=tea, person=ann.me["id"], reason="enough")
        assert (await ann.gets("left"))["why"] == "banned"
        for verb, more in (("join", {}), ("history", {}), ("members", {}), ("here", {}), ("pins", {}), ("report", {})):
            fields = more | ({"message": seq} if verb == "report" else {})
            assert await refused(ann.does(verb, room=tea, **fields)) == "banned"
        assert await refused(ann.does("search", text="x", room=tea)) == "banned"
        assert (await ann.does("search", text="x"))["hits"] == []
        await ann.says("elsewhere")
        await mod.does("unban", room=tea, person=ann.me["id"])
        await ann.does("join", room=tea)
        assert await audit(mod, room=tea) == [("unban", "Guest", ""), ("ban", "Guest", "enough")]


async def test_whoever_is_banned_from_the_place_is_gone_at_once_with_all_tabs(server: Running) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        tab = ann.another_tab()
        await tab.returns()
        await mod.does("ban", person=ann.me["id"], reason="spam")
        for one in (ann, tab):
            await one.waits_until(lambda one=one: one.close_code is not None)  # type: ignore[misc]
            assert one.close_code == 4403
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {ann.token}"}) as http:
            assert (await http.get(f"{server.url}/api/me")).status_code == 401
        await mod.does("unban", person=ann.me["id"])
        assert (await mod.does("sanctions"))["sanctions"] == []


async def test_a_connection_that_says_hello_after_the_ban_is_not_welcomed(server: Running) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        chat = server.chat
        person = await chat.store.read(lambda reader: reader.person(ann.me["id"]))
        assert person is not None
        assert await chat.people.rooms(person)
        await mod.does("ban", person=ann.me["id"])
        with pytest.raises(SignInNeeded):
            await chat.people.rooms(person)


async def test_a_banned_guest_does_not_come_again_from_the_same_address(server: Running) -> None:
    desk = server.chat.people
    async with people(server, "moderator") as (mod,):
        guest, token = await desk.arrive("Spam", Visit(address="2001:db8:1:2::7"))
        await mod.does("ban", person=guest.id)
        assert await desk.who(token) is None
        with pytest.raises(Forbidden) as error:
            await desk.arrive("Spam again", Visit(address="2001:db8:1:2:ffff::8"))
        assert error.value.code == "banned"
        assert 0 < (error.value.retry_after_s or 0) <= 24 * 3600
        await desk.arrive("Neighbour", Visit(address="2001:db8:1:3::7"))
        await mod.does("unban", person=guest.id)
        await desk.arrive("Forgiven", Visit(address="2001:db8:1:2::7"))


async def test_a_ban_of_a_guest_from_the_machine_itself_keeps_nobody_else_out(server: Running) -> None:
    """There may be a proxy on it: then everybody comes from there."""
    async with people(server, "moderator", "guest") as (mod, ann):
        await mod.does("ban", person=ann.me["id"])
        await Guest.registers(server.url, "Somebody else")


@pytest.mark.parametrize("verb", ["mute", "ban", "unmute", "unban", "kick"])
async def test_nobody_acts_against_their_equals_or_themselves(server: Running, verb: str) -> None:
    async with people(server, "owner", "moderator", "moderator", "guest") as (owner, mod, other, ann):
        tea = (await owner.does("create", name="Tea"))["id"]
        for one in (mod, other, ann):
            await one.does("join", room=tea)
        for room in (tea,) if verb == "kick" else (tea, None):
            about = {"room": room} if room else {}
            assert await refused(mod.does(verb, person=mod.me["id"], **about)) == "not_to_yourself"
            for above in (other, owner):
                assert await refused(mod.does(verb, person=above.me["id"], **about)) == "role_needed"
            assert await refused(ann.does(verb, person=mod.me["id"], **about)) == "role_needed"
            assert await refused(mod.does(verb, person="guest-9", **about)) == "person_not_found"
        assert await audit(owner) == []
        await owner.does(verb, person=mod.me["id"], room=tea)
        assert await audit(owner, action=verb) == [(verb, "Moderator", "")]


async def test_who_owns_a_room_keeps_order_in_it_and_nowhere_else(server: Running) -> None:
    async with people(server, "guest", "guest") as (ann, bob):
        tea = (await ann.does("create", name="Tea"))["id"]
        await bob.does("join", room=tea)
        seq = await bob.says("rude", tea)
        await ann.does("mute", room=tea, person=bob.me["id"], minutes=5)
        await ann.does("delete", room=tea, message=seq)
        assert len((await ann.does("sanctions", room=tea))["sanctions"]) == 1
        for verb in ("mute", "ban"):
            assert await refused(ann.does(verb, person=bob.me["id"])) == "role_needed"
            assert await refused(ann.does(verb, person=bob.me["id"], room=LOBBY)) in ("role_needed", "lobby_stays")
        for verb in ("sanctions", "reports", "audit", "rules"):
            assert await refused(ann.does(verb)) == "role_needed"
            assert await refused(bob.does(verb, **({} if verb == "rules" else {"room": tea}))) == "role_needed"
        assert [entry[0] for entry in await audit(ann, room=tea)] == ["delete", "mute"]
        assert await refused(bob.does("retention", room=tea, days=1)) == "role_needed"


async def test_moderators_know_nothing_of_private_rooms_of_others(server: Running) -> None:
    async with people(server, "moderator", "guest") as (mod, ann):
        tea = (await ann.does("create", name="Tea"))["id"]
        table = tables.room

        def hide(tx: Any) -> None:
            tx._connection.execute(table.update().where(table.c.id == tea).values(kind="private"))

        await server.chat.store.write(hide)
        seq = await ann.says("secret", tea)
        await ann.does("report", room=tea, message=seq)
        await ann.does("retention", room=tea, days=9)
        assert (await mod.does("reports"))["reports"] == []
        assert await audit(mod) == []
        for verb, more in (("reports", {}), ("audit", {}), ("sanctions", {}), ("resolve", {"message": seq})):
            assert await refused(mod.does(verb, room=tea, **more)) == "room_not_found"
            assert await refused(mod.does(verb, room="nowhere", **more)) == "room_not_found"
        assert len((await ann.does("reports", room=tea))["reports"]) == 1
        assert len(await audit(ann, room=tea)) == 1


async def test_slow_mode_lets_a_person_write_once_in_a_while_whatever_they_try(serving: Serve) -> None:
    async with serving() as server, people(server, "moderator", "guest", "guest") as (mod, ann, bob):
        tea = (await mod.does("create", name="Tea"))["id"]
        table = tables.room

        def slow(tx: Any) -> None:
            tx._connection.execute(table.update().where(table.c.id == tea).values(slow_s=600))

        await server.chat.store.write(slow)
        await ann.does("join", room=tea)
        await bob.does("join", room=tea)
        seq = await ann.says("one", tea, key="k")
        with pytest.raises(Refused) as error:
            await ann.says("two", tea)
        assert error.value.code == "slow_mode"
        assert 0 < error.value.problem["retry_after_s"] <= 600
        assert await ann.says("one", tea, key="k") == seq
        await ann.does("leave", room=tea)
        await ann.does("join", room=tea)
        await ann.drops()
        await ann.returns()
        assert await refused(ann.says("two", tea)) == "slow_mode"
        await bob.says("mine", tea)
        for text in ("first", "second"):
            await mod.says(text, tea)
        await ann.says("elsewhere")
        await ann.says("and again")


async def test_a_reported_message_waits_for_a_moderator_who_settles_it(server: Running) -> None:
    async with people(server, "moderator", "guest", "guest") as (mod, ann, bob):
        seq = await ann.says("rude words")
        await bob.does("report", room=LOBBY, message=seq, reason="rude")
        await bob.does("report", room=LOBBY, message=seq, reason="very rude")
        assert await refused(bob.does("report", room=LOBBY, message=999)) == "message_not_found"
        [waiting] = (await mod.does("reports"))["reports"]
        assert (waiting["message"]["text"], waiting["room_name"]) == ("rude words", "Lobby")
        assert [(one["by"]["name"], one["reason"]) for one in waiting["complaints"]] == [("Guest", "rude")]
        await mod.does("resolve", room=LOBBY, message=seq, note="said sorry")
        await mod.does("resolve", room=LOBBY, message=seq, note="twice is once")
        assert (await mod.does("reports"))["reports"] == []
        assert await audit(mod) == [("resolve", "Guest", "said sorry")]


async def test_b31_the_rules_of_the_place_hold_for_messages_edits_and_names(server: Running) -> None:
    async with people(server, "owner", "guest") as (owner, ann):
        seq = await ann.says("tea")
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {ann.token}"}) as http:
            answer = await http.post(f"{server.url}/api/files?name=black-coffee.txt", content=b"black")
        file = answer.json()["id"]
        await owner.does("set_rules", blocked_words=["coffee", "  black   coffee "], links="members")
        assert (await owner.does("rules"))["blocked_words"] == ["black coffee", "coffee"]
        tries = [
            ("post", {"room": LOBBY, "text": "Coffee!"}),
            ("edit", {"room": LOBBY, "message": seq, "text": "more cöffee"}),
            ("name", {"name": "Coffee"}),
            ("create", {"name": "The coffee room"}),
            ("create", {"name": "A room", "topic": "Coffee"}),
            ("post", {"room": LOBBY, "text": "", "files": [file]}),
        ]
        for verb, fields in tries:
            assert await refused(ann.does(verb, **fields)) == "blocked_word"
        for verb, fields in (("post", {"text": "https://x"}), ("edit", {"message": seq, "text": "www.example"})):
            assert await refused(ann.does(verb, room=LOBBY, **fields)) == "no_links"
        await owner.says("https://example.org")
        await becomes(server, ann, "member")
        await ann.says("https://example.org")
        await becomes(server, ann, "moderator")
        assert await refused(ann.does("set_rules")) == "role_needed"
        assert await refused(owner.does("set_rules", blocked_words=["!!"])) == "bad_rule"
        await owner.does("set_rules")
        await ann.says("coffee")


async def test_rules_hold_after_a_restart(serving: Serve) -> None:
    async with serving() as server, people(server, "owner") as (owner,):
        await owner.does("set_rules", blocked_words=["coffee"], links="nobody", retention_days=7)
    async with serving() as server:
        place = server.chat.place
        assert (place.blocked_words, place.links, place.retention_days) == (["coffee"], "nobody", 7)
        assert place.name == Place(name=server.chat.settings.name).name


def test_the_audit_log_is_only_added_to() -> None:
    """No statement anywhere changes it or takes something away."""
    sources = {file: file.read_text("utf-8") for file in Path(hubbub.__file__).parent.rglob("*.py")}
    by_call = r"(update|delete)\(\s*(tables\.)?audit\b|audit\.(update|delete)\("
    writing = re.compile(by_call + r"|(UPDATE|DELETE FROM|REPLACE INTO|DROP TABLE)\s+audit\b")
    assert writing.search("x = delete(audit).where(y)")
    assert writing.search("DELETE FROM audit")
    assert any("insert(audit)" in text for text in sources.values())
    assert [str(file) for file, text in sources.items() if writing.search(text)] == []
