"""People with accounts, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from hubbub.testing.people import Guest
from hubbub.testing.server import Running

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
