"""Invitations: links by which people come into a room or into the place, and when they do not work."""

import httpx2
import pytest

from hubbub.testing.people import Guest, Json
from hubbub.testing.server import Running
from tests.journeys.test_rooms import cast, code_in, refusal, trust

pytestmark = pytest.mark.asyncio


async def test_a_link_lets_one_person_into_a_private_room_and_then_no_more(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        room = (await ann.does("create", name="Garden", kind="private"))["id"]
        made = await ann.does("invite", room=room, uses=1, address="https://chat.example/")
        assert made["link"].startswith("https://chat.example/i/")
        assert made["qr"].startswith("<svg ")
        assert len(code_in(made)) >= 43
        code = code_in(made)
        assert (await ann.does("accept_invite", code=code))["id"] == room  # who is there already does not use it up
        entered = await bob.does("accept_invite", code=code)
        assert (entered["id"], entered["role"], entered["joined"]) == (room, "member", True)
        await ann.says("hello", room)
        await bob.hears("hello", room)
        used = await refusal(cleo, "accept_invite", code=code)
        assert used == await refusal(cleo, "accept_invite", code="never-was")
        assert used[0] == "invite_not_found"
        assert (await ann.does("invites", room=room))["invites"] == []


async def test_an_invitation_ends_when_it_is_revoked_or_too_old(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("create", name="Garden", kind="private"))["id"]
        made = await ann.does("invite", room=room, hours=1)
        [listed] = (await ann.does("invites", room=room))["invites"]
        assert listed == made["invite"]
        assert code_in(made) not in str(listed)
        assert made["link"].startswith("/i/")
        assert "qr" not in made
        assert (await refusal(bob, "revoke_invite", room=room, invite=listed["id"]))[0] == "room_not_found"
        await ann.does("revoke_invite", room=room, invite=listed["id"])
        assert (await refusal(ann, "revoke_invite", room=room, invite=listed["id"]))[0] == "invite_not_found"
        assert (await refusal(bob, "accept_invite", code=code_in(made)))[0] == "invite_not_found"
        old = await ann.does("invite", room=room, hours=1)
        late = old["invite"]["expires_at"]
        reads = server.chat.store.read
        assert len(await reads(lambda reader: reader.invites(room, late - 1))) == 1
        assert await reads(lambda reader: reader.invites(room, late)) == []


async def test_an_invitation_is_worth_what_whoever_made_it_may_do_now(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        room = (await ann.does("create", name="Garden", kind="private"))["id"]
        await ann.does("add_member", room=room, person=bob.me["id"])
        await ann.does("set_role", room=room, person=bob.me["id"], role="moderator")
        made = await bob.does("invite", room=room)
        await ann.does("set_role", room=room, person=bob.me["id"], role="member")
        assert (await refusal(cleo, "accept_invite", code=code_in(made)))[0] == "invite_not_found"
        await ann.does("set_role", room=room, person=bob.me["id"], role="moderator")
        assert (await cleo.does("accept_invite", code=code_in(made)))["id"] == room


async def test_whoever_is_banned_from_a_room_comes_in_by_no_link_and_by_nobodys_hand(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        room = (await ann.does("create", name="Garden", kind="private"))["id"]
        code = code_in(await ann.does("invite", room=room))
        await bob.does("accept_invite", code=code)
        await ann.does("ban", room=room, person=bob.me["id"], minutes=5)
        assert await refusal(bob, "accept_invite", code=code) == ("banned", "You have been banned from this room.")
        words = "This person has been banned from this room."
        assert await refusal(ann, "add_member", room=room, person=bob.me["id"]) == ("banned", words)
        await ann.does("unban", room=room, person=bob.me["id"])
        await bob.does("accept_invite", code=code)


async def test_an_invitation_of_somebody_who_was_banned_from_the_place_does_not_work(server: Running) -> None:
    async with cast(server) as (ann, bob, cleo):
        await trust(server, ann, "moderator")
        room = (await bob.does("create", name="Garden", kind="private"))["id"]
        code = code_in(await bob.does("invite", room=room))
        await ann.does("ban", person=bob.me["id"])
        assert (await refusal(cleo, "accept_invite", code=code))[0] == "invite_not_found"


async def test_moderators_of_the_place_invite_into_it(server: Running) -> None:
    async with cast(server) as (ann, bob, _):
        assert (await refusal(ann, "invite"))[0] == "role_needed"
        await trust(server, ann, "moderator")
        made = await ann.does("invite", uses=None, hours=None)
        assert made["invite"].get("expires_at") is None
        assert (await bob.does("accept_invite", code=code_in(made)))["id"] == "lobby"
        assert len((await ann.does("invites"))["invites"]) == 1


async def test_the_page_of_an_invitation_lets_a_guest_in_and_no_log_has_its_code(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with cast(server) as (ann, *_), httpx2.AsyncClient(headers={"Origin": server.url}) as browser:
        room = (await ann.does("create", name="Garden", kind="private"))["id"]
        made = await ann.does("invite", room=room, uses=1, address=server.url)
        link, code = made["link"], code_in(made)
        page = await browser.get(link)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert "Ann</bdi> invites you to <bdi>Garden" in page.text
        assert not browser.cookies  # looking makes nobody a guest
        foreign = await browser.post(link, data={"name": "Eve"}, headers={"Origin": "https://evil.example"})
        assert (foreign.status_code, bool(browser.cookies)) == (403, False)
        bad = await browser.post(link, data={"name": "\u202e"})
        assert (bad.status_code, "A name cannot have" in bad.text) == (422, True)
        came = await browser.post(link, data={"name": "Gil"})
        assert (came.status_code, came.headers["location"]) == (303, f"/r/{room}")
        assert (await ann.hears_of("member.joined", room, by={**came_as(ann, room)}))["person"]["name"] == "Gil"
        assert "Garden" in (await browser.get(f"{server.url}/r/{room}")).text
        async with httpx2.AsyncClient() as stranger:
            used, wrong = await stranger.get(link), await stranger.get(f"{server.url}/i/wrong")
            assert (used.status_code, used.text) == (wrong.status_code, wrong.text)
            assert used.status_code == 404
            assert "does not work, or not any more" in used.text
    logged = [str(record.__dict__) for record in caplog.records if record.name.startswith("hubbub")]
    assert any("/i/…" in line for line in logged)
    assert not any(code in line for line in logged)


def came_as(person: Guest, room: str) -> Json:
    """Who the last to come into the room is, as this person heard it."""
    return dict(next(e["by"] for e in reversed(person.events[room]) if e["type"] == "member.joined"))
