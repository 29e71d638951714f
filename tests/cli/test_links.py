"""The links that a terminal shows: for the first owner, and for whoever has forgotten a password."""

import re
import signal

import httpx2

from tests.cli.conftest import Check, Terminal

LINK = r"(http://127\.0\.0\.1:\d+)/(setup|reset)/([\w-]{43})"
WORDS = "four words make a password"


async def test_a_server_without_an_owner_prints_a_link_that_makes_one_and_then_none_any_more(
    terminal: Terminal, complaint: Check
) -> None:
    server, url = await terminal.serve("--port", "0", "--log-level", "info")
    link = (await server.prints(LINK))[0]
    assert link.startswith(f"{url}/setup/")
    form = {"place": "Tea", "joining": "open", "guests": "yes", "login": "olga", "password": WORDS}
    async with httpx2.AsyncClient(headers={"Origin": url}) as browser:
        assert (await browser.get(link)).status_code == 200
        assert (await browser.post(link, data=form)).status_code == 303
        await server.remarks(r"path=/setup/… status=303")
    assert "has an owner" in complaint(await terminal.run("owner-link"))
    ended = await server.ends(signal.SIGINT)
    code = link.rpartition("/")[2]
    assert code not in ended.err
    again, _ = await terminal.serve("--port", "0")
    await again.prints("stop: Ctrl-C")
    assert not re.search(LINK, "\n".join(again.lines))


async def test_a_lost_link_is_made_again_beside_the_running_server(terminal: Terminal) -> None:
    server, url = await terminal.serve("--port", "0")
    lost = (await server.prints(LINK))[0]
    made = await terminal.run("owner-link")
    found = re.search(LINK, made.out)
    assert found
    assert found[1] == "http://127.0.0.1:8000"
    async with httpx2.AsyncClient(base_url=url) as browser:
        assert (await browser.get(f"/setup/{found[3]}")).status_code == 200
        assert (await browser.get(lost)).status_code == 404


async def test_a_link_for_a_new_password_is_made_beside_the_running_server(
    terminal: Terminal, complaint: Check
) -> None:
    terminal.environment["HUBBUB_PUBLIC_URL"] = "https://chat.example/tea/"
    _, url = await terminal.serve("--port", "0")
    async with httpx2.AsyncClient(base_url=url, headers={"Origin": url}) as browser:
        await browser.post("/sign-up", data={"login": "Ann", "password": WORDS})
        ended = await terminal.run("reset-link", "ann")
        link = ended.out.split()[0]
        assert link.startswith("https://chat.example/tea/reset/")
        path = link.removeprefix("https://chat.example/tea")
        assert (await browser.post(path, data={"password": WORDS + "!"})).status_code == 303
    assert "Nobody signs in as 'bob'" in complaint(await terminal.run("reset-link", "bob"))


async def test_without_a_chat_there_is_no_link(terminal: Terminal, complaint: Check) -> None:
    for arguments in (["owner-link"], ["reset-link", "ann"], ["owner-link", "--data", "nowhere"]):
        assert "There is no chat in" in complaint(await terminal.run(*arguments))
