"""Accounts: how people come in, stay in and are put out. Names with A and a number are rows of the list of attacks."""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from hubbub.errors import NotFound
from hubbub.service.passwords import NOBODYS_HASH, QUEUE_MAX, THREADS, Passwords
from hubbub.testing.people import Guest, Refused
from hubbub.testing.server import Running
from tests.web.accounts import OTHER, WORDS, Json, answers, calls, connected, owns, refusal, signs_in, signs_up
from tests.web.seen import see

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
    account = {"login": "zoe", "email": "zoe@chat.example", "password": True, "identity": False}
    assert await answers(server, "GET", "/me/account", zoe.token) == account


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
