"""Signing in by other ways than a password, in a real browser: a passkey of a virtual device (Web Authentication,
Level 3, section 11), and a real provider of OpenID Connect."""

import asyncio
import re
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Locator, expect

from hubbub.settings import Settings
from hubbub.testing.process import tell
from hubbub.testing.server import Running, serve
from tests.browser.conftest import GENEROUS
from tests.browser.test_accounts import WORDS, opens
from tests.browser.test_quality import LOOKS, axe_is_content
from tests.browser.visitors import Visitor, Visitors

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser, server: Running) -> AsyncIterator[Visitors]:
    """By a name: passkeys belong to one, never to a number."""
    coming = Visitors(browser, server.url.replace("127.0.0.1", "localhost"))
    yield coming
    coming.have_seen_no_errors()
    for profile in list(browser.contexts):
        await profile.close()


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    """With passkeys, and with a provider at which anybody may say who they are."""
    async with running_provider() as issuer:
        port = free_port()
        oidc = {"oidc_issuer": issuer, "oidc_client_id": "hubbub"}
        oidc |= {"oidc_client_secret": "secret", "oidc_name": "Example ID", "public_url": f"http://localhost:{port}"}
        settings = Settings.model_validate({"data": tmp_path / "data", "passkeys": True, **oidc, **GENEROUS})
        async with serve(settings, port=port) as running:
            yield running


@asynccontextmanager
async def running_provider() -> AsyncIterator[str]:
    """Its address."""
    issuer = f"http://localhost:{free_port()}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", issuer.rpartition(":")[2]]
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with httpx2.AsyncClient() as http:
            while not await answers(http, issuer):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield issuer
    finally:
        tell(process, signal.SIGTERM)
        await process.wait()


async def answers(http: httpx2.AsyncClient, issuer: str) -> bool:
    try:
        return (await http.get(f"{issuer}/jwks")).is_success
    except httpx2.ConnectError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def has_device(person: Visitor) -> CDPSession:
    devtools = await person.context.new_cdp_session(person.page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return devtools


async def says_at_provider(person: Visitor, way: Locator, name: str) -> None:
    """Its page wants a style sheet from elsewhere, which it does not get."""
    await person.page.route(re.compile("^https:"), lambda route: route.abort())
    await way.click()
    await person.page.get_by_placeholder("sub").fill(name)
    await person.page.get_by_role("button", name="Authorize").click()
    await person.is_connected()
    person.errors.clear()


def provider_at(person: Visitor) -> Locator:
    return person.page.get_by_role("link", name="Go on with Example ID")


async def signs_up(visitors: Visitors, login: str) -> Visitor:
    person = await visitors.comes("/sign-up", connected=False)
    await person.page.get_by_label("Login name").fill(login)
    await person.page.get_by_label("Password").fill(WORDS)
    await person.page.get_by_role("button", name="Sign up").click()
    await person.is_connected()
    return person


async def signs_out(person: Visitor) -> None:
    await person.page.get_by_role("button", name="Your name and settings").click()
    await person.page.get_by_role("button", name="Sign out").click()
    await expect(person.page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_passkey_is_made_used_and_removed(visitors: Visitors) -> None:
    ann = await signs_up(visitors, "ann")
    await has_device(ann)
    dialog = ann.page.get_by_role("dialog")
    await opens(ann, "Passkeys")
    await axe_is_content(ann.page, but=["landmark-one-main", "page-has-heading-one"])
    await dialog.get_by_role("button", name="Add a passkey").click()
    await ann.page.get_by_label("What do you call this device?").fill("Ann's telephone")
    await ann.page.get_by_label("Your password").fill("a wrong password")
    await dialog.get_by_role("button", name="Go on").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("wrong")
    ann.errors.clear()  # a browser's console tells of each answer with 401
    await ann.page.get_by_label("Your password").fill(WORDS)
    await dialog.get_by_role("button", name="Go on").click()
    await expect(dialog).to_contain_text("Ann's telephone")
    await ann.page.keyboard.press("Escape")
    await signs_out(ann)
    await ann.page.get_by_role("button", name="Sign in with a passkey").click()
    await ann.is_connected()
    await expect(ann.page.locator(".me bdi")).to_have_text("ann")
    await opens(ann, "Passkeys")
    await dialog.get_by_role("button", name="Remove Ann's telephone").click()
    await expect(dialog).not_to_contain_text("Ann's telephone")
    await ann.page.keyboard.press("Escape")
    await signs_out(ann)
    await ann.page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(ann.page.get_by_role("alert")).to_contain_text("not known here")
    ann.errors.clear()


async def test_without_a_passkey_the_page_says_so(visitors: Visitors) -> None:
    ann = await visitors.comes("/sign-in", connected=False)
    devtools = await has_device(ann)
    await ann.page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(ann.page.get_by_role("alert")).to_contain_text("No passkey was used.")
    await devtools.detach()


@pytest.mark.parametrize("look", LOOKS)
async def test_the_page_to_sign_in_has_three_ways(visitors: Visitors, look: str) -> None:
    ann = await visitors.comes("/sign-in", connected=False, **LOOKS[look])
    await expect(ann.page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    await expect(ann.page.get_by_role("link", name="Go on with Example ID")).to_be_visible()
    await axe_is_content(ann.page)


async def test_without_script_there_is_no_button_for_passkeys(visitors: Visitors) -> None:
    ann = await visitors.comes("/sign-in", connected=False, java_script_enabled=False)
    await expect(ann.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await expect(ann.page.locator("#passkey")).to_be_hidden()


async def test_somebody_comes_in_by_a_provider_and_comes_again(visitors: Visitors) -> None:
    jane, again = await visitors.comes("/sign-in", connected=False), await visitors.comes()
    for person in (jane, again):
        if person is again:
            await again.says("I was a guest")
            await again.sees("I was a guest")
            await again.page.get_by_role("link", name="Sign in").click()
        await says_at_provider(person, provider_at(person), "jane")
    await jane.says("hello from both")
    await again.sees("hello from both")
    assert await jane.page.locator(".me bdi").text_content() == await again.page.locator(".me bdi").text_content()
    await opens(jane, "Password and e-mail")
    await expect(jane.page.get_by_role("dialog")).to_contain_text("Your account has no password")
    await jane.page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    await expect(jane.page.locator("body")).to_contain_text("you could not sign in any more")
    jane.errors.clear()


async def test_an_account_is_connected_with_a_provider(visitors: Visitors) -> None:
    ann = await signs_up(visitors, "ann")
    await opens(ann, "Password and e-mail")
    connect = ann.page.get_by_role("dialog").get_by_role("button", name="Connect")
    await says_at_provider(ann, connect, "ann at the provider")
    await opens(ann, "Password and e-mail")
    await expect(ann.page.get_by_role("dialog")).to_contain_text("You can sign in by Example ID.")
    await ann.page.keyboard.press("Escape")
    await signs_out(ann)
    await says_at_provider(ann, provider_at(ann), "ann at the provider")
    await expect(ann.page.locator(".me bdi")).to_have_text("ann")
