"""Accounts: how people come in, stay in and are put out. Names with A and a number are rows of the list of attacks."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hubbub.core.models import Place
from hubbub.errors import NotFound
from hubbub.service.passwords import NOBODYS_HASH, QUEUE_MAX, THREADS, Passwords
from hubbub.settings import Settings
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running, serve
from tests.web.seen import Seen, see

WORDS = "four words make a password"
OTHER = "and four others make another"
Json = dict[str, Any]


async def calls(server: Running, method: str, path: str, token: str = "", **body: Any) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient() as http:
        return await http.request(method, f"{server.url}/api{path}", headers=headers, json=body or None)


async def answers(server: Running, method: str, path: str, token: str = "", **body: Any) -> Json:
    answer = await calls(server, method, path, token, **body)
    assert answer.is_success, answer.text
    return dict(answer.json())


async def refusal(server: Running, method: str, path: str, token: str = "", **body: Any) -> tuple[int, str]:
    answer = await calls(server, method, path, token, **body)
    assert answer.json()["words"]
    return answer.status_code, answer.json()["code"]


async def signs_up(server: Running, login: str, token: str = "", **more: Any) -> Guest:
    entry = await answers(server, "POST", "/accounts", token, login=login, password=WORDS, **more)
    return Guest(server.url, entry["token"], entry["person"])


async def signs_in(server: Running, login: str, password: str = WORDS, token: str = "") -> Guest:
    entry = await answers(server, "POST", "/sessions", token, login=login, password=password)
    return Guest(server.url, entry["token"], entry["person"])


async def owns(server: Running, login: str = "olga") -> Guest:
    """The first owner, by the link that a terminal shows."""
    link = await server.chat.owner_link(server.url)
    assert link
    async with httpx2.AsyncClient(headers={"Origin": server.url}) as browser:
        form = {"place": "Tea house", "joining": "open", "guests": "yes", "login": login, "password": WORDS}
        answer = await browser.post(link, data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
        token = browser.cookies["hubbub_session"]
    return Guest(server.url, token, await answers(server, "GET", "/me", token))


@asynccontextmanager
async def connected(*people: Guest) -> AsyncIterator[None]:
    for person in people:
        await person.returns()
    try:
        yield
    finally:
        for person in people:
            await person.drops()


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
    assert told["place"] == {"name": "Tea house", "joining": "approval", "guests": "read_only", "retention_days": None}
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


# Signing up and in -------------------------------------------------------------------------------------------


async def test_a_guest_who_signs_up_keeps_id_messages_rooms_and_name(server: Running) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        seq = await ann.says("before")
        await ann.does("create", name="Garden")
        account = await signs_up(server, "ann", ann.token)
        await ann.waits_until(lambda: ann.close_code is not None)
        assert ann.close_code == 4401
        assert account.me | {"kind": "account", "role": "member"} == account.me
        assert (account.me["id"], account.me["name"]) == (ann.me["id"], "Ann")
        async with connected(account):
            assert {room["name"] for room in account.welcome["rooms"]} == {"Lobby", "Garden"}
            await account.does("edit", room="lobby", message=seq, text="after")
            await bob.hears_of("message.edited", message=seq)


async def test_whoever_comes_new_is_in_the_lobby_under_their_name(server: Running) -> None:
    zoe = await signs_up(server, "zoe", name="Zoë", email="zoe@chat.example")
    assert zoe.me["id"].startswith("account-")
    async with connected(zoe):
        assert [room["id"] for room in zoe.welcome["rooms"]] == ["lobby"]
        await zoe.says("hi")
    for login in ("zoe", "ZOE", " zoe ", "Zoe@Chat.Example"):
        assert (await signs_in(server, login)).me == zoe.me
    assert await answers(server, "GET", "/me/account", zoe.token) == {"login": "zoe", "email": "zoe@chat.example"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"login": "a"}, "bad_login"),
        ({"login": "-ann"}, "bad_login"),
        ({"login": "ann smith"}, "bad_login"),
        ({"login": "a@b.example"}, "bad_login"),
        ({"login": "аnn"}, "bad_login"),
        ({"login": "an\u202en"}, "bad_login"),
        ({"password": "1234567"}, "bad_password"),
        ({"password": "Password123"}, "bad_password"),
        ({"email": "no address"}, "bad_email"),
        ({"email": "a@b\r\nBcc: c@d"}, "bad_email"),
        ({"name": "a\u202eb"}, "bad_name"),
        ({"role": "owner"}, "invalid"),
        ({"password": ["x"]}, "invalid"),
    ],
)
async def test_what_cannot_be_an_account_is_said(server: Running, wrong: Json, code: str) -> None:
    body = {"login": "ann", "password": WORDS} | wrong
    assert await refusal(server, "POST", "/accounts", **body) == (422, code)


async def test_a_login_name_is_had_once_whatever_its_case(server: Running) -> None:
    await signs_up(server, "Ann")
    assert await refusal(server, "POST", "/accounts", login="aNN", password=WORDS, name="B") == (409, "login_taken")
    assert (await signs_up(server, "ann.b", name="B")).me["name"] == "B"


async def test_A17_nobody_is_called_like_somebody_with_an_account(server: Running) -> None:
    async with Guest.arrives(server.url, "Zoe") as early, Guest.arrives(server.url, "Bob") as bob:
        await signs_up(server, "zoe", name="Zoë")
        with pytest.raises(Refused, match="name_taken"):
            await bob.does("name", name="ZOE")
        assert await refusal(server, "POST", "/guests", name="zoë") == (409, "name_taken")
        assert await refusal(server, "POST", "/accounts", login="x1", password=WORDS, name="Zoe") == (409, "name_taken")
        await early.says("I was here before")


async def test_A13_there_is_no_account_that_nobody_has_made(server: Running) -> None:
    for login, password in (("admin", "admin"), ("owner", ""), ("hubbub", "hubbub"), ("root", "changeme")):
        assert await refusal(server, "POST", "/sessions", login=login, password=password) == (401, "wrong_password")


# Sessions ----------------------------------------------------------------------------------------------------


async def test_A05_signing_in_makes_a_new_session_and_ends_the_one_that_was_shown(server: Running) -> None:
    await signs_up(server, "ann")
    planted = await Guest.registers(server.url)
    ann = await signs_in(server, "ann", token=planted.token)
    assert ann.token != planted.token
    assert await refusal(server, "GET", "/me", planted.token) == (401, "sign_in_needed")


async def test_A05_another_password_ends_all_sessions_and_begins_one(server: Running) -> None:
    ann = await signs_up(server, "ann")
    phone = await signs_in(server, "ann")
    async with connected(phone):
        assert await refusal(server, "PUT", "/me/password", ann.token, old="wrong", new=OTHER) == (
            401,
            "wrong_password",
        )
        entry = await answers(server, "PUT", "/me/password", ann.token, old=WORDS, new=OTHER)
        await phone.waits_until(lambda: phone.close_code == 4401)
    for token in (ann.token, phone.token):
        assert await refusal(server, "GET", "/me", token) == (401, "sign_in_needed")
    assert (await answers(server, "GET", "/me", entry["token"]))["id"] == ann.me["id"]
    assert await refusal(server, "POST", "/sessions", login="ann", password=WORDS) == (401, "wrong_password")
    await signs_in(server, "ann", OTHER)


async def test_A05_another_role_ends_all_sessions(server: Running) -> None:
    olga, bob = await owns(server), await signs_up(server, "bob")
    async with connected(bob):
        await answers(server, "PUT", f"/people/{bob.me['id']}/role", olga.token, role="moderator")
        await bob.waits_until(lambda: bob.close_code == 4401)
    assert await refusal(server, "GET", "/me", bob.token) == (401, "sign_in_needed")
    assert (await signs_in(server, "bob")).me["role"] == "moderator"


async def test_A06_the_cookie_is_out_of_reach_for_scripts_and_other_sites(server: Running) -> None:
    await signs_up(server, "ann")
    async with httpx2.AsyncClient(base_url=server.url, headers={"Origin": server.url}) as browser:
        answer = await browser.post("/sign-in", data={"login": "ann", "password": WORDS})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "path=/" in cookie
        assert (await see(browser)).boot()["me"]["kind"] == "account"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/sign-out", "/forgot", "/reset/x", "/setup/x"])
async def test_A07_a_page_of_another_site_cannot_send_a_form(
    server: Running, http: httpx2.AsyncClient, path: str
) -> None:
    form = {"login": "ann", "password": WORDS}
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await http.post(path, data=form, headers=foreign)).status_code == 403
    assert not http.cookies


async def test_A08_a_session_that_ends_takes_its_connections_with_it_and_no_others(server: Running) -> None:
    ann = await signs_up(server, "ann")
    phone, old = await signs_in(server, "ann"), await signs_in(server, "ann")
    async with connected(ann, phone, old):
        sessions = (await answers(server, "GET", "/sessions", ann.token))["sessions"]
        assert [session["current"] for session in sessions].count(True) == 1
        assert {session["address"] for session in sessions} == {"127.0.0.1"}
        async with httpx2.AsyncClient() as http:
            headers = {"Authorization": f"Bearer {phone.token}"}
            await http.delete(f"{server.url}/api/sessions/current", headers=headers)
        await phone.waits_until(lambda: phone.close_code == 4401)
        assert await refusal(server, "GET", "/me", phone.token) == (401, "sign_in_needed")
        await old.says("still here")
        await answers(server, "DELETE", "/sessions", ann.token)
        await old.waits_until(lambda: old.close_code == 4401)
        await ann.says("I stay")
        assert await refusal(server, "DELETE", f"/sessions/{sessions[0]['id']}x", ann.token) == (
            404,
            "session_not_found",
        )


async def test_A08_nobody_ends_the_session_of_somebody_else(server: Running) -> None:
    ann, bob = await signs_up(server, "ann"), await signs_up(server, "bob")
    [mine] = (await answers(server, "GET", "/sessions", ann.token))["sessions"]
    assert await refusal(server, "DELETE", f"/sessions/{mine['id']}", bob.token) == (404, "session_not_found")
    assert (await answers(server, "GET", "/me", ann.token))["name"] == "ann"


async def test_A14_the_database_holds_nothing_with_which_somebody_could_sign_in(
    server: Running, tmp_path: Path
) -> None:
    ann = await signs_up(server, "ann")
    link = await server.chat.owner_link(server.url)
    assert link
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
        dump = "\n".join(database.iterdump())
    assert "$argon2id$" in dump
    for secret in (ann.token, WORDS, link.rpartition("/")[2]):
        assert secret not in dump


# Guessing ----------------------------------------------------------------------------------------------------


async def test_A09_after_five_wrong_passwords_an_account_rests_and_its_sessions_live_on(server: Running) -> None:
    ann = await signs_up(server, "ann", email="ann@chat.example")
    seen = [
        await refusal(server, "POST", "/sessions", login=("ann", "ann@chat.example")[n % 2], password="x")
        for n in range(6)
    ]
    assert seen == [(401, "wrong_password")] * 5 + [(429, "rate_limited")]
    assert await refusal(server, "POST", "/sessions", login="ann", password=WORDS) == (429, "rate_limited")
    async with connected(ann):
        await ann.says("I notice nothing")


async def test_A09_one_network_tries_twenty_times(server: Running) -> None:
    await signs_up(server, "ann")
    seen = [await refusal(server, "POST", "/sessions", login=f"name{n}", password="x") for n in range(21)]
    assert seen == [(401, "wrong_password")] * 20 + [(429, "rate_limited")]
    assert await refusal(server, "POST", "/sessions", login="ann", password=WORDS) == (429, "rate_limited")


async def test_A10_an_account_that_does_not_exist_answers_as_one_that_does(server: Running) -> None:
    await signs_up(server, "ann")
    there, not_there = [await calls(server, "POST", "/sessions", login=name, password="x") for name in ("ann", "bea")]
    assert (there.status_code, there.content) == (not_there.status_code, not_there.content)
    pages = []
    async with httpx2.AsyncClient(base_url=server.url, headers={"Origin": server.url}) as browser:
        for name in ("ann", "bea"):
            pages.append((await browser.post("/sign-in", data={"login": name, "password": "x"})).text.replace(name, ""))
    assert pages[0] == pages[1]


async def test_A11_a_try_for_nobody_costs_the_same_hash(server: Running) -> None:
    passwords = Passwords()
    kept = await passwords.hash(WORDS)
    costs = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$")
    assert costs.findall(kept) == costs.findall(NOBODYS_HASH) != []
    assert (await passwords.check(WORDS, kept)).right
    assert not (await passwords.check(WORDS, None)).right
    passwords.stop()


async def test_A12_only_so_many_passwords_wait(server: Running) -> None:
    passwords = Passwords()
    tries = [asyncio.create_task(passwords.hash(WORDS)) for _ in range(THREADS + QUEUE_MAX + 3)]
    for attempt in tries[-3:]:
        with pytest.raises(Exception, match="Try again"):
            await attempt
    passwords.stop()
    await asyncio.gather(*tries, return_exceptions=True)


async def test_A19_one_network_makes_only_so_many_accounts(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.chat.accounts, "clean", _no_more)
    seen = {await refusal(server, "POST", "/accounts", login=f"u{n}x", password=WORDS) for n in range(21)}
    assert seen == {(404, "enough"), (429, "rate_limited")}


async def _no_more(*_: object) -> None:
    raise NotFound("Enough.", code="enough")


# A new password ----------------------------------------------------------------------------------------------


async def test_A16_a_link_for_a_new_password_works_once_for_one_person(
    server: Running, browser: httpx2.AsyncClient
) -> None:
    olga, ann = await owns(server), await signs_up(server, "ann")
    path = f"/people/{ann.me['id']}/reset-link"
    assert await refusal(server, "POST", path, ann.token) == (403, "role_needed")
    first = (await answers(server, "POST", path, olga.token))["link"]
    link = (await answers(server, "POST", path, olga.token))["link"]
    assert (await browser.get(first)).status_code == 404
    assert "For ann." in (await browser.get(link)).text
    assert (await browser.post(link, data={"password": "short"})).status_code == 422
    assert (await browser.post(link, data={"password": OTHER})).status_code == 303
    assert (await see(browser)).boot()["me"]["id"] == ann.me["id"]
    assert await refusal(server, "GET", "/me", ann.token) == (401, "sign_in_needed")
    assert (await browser.post(link, data={"password": OTHER})).status_code == 404
    await signs_in(server, "ann", OTHER)


async def test_A16_a_link_is_old_after_an_hour(server: Running, browser: httpx2.AsyncClient, tmp_path: Path) -> None:
    olga = await owns(server)
    link = (await answers(server, "POST", f"/people/{olga.me['id']}/reset-link", olga.token))["link"]
    assert (await browser.get(link)).status_code == 200
    with closing(sqlite3.connect(tmp_path / "hubbub.db")) as database:
        database.execute("UPDATE link SET expires_at = expires_at - 3600000")
        database.commit()
    assert (await browser.get(link)).status_code == 404


async def test_without_mail_a_forgotten_password_is_a_question_for_the_owner(browser: httpx2.AsyncClient) -> None:
    page = await see(browser, "/forgot")
    assert "Ask an owner" in page.text("main")
    assert (await browser.post("/forgot", data={"login": "ann"})).status_code == 404


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
    assert changed == {"login": "ann", "email": "a@chat.example"}
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
