"""The place: its first owner, who may join, and the people in it."""

from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hubbub.core.models import Place
from hubbub.settings import Settings
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running, serve
from tests.web.accounts import WORDS, answers, calls, connected, owns, refusal, signs_in, signs_up
from tests.web.seen import Seen, see

# The first owner ---------------------------------------------------------------------------------------------


async def test_the_link_makes_one_owner_and_the_place_as_they_want_it(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    link = await server.chat.owner_link(server.url)
    assert link
    page = await see(browser, link)
    assert page.text("h1") == "Set up your chat"
    async with Guest.arrives(server.url, "Bob") as bob:
        form = {"place": "Tea house", "joining": "approval", "guests": "read_only", "login": "Olga", "password": WORDS}
        answer = await browser.post(link, data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        told = await bob.gets("place")
    rules = {"blocked_words": [], "links": "everybody", "retention_days": None}
    assert told["place"] == {"name": "Tea house", "joining": "approval", "guests": "read_only"} | rules
    assert server.chat.place == Place(name="Tea house", joining="approval", guests="read_only")
    page = await see(browser)
    assert (page.boot()["me"]["role"], page.boot()["me"]["kind"]) == ("owner", "account")
    assert page.text("title") == "Lobby – Tea house"
    assert (await browser.get(link)).status_code == 404
    assert (await browser.post(link, data=form)).status_code == 404
    assert await server.chat.owner_link(server.url) is None


async def test_a_new_link_ends_the_one_before_and_an_owner_ends_all(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    first, second = [await server.chat.owner_link(server.url) for _ in range(2)]
    assert first
    assert second
    assert ((await browser.get(first)).status_code, (await browser.get(second)).status_code) == (404, 200)
    olga = await owns(server)
    assert (await browser.get(second)).status_code == 404
    assert olga.me["role"] == "owner"


async def test_a_place_stays_as_it_was_set_up(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server:
        await owns(server)
    async with serve(Settings(data=tmp_path, name="Another")) as server:
        assert server.chat.place.name == "Tea house"
        assert await server.chat.owner_link(server.url) is None


async def test_a_set_up_form_with_a_mistake_comes_back_with_what_was_written(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    link = await server.chat.owner_link(server.url)
    assert link
    form = {"place": "Tea <house>", "joining": "invite", "guests": "no", "login": "olga", "password": "short"}
    answer = await browser.post(link, data=form)
    page = Seen(answer.text)
    assert answer.status_code == 422
    assert "at least 8 characters" in page.text("p", role="alert")
    assert page.one("input", name="place")[0]["value"] == "Tea <house>"
    assert "checked" in page.one("input", name="guests", value="no")[0]
    assert page.one("input", name="password")[0]["value"] == ""
    assert (await browser.post(link, data=form | {"password": WORDS, "guests": "perhaps"})).status_code == 422


# Who may join ------------------------------------------------------------------------------------------------


async def test_an_account_that_waits_sees_nothing_until_a_moderator_approves(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    olga = await owns(server)
    await answers(server, "PATCH", "/place", olga.token, joining="approval")
    async with connected(olga):
        answer = await browser.post("/sign-up", data={"login": "bob", "password": WORDS})
        assert answer.status_code == 303
        assert (await olga.gets("waiting"))["count"] == 1
        page = await see(browser, status=403)
        assert "You will be in soon" in page.text("h1")
        bob = Guest(server.url, browser.cookies["hubbub_session"], {"name": "bob"})
        assert await refusal(server, "GET", "/rooms", bob.token) == (403, "waiting")
        assert await refusal(server, "GET", "/rooms/lobby/messages", bob.token) == (403, "waiting")
        headers = {"Authorization": f"Bearer {bob.token}"}
        async with connect(f"{server.url.replace('http', 'ws', 1)}/ws", additional_headers=headers) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 4401
        assert (await olga.does("people"))["people"][0]["name"] == "olga"
        [waiting] = (await answers(server, "GET", "/waiting", olga.token))["people"]
        assert waiting["name"] == "bob"
        members = (await olga.does("members", room="lobby"))["members"]
        assert [member["name"] for member in members] == ["olga"]
        await answers(server, "PUT", f"/waiting/{waiting['id']}", olga.token)
        await olga.gets("waiting", lambda signal: signal["count"] == 0)
        assert (await see(browser)).boot()["me"]["role"] == "member"
        assert await refusal(server, "PUT", f"/waiting/{waiting['id']}", olga.token) == (404, "nobody_waits")


async def test_whoever_is_turned_away_has_no_account_and_may_try_again(server: Running) -> None:
    olga = await owns(server)
    await answers(server, "PATCH", "/place", olga.token, joining="approval")
    bob = await signs_up(server, "bob")
    async with connected(olga):
        with pytest.raises(Refused, match="nobody_waits"):
            await olga.does("refuse", person=olga.me["id"])
        await olga.does("refuse", person=bob.me["id"])
    assert await refusal(server, "GET", "/me", bob.token) == (401, "sign_in_needed")
    assert (await signs_up(server, "bob")).me["role"] == "guest"


async def test_where_people_are_invited_nobody_else_signs_up(server: Running, browser: httpx2.AsyncClient) -> None:
    olga = await owns(server)
    await answers(server, "PATCH", "/place", olga.token, joining="invite")
    assert await refusal(server, "POST", "/accounts", login="bob", password=WORDS) == (403, "invite_needed")
    body = {"login": "bob", "password": WORDS, "invite": "no-such-code"}
    assert await refusal(server, "POST", "/accounts", **body) == (404, "invite_not_found")
    page = await see(browser, "/sign-up")
    assert page.all("form") == []
    assert "people with an invitation" in page.text("main")


async def invitation_of(person: Guest, room: str | None = None) -> str:
    about = {"room": room} if room else {}
    return str((await person.does("invite", **about))["link"]).rpartition("/")[2]


async def test_an_invitation_into_the_place_signs_people_up_where_nobody_else_may(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    olga = await owns(server)
    await answers(server, "PATCH", "/place", olga.token, joining="invite", guests="no")
    async with connected(olga):
        code = await invitation_of(olga)
        page = await see(browser, f"/i/{code}")
        assert "olga invites you to" in page.text("h1")
        assert [about["href"] for about, _ in page.all("a")] == [f"/sign-up/{code}", f"/sign-in/{code}"]
        answer = await browser.post(f"/sign-up/{code}", data={"login": "bob", "password": WORDS})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await see(browser)).boot()["me"]["role"] == "member"


async def test_an_invitation_into_a_room_leads_there_but_nobody_into_the_place(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    olga, bob = await owns(server), await signs_up(server, "bob")
    await answers(server, "PATCH", "/place", olga.token, joining="invite")
    async with connected(olga), connected(bob):
        room = (await bob.does("create", name="Garden", kind="private"))["id"]
        body = {"login": "cleo", "password": WORDS, "invite": await invitation_of(bob, room)}
        assert await refusal(server, "POST", "/accounts", **body) == (403, "invite_needed")
        tea = (await olga.does("create", name="Tea", kind="private"))["id"]
        code = await invitation_of(olga, tea)
        answer = await browser.post(f"/sign-up/{code}", data={"login": "cleo", "password": WORDS})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{tea}")
        assert "Tea" in (await see(browser, f"/r/{tea}")).text("h1", id="room-name")


async def test_where_a_moderator_approves_only_an_invitation_of_one_stands_for_it(server: Running) -> None:
    olga, bob = await owns(server), await signs_up(server, "bob")
    await answers(server, "PATCH", "/place", olga.token, joining="approval")
    async with connected(olga), connected(bob):
        room = (await bob.does("create", name="Garden", kind="private"))["id"]
        by_bob = await answers(
            server, "POST", "/accounts", login="cleo", password=WORDS, invite=await invitation_of(bob, room)
        )
        assert by_bob["person"]["role"] == "guest"
        assert len((await bob.does("members", room=room))["members"]) == 1
        by_olga = await answers(
            server, "POST", "/accounts", login="dora", password=WORDS, invite=await invitation_of(olga)
        )
        assert by_olga["person"]["role"] == "member"


async def test_whoever_signs_in_on_the_way_to_an_invitation_comes_back_to_it(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    olga = await owns(server)
    await signs_up(server, "bob")
    async with connected(olga):
        room = (await olga.does("create", name="Garden", kind="private"))["id"]
        code = await invitation_of(olga, room)
    wrong = await browser.post(f"/sign-in/{code}", data={"login": "bob", "password": "not this one"})
    assert wrong.status_code == 401
    answer = await browser.post(f"/sign-in/{code}", data={"login": "bob", "password": WORDS})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/i/{code}")
    came = await browser.post(f"/i/{code}")
    assert (came.status_code, came.headers["location"]) == (303, f"/r/{room}")


async def test_what_is_decided_about_people_and_the_place_stands_in_the_audit_log(server: Running) -> None:
    olga, bob = await owns(server), await signs_up(server, "bob")
    async with connected(olga):
        await olga.does("set_place", joining="approval")
        cleo, dora = await signs_up(server, "cleo"), await signs_up(server, "dora")
        await olga.does("approve", person=cleo.me["id"])
        await olga.does("refuse", person=dora.me["id"])
        await olga.does("reset_link", person=bob.me["id"])
        await olga.does("set_place_role", person=bob.me["id"], role="moderator")
        entries = (await olga.does("audit"))["entries"]
    assert [(e["action"], e.get("person", {}).get("id"), e["reason"]) for e in reversed(entries)] == [
        ("set_place", None, ""),
        ("approve", cleo.me["id"], ""),
        ("refuse", dora.me["id"], ""),
        ("reset_link", bob.me["id"], ""),
        ("set_place_role", bob.me["id"], "moderator"),
    ]
    assert {e["by"]["id"] for e in entries} == {olga.me["id"]}


async def test_where_guests_are_not_welcome_any_more_they_are_out_and_may_sign_up(server: Running) -> None:
    olga = await owns(server)
    async with Guest.arrives(server.url, "Ann") as ann, connected(olga):
        await olga.does("set_place", guests="no")
        await ann.waits_until(lambda: ann.close_code == 4401)
        assert await refusal(server, "GET", "/rooms", ann.token) == (403, "no_guests")
        assert await refusal(server, "POST", "/guests", name="Bob") == (403, "no_guests")
        assert (await signs_up(server, "ann", ann.token)).me["id"] == ann.me["id"]


# People and the place ----------------------------------------------------------------------------------------


async def test_the_last_owner_stays_until_there_is_another(server: Running) -> None:
    olga, bob = await owns(server), await signs_up(server, "bob")
    mine, his = (f"/people/{person.me['id']}/role" for person in (olga, bob))
    assert await refusal(server, "PUT", his, bob.token, role="owner") == (403, "role_needed")
    assert await refusal(server, "PUT", mine, olga.token, role="member") == (409, "last_owner")
    await answers(server, "PUT", his, olga.token, role="owner")
    await answers(server, "PUT", mine, olga.token, role="member")
    bob = await signs_in(server, "bob")
    assert await refusal(server, "PUT", his, bob.token, role="member") == (409, "last_owner")


async def test_people_are_listed_for_members_and_guests_are_told_why_not(server: Running) -> None:
    olga, bob = await owns(server), await signs_up(server, "bob")
    ann = await Guest.registers(server.url, "Ann")
    assert await refusal(server, "GET", "/people", ann.token) == (403, "role_needed")
    page = await answers(server, "GET", "/people", bob.token)
    assert {person["name"]: person["role"] for person in page["people"]} == {"olga": "owner", "bob": "member"}
    assert not any("email" in person or "login" in person for person in page["people"])
    first = (await calls(server, "GET", "/people?limit=1", bob.token)).json()["people"]
    rest = (await calls(server, "GET", f"/people?after={first[0]['id']}", bob.token)).json()["people"]
    assert [*first, *rest] == page["people"]
    assert olga.me["id"] in {person["id"] for person in page["people"]}


async def test_a_profile_has_a_status_and_a_time_zone(server: Running) -> None:
    ann, bob = await signs_up(server, "ann"), await Guest.registers(server.url, "Bob")
    mine = f"/people/{ann.me['id']}"
    await answers(server, "PUT", "/me/profile", ann.token, status="in the  garden", time_zone="Europe/Berlin")
    seen = await answers(server, "GET", mine, bob.token)
    assert (seen["status"], seen["time_zone"], seen["role"]) == ("in the garden", "Europe/Berlin", "member")
    assert await refusal(server, "PUT", "/me/profile", ann.token, time_zone="Mars/Olympus") == (422, "bad_time_zone")
    assert await refusal(server, "PUT", "/me/profile", ann.token, status="x" * 101) == (422, "invalid")
    assert await refusal(server, "PUT", "/me/profile", bob.token, status="hi") == (403, "role_needed")
    assert (await answers(server, "PUT", "/me/profile", ann.token, status=" "))["status"] is None
    assert await refusal(server, "GET", "/people/guest-1", bob.token) == (404, "person_not_found")


async def test_the_address_for_mail_changes_with_the_password_alone(server: Running) -> None:
    ann = await signs_up(server, "ann")
    body = {"password": "wrong", "email": "a@chat.example"}
    assert await refusal(server, "PUT", "/me/email", ann.token, **body) == (401, "wrong_password")
    changed = await answers(server, "PUT", "/me/email", ann.token, password=WORDS, email="a@chat.example")
    assert (changed["login"], changed["email"]) == ("ann", "a@chat.example")
    guest = await Guest.registers(server.url)
    assert await refusal(server, "GET", "/me/account", guest.token) == (403, "no_account")


async def test_signing_out_by_the_form_ends_the_session(server: Running, browser: httpx2.AsyncClient) -> None:
    await browser.post("/sign-up", data={"login": "ann", "password": WORDS})
    token = browser.cookies["hubbub_session"]
    assert "Sign out" in (await see(browser)).text("footer")
    answer = await browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "hubbub_session" not in browser.cookies
    assert await refusal(server, "GET", "/me", token) == (401, "sign_in_needed")


# What guests may do ------------------------------------------------------------------------------------------


async def test_where_guests_only_read_the_page_says_so_and_offers_to_sign_up(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    olga = await owns(server)
    await answers(server, "PATCH", "/place", olga.token, guests="read_only")
    page = await see(browser)
    assert page.text("message-composer").split() == "Guests may only read here. Sign up to take part.".split()
    assert page.all("textarea") == []
    refused = Seen((await browser.post("/r/lobby/post", data={"text": "hello"})).text)
    assert refused.text("pre", cls="kept") == "hello"


async def test_the_page_does_not_tell_which_words_are_blocked(server: Running, browser: httpx2.AsyncClient) -> None:
    olga = await owns(server)
    await answers(server, "PUT", "/rules", olga.token, blocked_words=["xanthophyll"])
    assert "xanthophyll" not in (await browser.get("/")).text
