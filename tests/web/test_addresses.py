"""Limits by network address, as somebody behind that address meets them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from hubbub.core.limits import FORGET_EVERY_S
from hubbub.core.models import Author, Invite
from hubbub.service.context import token_hash
from hubbub.settings import Settings
from hubbub.store import Transaction
from hubbub.testing.people import PATIENCE_S, Guest
from hubbub.testing.server import Running, serve

ANN, BOB = "203.0.113.7", "203.0.113.8"
SLOW = {"arrivals_per_second": 0.01, "arrivals_burst": 3, "handshakes_per_second": 0.01, "handshakes_burst": 3}


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Running]:
    async with serve(Settings.model_validate({"data": tmp_path, **SLOW})) as running:
        yield running


async def arrives(server: Running, address: str | None) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=server.url) as client:
        return await client.post("/api/guests", json={}, headers={"X-Forwarded-For": address} if address else {})


async def opens(server: Running, token: str, address: str, path: str = "/ws") -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    return await connect(server.url.replace("http", "ws") + path, additional_headers=headers)


async def test_one_address_brings_so_many_new_guests_and_no_more(strict: Running) -> None:
    assert [(await arrives(strict, ANN)).status_code for _ in range(4)] == [201, 201, 201, 429]
    refused = await arrives(strict, ANN)
    problem = refused.json()
    assert (problem["code"], problem["retry"]) == ("rate_limited", True)
    assert 0 < problem["retry_after_s"] <= 100
    assert int(refused.headers["retry-after"]) > 0
    assert "from your network" in problem["words"]
    assert (await arrives(strict, BOB)).status_code == 201


async def test_the_page_makes_guests_within_the_same_limit_and_says_why_not(strict: Running) -> None:
    async with httpx2.AsyncClient(base_url=strict.url, headers={"X-Forwarded-For": ANN}) as client:
        statuses = []
        for _ in range(4):
            client.cookies.clear()
            answer = await client.get("/")
            statuses.append(answer.status_code)
        assert statuses == [200, 200, 200, 429]
        assert "from your network. Try again in" in answer.text
        assert int(answer.headers["retry-after"]) > 0


async def test_an_invitation_makes_guests_within_the_same_limit_and_says_why_not(strict: Running) -> None:
    keeper, _ = await strict.chat.people.arrive("Keeper")
    by = Author(id=keeper.id, name=keeper.name)
    invite = Invite(id="f" * 16, room=None, by=by, created_at=1, expires_at=None, uses_left=None)

    def change(tx: Transaction) -> None:
        tx.set_role(keeper.id, "owner")
        tx.add_invite(invite, token_hash("code"))

    await strict.chat.store.write(change)
    headers = {"X-Forwarded-For": ANN, "Origin": strict.url}
    async with httpx2.AsyncClient(base_url=strict.url, headers=headers) as client:
        statuses = []
        for _ in range(4):
            client.cookies.clear()
            answer = await client.post("/i/code", data={"name": "Cleo"})
            statuses.append(answer.status_code)
        assert statuses == [303, 303, 303, 429]
        assert "from your network. Try again in" in answer.text
        assert 'value="Cleo"' in answer.text
        assert int(answer.headers["retry-after"]) > 0


async def test_addresses_of_one_ipv6_network_share_and_those_of_another_do_not(strict: Running) -> None:
    homes = [f"2001:db8:1:{home}::{number}" for home in (1, 2) for number in range(4)]
    assert [(await arrives(strict, home)).status_code for home in homes] == 2 * [201, 201, 201, 429]


async def test_a_program_on_this_machine_is_not_limited_by_address(strict: Running) -> None:
    assert {(await arrives(strict, None)).status_code for _ in range(10)} == {201}


@pytest.mark.parametrize("proxies", ["", "192.0.2.1,10.0.0.0/8"])
async def test_what_an_untrusted_peer_says_of_its_address_is_ignored(tmp_path: Path, proxies: str) -> None:
    settings = Settings.model_validate({"data": tmp_path, "trusted_proxies": proxies, **SLOW})
    async with serve(settings) as server:
        lies = [ANN, BOB, "192.0.2.1", "10.1.2.3", None]
        assert [(await arrives(server, lie)).status_code for lie in lies] == [201, 201, 201, 429, 429]


async def test_what_somebody_says_before_the_proxy_does_not_help(strict: Running) -> None:
    made_up = [f"198.51.100.{number}, {ANN}" for number in range(4)]
    assert [(await arrives(strict, header)).status_code for header in made_up] == [201, 201, 201, 429]


async def test_a_class_of_two_hundred_behind_one_address_comes_in_at_once(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server, AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S))
        ask = partial(client.post, "/api/guests", json={}, headers={"X-Forwarded-For": ANN})
        answers = await asyncio.gather(*(ask() for _ in range(200)))
        assert {answer.status_code for answer in answers} == {201}
        tokens = [answer.json()["token"] for answer in answers]
        for socket in await asyncio.gather(*(opens(server, token, ANN) for token in tokens)):
            stack.push_async_callback(socket.close)


@pytest.mark.parametrize("path", ["/ws", "/ws/5"])
async def test_one_address_opens_so_many_sockets_and_no_more(strict: Running, path: str) -> None:
    guest = await Guest.registers(strict.url)
    for _ in range(3):
        await (await opens(strict, guest.token, ANN, path)).close()
    with pytest.raises(InvalidStatus) as refusal:
        await opens(strict, guest.token, ANN, path)
    assert refusal.value.response.status_code == 429
    assert int(refusal.value.response.headers["Retry-After"]) > 0
    await (await opens(strict, guest.token, BOB, path)).close()


@pytest.mark.parametrize("path", ["/ws", "/ws/5"])
async def test_one_address_has_so_many_sockets_open_and_a_closed_one_makes_space(tmp_path: Path, path: str) -> None:
    async with serve(Settings(data=tmp_path, connections_per_address=3)) as server:
        guest = await Guest.registers(server.url)
        many = await asyncio.gather(*(opens(server, guest.token, ANN, path) for _ in range(20)), return_exceptions=True)
        sockets = [socket for socket in many if isinstance(socket, ClientConnection)]
        assert len(sockets) == 3
        assert {e.response.status_code for e in many if isinstance(e, InvalidStatus)} == {429}
        other = await opens(server, guest.token, BOB, path)
        await sockets[0].close()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    sockets.append(await opens(server, guest.token, ANN, path))
                    break
                except InvalidStatus:
                    await asyncio.sleep(0.01)
        for socket in [*sockets, other]:
            await socket.close()


async def test_addresses_that_have_gone_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(Settings(data=tmp_path)) as server:
        now = 1000.0
        monkeypatch.setattr(server.chat.addresses, "_clock", lambda: now)
        guest = await Guest.registers(server.url)
        for number in range(20):
            await arrives(server, f"203.0.113.{number}")
            await (await opens(server, guest.token, f"203.0.113.{number}")).close()
        assert len(server.chat.addresses) >= 40
        now += FORGET_EVERY_S
        await arrives(server, ANN)
        await (await opens(server, guest.token, ANN)).close()
        async with asyncio.timeout(PATIENCE_S):
            while len(server.chat.addresses) > 2:
                await asyncio.sleep(0.01)


async def test_a_tutorial_client_that_speaks_is_a_new_guest_too(strict: Running) -> None:
    for _ in range(3):
        await arrives(strict, ANN)
    async with Guest.arrives(strict.url) as guest:
        for number, address in enumerate((ANN, BOB), 1):
            socket = await opens(strict, "none", address, f"/ws/{number}")
            await socket.send(f"from {number}")
            await socket.recv()
            if address == BOB:
                await guest.hears("from 2")
            await socket.close()
        assert guest.texts() == ["from 2"]
