"""The page without script: read, posted to, joined and refused over plain HTTP."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from hubbub.settings import Settings
from hubbub.testing.people import Guest
from hubbub.testing.server import Running, serve
from tests.web.seen import Seen, see

NASTY = "</script></textarea><script>alert(1)</script><!-- '\"&"


@pytest.fixture
async def bob(server: Running) -> AsyncIterator[Guest]:
    async with Guest.arrives(server.url, "Bob") as guest:
        yield guest


async def send(browser: httpx2.AsyncClient, room: str, **fields: str) -> httpx2.Response:
    return await browser.post(f"/r/{room}/post", data=fields)


# Reading -----------------------------------------------------------------------------------------------------


async def test_whoever_comes_is_made_a_guest_and_stays_the_same_one(browser: httpx2.AsyncClient) -> None:
    first = await browser.get("/")
    cookie = first.headers["set-cookie"]
    assert re.match(r"hubbub_session=[\w-]{40,}; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax$", cookie)
    assert first.headers["cache-control"] == "no-store"
    again = await browser.get("/")
    assert "set-cookie" not in again.headers
    assert Seen(again.text).boot()["me"] == Seen(first.text).boot()["me"]


async def test_06_over_https_the_cookie_is_bound_to_host_and_https(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/", headers={"X-Forwarded-Proto": "https"})
    assert re.match(
        r"__Host-hubbub_session=[\w-]+; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax; Secure$",
        answer.headers["set-cookie"],
    )


async def test_the_last_messages_stand_in_the_page(browser: httpx2.AsyncClient, bob: Guest) -> None:
    seqs = [await bob.says(f"message {number}") for number in range(35)]
    page = await see(browser)
    assert page.texts() == [f"message {number}" for number in range(5, 35)]
    assert [int(row["data-seq"]) for row, _ in page.all("article")] == seqs[5:]
    assert page.text("h1") == "Lobby"
    assert ("/r/lobby/" + str(seqs[5]), "Older messages") in [(a["href"], text) for a, text in page.all("a")]
    assert [message["seq"] for message in page.boot()["history"]["messages"]] == seqs[5:]


async def test_what_people_wrote_is_shown_as_text(browser: httpx2.AsyncClient, bob: Guest) -> None:
    plain = len((await see(browser)).all("script"))
    await bob.does("name", name=NASTY)
    room = (await bob.does("create", name=f"R{NASTY}"[:60]))["id"]
    first = await bob.says(NASTY, room)
    await bob.says(f"**bold** {NASTY}", room, reply_to=first)
    page = await see(browser, f"/r/{room}")
    assert page.texts() == [NASTY, f"bold {NASTY}"]
    assert page.text("strong") == "bold"
    assert {text for _, text in page.all("header", cls="author")} == {NASTY}
    assert page.text("h1") == f"R{NASTY}"[:60]
    assert NASTY in page.text("a", cls="quote")
    assert len(page.all("script")) == plain
    boot = page.boot()
    assert [message["text"] for message in boot["history"]["messages"]] == [NASTY, f"**bold** {NASTY}"]
    assert boot["room"]["name"] == f"R{NASTY}"[:60]


async def test_deleted_edited_pinned_and_reacted_messages_look_so(browser: httpx2.AsyncClient, bob: Guest) -> None:
    gone, changed = await bob.says("secret"), await bob.says("draft")
    await bob.says("about it", reply_to=gone)
    await bob.does("delete", room="lobby", message=gone)
    await bob.does("edit", room="lobby", message=changed, text="final")
    await bob.does("react", room="lobby", message=changed, emoji="👍")
    await bob.does("pin", room="lobby", message=changed)
    page = await see(browser)
    assert page.texts() == ["This message was deleted.", "final", "about it"]
    assert page.text("span", cls="note") == "edited"
    assert page.text("span", cls="reaction") == "👍1"
    assert page.one("article", cls="pinned")[0]["id"] == f"m{changed}"
    assert page.text("a", cls="quote") == "Bob This message was deleted."


async def test_a_page_around_a_message_has_it_in_its_middle(browser: httpx2.AsyncClient, bob: Guest) -> None:
    seqs = [await bob.says(f"message {number}") for number in range(80)]
    page = await see(browser, f"/r/lobby/{seqs[40]}")
    shown = [int(row["data-seq"]) for row, _ in page.all("article")]
    assert seqs[40] in shown[10:20]
    assert page.boot()["around"] == seqs[40]
    assert (await see(browser, f"/r/lobby/{10**30}")).texts()[-1] == "message 79"
    assert (await see(browser, "/r/lobby/0")).texts()[0] == "message 0"


async def test_the_rooms_of_the_person_are_linked(browser: httpx2.AsyncClient, bob: Guest) -> None:
    await see(browser)
    room = (await bob.does("create", name="Garden"))["id"]
    await browser.post(f"/r/{room}/join")
    await bob.says("one", room)
    links = {a["href"]: (text, a.get("aria-current")) for a, text in (await see(browser)).all("a")}
    assert links[f"/r/{room}"] == ("Garden 1 unread", None)
    assert links["/r/lobby"] == ("Lobby", "page")


@pytest.mark.parametrize("path", ["/r/nowhere", "/r/nowhere/7", "/r/NO%20ROOM", "/r/%F0%9F%98%80", "/r/%00"])
async def test_a_room_that_is_not_there_is_a_page_with_words(browser: httpx2.AsyncClient, path: str) -> None:
    page = await see(browser, path, status=404)
    assert page.text("h1") == "There is no such room."
    assert page.one("a")[0]["href"] == "/"


async def test_a_theme_is_taken_from_the_cookie_when_it_is_one(browser: httpx2.AsyncClient) -> None:
    for cookie, theme in (("dark", "dark"), ("light", "light"), ('"><script>', "auto"), ("", "auto")):
        answer = await browser.get("/", headers={"Cookie": f"hubbub_theme={cookie}"})
        assert Seen(answer.text).one("html")[0]["data-theme"] == theme


async def test_where_guests_are_not_welcome_the_page_asks_to_sign_in(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server, httpx2.AsyncClient() as browser:
        await browser.get(server.url)
        cookie = dict(browser.cookies)
    async with serve(Settings(data=tmp_path, guests=False)) as server:
        async with httpx2.AsyncClient(base_url=server.url) as stranger:
            answer = await stranger.get("/")
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
            assert (await see(stranger, "/sign-in")).text("h1") == "Sign in"
            assert not stranger.cookies
        async with httpx2.AsyncClient(base_url=server.url, cookies=cookie) as known:
            assert (await known.get("/")).headers["location"] == "/sign-in"
            assert "Your messages and rooms stay yours." in (await known.get("/sign-up")).text


# Writing -----------------------------------------------------------------------------------------------------


async def test_a_message_is_posted_by_the_form(browser: httpx2.AsyncClient, bob: Guest) -> None:
    page = await see(browser)
    form, _ = page.one("form")
    assert (form["method"], form["action"]) == ("post", "/r/lobby/post")
    key = page.one("input", name="key")[0]["value"]
    answer = await browser.post(form["action"], data={"text": "by form", "key": key})
    assert (answer.status_code, answer.headers["location"]) == (303, "/r/lobby#latest")
    heard = await bob.hears("by form")
    assert heard["by"]["id"] == page.boot()["me"]["id"]
    assert (await see(browser)).texts() == ["by form"]


async def test_sending_the_form_twice_posts_once(browser: httpx2.AsyncClient, bob: Guest) -> None:
    key = (await see(browser)).one("input", name="key")[0]["value"]
    for _ in range(2):
        assert (await send(browser, "lobby", text="once", key=key)).status_code == 303
    next_key = (await see(browser)).one("input", name="key")[0]["value"]
    assert next_key != key
    await send(browser, "lobby", text="once", key=next_key)
    assert (await see(browser)).texts() == ["once", "once"]


async def test_lines_end_as_browsers_send_them(browser: httpx2.AsyncClient, bob: Guest) -> None:
    await see(browser)
    assert (await send(browser, "lobby", text="one\r\ntwo")).status_code == 303
    await bob.hears("one\ntwo")
    assert (await send(browser, "lobby", text="\r\n" * 3999 + "xx")).status_code == 303


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 8001, "at most 8,000 characters"),
        ("", "nothing to see"),
        ("</textarea>\x1b[31m", "control characters"),
        (" \u200b\n ", "nothing to see"),
    ],
    ids=["too long", "empty", "control characters", "invisible"],
)
async def test_a_refused_form_shows_the_text_again_and_why(
    browser: httpx2.AsyncClient, bob: Guest, text: str, words: str
) -> None:
    await see(browser)
    answer = await send(browser, "lobby", text=text)
    assert answer.status_code == 422
    page = Seen(answer.text)
    assert words in page.text("p", role="alert")
    assert page.text("textarea") == text
    assert page.texts() == []
    assert page.one("input", name="key")[0]["value"]
    await bob.says("the only one")
    assert (await see(browser)).texts() == ["the only one"]


async def test_one_who_posts_too_fast_keeps_the_text(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, posts_per_second=0.01, posts_burst=1)
    async with serve(settings) as server, httpx2.AsyncClient(base_url=server.url) as browser:
        await see(browser)
        assert (await send(browser, "lobby", text="one")).status_code == 303
        page = Seen((await send(browser, "lobby", text="two")).text)
        assert "too fast" in page.text("p", role="alert")
        assert page.text("textarea") == "two"


async def test_one_who_is_not_signed_in_any_more_keeps_the_text(browser: httpx2.AsyncClient, bob: Guest) -> None:
    await see(browser)
    browser.cookies.clear()
    answer = await send(browser, "lobby", text="written before the cookie was lost")
    page = Seen(answer.text)
    assert page.text("textarea") == "written before the cookie was lost"
    assert page.text("p", role="alert")
    assert (await send(browser, "lobby", text=page.text("textarea"))).status_code == 303
    await bob.hears("written before the cookie was lost")


async def test_a_visitor_joins_by_a_button_and_then_writes(browser: httpx2.AsyncClient, bob: Guest) -> None:
    room = (await bob.does("create", name="Garden"))["id"]
    page = await see(browser, f"/r/{room}")
    assert page.all("textarea") == []
    assert page.text("button") == "Join Garden"
    assert (await send(browser, room, text="not yet")).status_code == 422
    answer = await browser.post(page.one("form")[0]["action"])
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{room}")
    await send(browser, room, text="now")
    assert (await bob.hears("now", room))["seq"]
    assert bob.texts(room) == ["now"]


async def test_an_archived_room_can_be_read_and_not_written_in(browser: httpx2.AsyncClient, bob: Guest) -> None:
    room = (await bob.does("create", name="Old"))["id"]
    await see(browser, f"/r/{room}")
    await browser.post(f"/r/{room}/join")
    await bob.says("the last word", room)
    await bob.does("archive", room=room)
    page = await see(browser, f"/r/{room}")
    assert page.texts() == ["the last word"]
    assert page.all("form") == []
    assert "archived" in page.text("p", cls="join")
    answer = await send(browser, room, text="no, mine")
    assert answer.status_code == 422
    refused = Seen(answer.text)
    assert refused.texts() == ["the last word"]
    assert "archived" in refused.text("p", role="alert")
    assert refused.text("pre", cls="kept") == "no, mine"


@pytest.mark.parametrize("verb", ["post", "join"])
async def test_a_room_that_is_not_there_can_be_neither_written_in_nor_joined(
    browser: httpx2.AsyncClient, verb: str
) -> None:
    await see(browser)
    for room in ("nowhere", "NO%20ROOM"):
        answer = await browser.post(f"/r/{room}/{verb}", data={"text": "hi"})
        assert answer.status_code == 404
        assert Seen(answer.text).text("h1") == "There is no such room."


FOREIGN = {
    "another origin": {"Origin": "https://evil.example"},
    "a hidden origin": {"Origin": "null"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
}


@pytest.mark.parametrize("foreign", FOREIGN)
async def test_07_a_page_of_another_site_can_neither_post_nor_join_nor_change_who_one_is(
    browser: httpx2.AsyncClient, bob: Guest, foreign: str
) -> None:
    room = (await bob.does("create", name="Garden"))["id"]
    await see(browser)
    for path in ("/r/lobby/post", f"/r/{room}/join"):
        answer = await browser.post(path, data={"text": "by another"}, headers=FOREIGN[foreign])
        assert answer.status_code == 403
        assert Seen(answer.text).text("h1") == "This request comes from a page of another site."
        assert "set-cookie" not in answer.headers
    assert (await bob.does("members", room=room))["count"] == 1
    assert (await see(browser)).texts() == []
    for path in ("/r/lobby/post", f"/r/{room}/join"):
        assert (await browser.post(path, data={"text": "my own"})).status_code == 303
    assert (await bob.does("members", room=room))["count"] == 2
    assert (await see(browser)).texts() == ["my own"]


def test_the_reader_of_these_tests_reads_as_a_browser_does() -> None:
    page = Seen(f"<p id=a>x<b>y</b></p><textarea>{html.escape(NASTY)}</textarea><script id=boot>{{}}</script>")
    assert page.text("p", id="a") == "xy"
    assert page.text("textarea") == NASTY
    assert page.boot() == {}
    assert len(Seen(f"<textarea>{NASTY}</textarea>").all("script")) == 1
