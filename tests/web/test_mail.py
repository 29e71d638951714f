"""Links by mail, through a server that listens beside us."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from hubbub.service.links import RESETS
from hubbub.settings import Settings
from hubbub.testing.server import serve

WORDS = "four words make a password"


class Post:
    """Keeps what comes. Handler of aiosmtpd."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[Message] = asyncio.Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        await self.mails.put(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
async def post() -> AsyncIterator[tuple[Post, int]]:
    post, loop = Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, loop=loop), "127.0.0.1", 0)
    yield post, server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


def with_mail(folder: Path, port: int) -> Settings:
    mail: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none"}
    return Settings(data=folder, public_url="https://chat.example", smtp_from="chat@chat.example", **mail)


@asynccontextmanager
async def browsing(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serve(settings) as server, httpx2.AsyncClient(base_url=server.url) as browser:
        browser.headers["Origin"] = server.url
        yield browser


async def test_A16_a_link_for_a_new_password_goes_to_the_address_of_the_account_and_names_our_host(
    tmp_path: Path, post: tuple[Post, int]
) -> None:
    office, port = post
    async with browsing(with_mail(tmp_path, port)) as browser:
        await browser.post("/sign-up", data={"login": "ann", "password": WORDS, "email": "ann@chat.example"})
        answer = await browser.post("/forgot", data={"login": "ANN"}, headers={"X-Forwarded-Host": "evil.example"})
        assert "If there is an account" in answer.text
        mail = await asyncio.wait_for(office.mails.get(), 20)
        assert (mail["To"], mail["From"]) == ("ann@chat.example", "chat@chat.example")
        link = re.search(r"https://chat\.example(/reset/[\w-]{43})\s", str(mail.get_payload()))
        assert link
        assert (await browser.post(link[1], data={"password": WORDS + "!"})).status_code == 303


async def test_A10_asking_tells_nothing_about_who_is_here_and_one_account_gets_few_mails(
    tmp_path: Path, post: tuple[Post, int]
) -> None:
    office, port = post
    async with browsing(with_mail(tmp_path, port)) as browser:
        await browser.post("/sign-up", data={"login": "ann", "password": WORDS, "email": "ann@chat.example"})
        pages = {(await browser.post("/forgot", data={"login": login})).text for login in ("ann", "bob")}
        assert len(pages) == 1
        for _ in range(RESETS.burst + 2):
            await browser.post("/forgot", data={"login": "ann"})
        for _ in range(RESETS.burst):
            await asyncio.wait_for(office.mails.get(), 20)
    assert office.mails.empty()


async def test_a_mail_that_cannot_be_sent_is_a_line_in_the_log_without_the_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(with_mail(tmp_path, 1)) as server:
        await server.chat.mail.send("ann@chat.example", "A\r\nsubject", "text")
    assert "a mail could not be sent: ConnectionRefusedError" in caplog.text
    assert "ann@" not in caplog.text
