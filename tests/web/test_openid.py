"""Sign-in by a provider of OpenID Connect, honest or not."""

import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from hubbub.app import Chat
from hubbub.errors import SetupError
from hubbub.settings import Settings, load_settings
from hubbub.testing.people import Guest
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve
from tests.web.accounts import OTHER, WORDS, answers, owns, refusal, signs_up
from tests.web.provider import CLIENT, SECRET, Json, Provider, running_provider

PUBLIC = "http://chat.example"
COOKIE = "hubbub_session"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as running:
        yield running


def settings_for(provider: Provider, folder: Path, **more: Any) -> Settings:
    oidc = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    named = {"oidc_name": "Example ID", "public_url": PUBLIC}
    return Settings.model_validate({"data": folder, "passkeys": True, **oidc, **named, **UNLIMITED, **more})


@pytest.fixture
async def server(provider: Provider, tmp_path: Path) -> AsyncIterator[Running]:
    async with serve(settings_for(provider, tmp_path)) as running:
        yield running


class Browser:
    """Keeps cookies, and goes to the provider and back as a browser does."""

    def __init__(self, server: Running, token: str = "") -> None:
        self.server = server
        cookies = {COOKIE: token} if token else None
        self.http = httpx2.AsyncClient(base_url=server.url, cookies=cookies, headers={"Origin": server.url})

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def asks(self, path: str = "/oidc") -> str:
        """Goes to the provider; returns where that sends it back."""
        begun = await self.http.get(path)
        assert begun.status_code == 303, begun.text
        return await self.is_at_provider(begun.headers["location"])

    async def is_at_provider(self, url: str) -> str:
        async with httpx2.AsyncClient() as other:
            answer = await other.get(url)
        return str(answer.headers["location"])

    async def comes_back(self, to: str) -> httpx2.Response:
        assert to.startswith(f"{PUBLIC}/oidc/callback?")
        return await self.http.get(to.removeprefix(PUBLIC))

    async def signs_in(self, path: str = "/oidc") -> httpx2.Response:
        return await self.comes_back(await self.asks(path))

    async def me(self) -> Json:
        return dict((await self.http.get("/api/me")).json())

    async def account(self) -> Json:
        return dict((await self.http.get("/api/me/account")).json())


async def test_whoever_comes_new_gets_an_account_and_the_next_time_the_same(
    server: Running, provider: Provider
) -> None:
    provider.person |= {"email": "jane@id.example", "email_verified": True}
    async with Browser(server) as browser, Browser(server) as other:
        answer = await browser.signs_in()
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        me = await browser.me()
        assert (me["name"], me["kind"], me["role"]) == ("Jane Doe", "account", "member")
        account = {"login": "jane", "email": "jane@id.example", "password": False, "identity": True}
        assert await browser.account() == account
        provider.person |= {"name": "Jane Smith", "preferred_username": "someone"}
        await other.signs_in()
        assert await other.me() == me
        assert (await browser.http.get("/")).status_code == 200


async def test_the_way_there_has_a_challenge_and_the_way_back_no_secrets(server: Running, provider: Provider) -> None:
    async with Browser(server) as browser:
        begun = await browser.http.get("/oidc")
        [cookie] = begun.headers.get_list("set-cookie")
        assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Max-Age=600"))
        question = httpx2.URL(begun.headers["location"]).params
        assert (question["response_type"], question["client_id"]) == ("code", CLIENT)
        assert question["redirect_uri"] == f"{PUBLIC}/oidc/callback"
        assert set(question["scope"].split()) == {"openid", "profile", "email"}
        assert question["code_challenge_method"] == "S256"
        secret = browser.http.cookies["hubbub_oidc"].partition(".")[0]
        assert secret not in begun.headers["location"]
        answer = await browser.comes_back(await browser.is_at_provider(begun.headers["location"]))
        assert "hubbub_oidc" not in browser.http.cookies
        assert answer.headers["cache-control"] == "no-store"
    assert provider.asked_as == ["client_secret_basic"]


@pytest.mark.parametrize(("secret", "methods", "way"), [
    ("", ["client_secret_basic"], "none"),
    (SECRET, ["client_secret_post"], "client_secret_post"),
])  # fmt: skip
async def test_it_says_who_it_is_as_the_provider_wants(
    provider: Provider, tmp_path: Path, secret: str, methods: list[str], way: str
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}
    async with serve(settings_for(provider, tmp_path, oidc_client_secret=secret)) as server, Browser(server) as browser:
        assert (await browser.signs_in()).status_code == 303
    assert provider.asked_as == [way]


async def test_a_guest_stays_the_same_person(server: Running) -> None:
    async with Guest.arrives(server.url, "Otter") as guest:
        await guest.says("before")
        async with Browser(server, guest.token) as browser:
            await browser.signs_in()
            me = await browser.me()
        assert (me["id"], me["kind"], me["name"]) == (guest.me["id"], "account", "Jane Doe")
        await guest.waits_until(lambda: guest.close_code is not None)
        assert guest.close_code == 4401


ADDRESS = {"preferred_username": "", "name": "", "email": "x.y@id.example"}
VERIFIED = {"email_verified": True}


@pytest.mark.parametrize(("claims", "login", "name", "email"), [
    ({"preferred_username": "ann", "name": "ann"}, "ann2", "ann 2", None),
    (ADDRESS | VERIFIED, "x.y", "x.y", "x.y@id.example"),
    (ADDRESS, "member", "member", None),
    (ADDRESS | VERIFIED | {"email": "no address"}, "noaddress", "noaddress", None),
    ({"preferred_username": "DOMAIN\\jane doe", "name": "Jane\u202eenaJ"}, "DOMAINjanedoe", "Member", None),
    ({"preferred_username": 7, "name": ["x"]}, "member", "member", None),
    ({"preferred_username": "j" * 99, "name": "J" * 99}, "j" * 32, "J" * 60, None),
    ({"preferred_username": "..", "name": "Client #7"}, "member", "Member", None),
])  # fmt: skip
async def test_what_a_provider_says_becomes_what_our_rules_allow(
    server: Running, provider: Provider, claims: Json, login: str, name: str, email: str | None
) -> None:
    await signs_up(server, "ann")
    provider.person |= claims
    async with Browser(server) as browser:
        assert (await browser.signs_in()).status_code == 303
        account, me = await browser.account(), await browser.me()
    assert (account["login"], me["name"], account["email"]) == (login, name, email)


async def test_where_one_needs_an_invitation_the_provider_is_none(server: Running) -> None:
    owner = await owns(server)
    await answers(server, "PATCH", "/place", owner.token, joining="invite")
    invite = await answers(server, "POST", "/invites", owner.token, room=None)
    code = invite["link"].rpartition("/")[2]
    async with Browser(server) as browser:
        answer = await browser.signs_in()
        assert answer.status_code == 403
        assert "Only people with an invitation" in answer.text
        assert COOKIE not in browser.http.cookies
        answer = await browser.signs_in(f"/oidc/{code}")
        assert answer.status_code == 303
        assert (await browser.me())["role"] == "member"


async def test_where_a_moderator_approves_whoever_is_new_waits(server: Running) -> None:
    owner = await owns(server)
    await answers(server, "PATCH", "/place", owner.token, joining="approval")
    async with Browser(server) as browser:
        await browser.signs_in()
        assert (await browser.http.get("/api/me")).json()["code"] == "waiting"
        [waiting] = (await answers(server, "GET", "/waiting", owner.token))["people"]
        await answers(server, "PUT", f"/waiting/{waiting['id']}", owner.token)
        assert (await browser.me())["role"] == "member"


# Who does not come in ----------------------------------------------------------------------------------------


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(server: Running) -> None:
    async with Browser(server) as browser, Browser(server) as other, Browser(server) as third:
        to = await browser.asks()
        await third.asks()
        for stranger in (other, third):
            answer = await stranger.comes_back(to)
            assert answer.status_code == 403
            assert "began in another browser" in answer.text
            assert COOKIE not in stranger.http.cookies
        assert (await browser.comes_back(to)).status_code == 303
        assert (await browser.comes_back(to)).status_code == 403


def without(name: str) -> Callable[[Json], Json]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def with_claims(**changed: object) -> Callable[[Json], Json]:
    return lambda claims: claims | changed


LIES: dict[str, Callable[[Provider], object]] = {
    "another issuer": lambda p: setattr(p, "change", with_claims(iss="https://evil.example")),
    "no issuer": lambda p: setattr(p, "change", without("iss")),
    "for another client": lambda p: setattr(p, "change", with_claims(aud="other")),
    "for several, and not us": lambda p: setattr(p, "change", with_claims(aud=[CLIENT, "x"], azp="x")),
    "for nobody": lambda p: setattr(p, "change", without("aud")),
    "an old one": lambda p: setattr(p, "change", with_claims(exp=int(time.time()) - 600)),
    "without an end": lambda p: setattr(p, "change", without("exp")),
    "to another question": lambda p: setattr(p, "change", with_claims(nonce="x")),
    "to no question": lambda p: setattr(p, "change", without("nonce")),
    "about nobody": lambda p: setattr(p, "change", without("sub")),
    "about nobody's name": lambda p: setattr(p, "change", with_claims(sub="")),
    "with another token": lambda p: setattr(p, "change", with_claims(at_hash="eHh4eHh4eHh4eHh4eHh4eA")),
    "signed by another key": lambda p: setattr(p, "key", RSAKey.generate_key(2048, {"kid": "1"})),
    "signed by our own secret": lambda p: (
        setattr(p, "key", OctKey.import_key(SECRET, {"kid": "1"})),
        setattr(p, "algorithm", "HS256"),
    ),
    "not signed": lambda p: setattr(p, "algorithm", "none"),
    "without keys": lambda p: setattr(p, "shown", []),
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_that_is_not_right_signs_nobody_in(server: Running, provider: Provider, lie: str) -> None:
    LIES[lie](provider)
    async with Browser(server) as browser:
        answer = await browser.signs_in()
        assert answer.status_code == 403, answer.text
        assert "Example ID did not say who you are. Try to sign in again." in answer.text
        assert COOKIE not in browser.http.cookies


@pytest.mark.parametrize("answer", ["error=access_denied", "code=", "iss=https%3A%2F%2Fevil.example&code=code-0"])
async def test_a_refusal_of_the_provider_is_told(server: Running, answer: str) -> None:
    async with Browser(server) as browser:
        to = await browser.asks()
        state = httpx2.URL(to).params["state"]
        refused = await browser.comes_back(f"{PUBLIC}/oidc/callback?state={state}&{answer}")
        assert refused.status_code == 403
        assert "Example ID did not sign you in." in refused.text
        assert 'href="/sign-in"' in refused.text


async def test_a_provider_that_is_away_or_somebody_else_is_told(provider: Provider, tmp_path: Path) -> None:
    async with serve(settings_for(provider, tmp_path)) as server, Browser(server) as browser:
        provider.metadata = {"issuer": "https://evil.example"}
        answer = await browser.http.get("/oidc")
        assert answer.status_code == 503
        assert "Example ID cannot be reached now." in answer.text
        provider.metadata = {"token_endpoint": "http://127.0.0.1:1/token"}
        assert (await browser.signs_in()).status_code == 503


async def test_whoever_is_banned_comes_in_by_no_provider(server: Running) -> None:
    owner = await owns(server)
    async with Browser(server) as browser:
        await browser.signs_in()
        me = await browser.me()
        await answers(server, "PUT", f"/people/{me['id']}/ban", owner.token, minutes=60)
        answer = await browser.signs_in()
    assert answer.status_code == 403
    assert "banned" in answer.text


# Accounts without a password, and accounts that are connected --------------------------------------------------


async def test_an_account_without_a_password_has_none_that_works_until_a_link_gives_one(server: Running) -> None:
    owner = await owns(server)
    async with Browser(server) as browser:
        await browser.signs_in()
        me, token = await browser.me(), browser.http.cookies[COOKIE]
        for password in (WORDS, ""):
            found = await refusal(server, "POST", "/sessions", login="jane", password=password)
            assert found == (401, "wrong_password")
        body = {"old": "", "new": OTHER}
        assert await refusal(server, "PUT", "/me/password", token, **body) == (403, "no_password")
        assert await refusal(server, "PUT", "/me/email", token, password="", email="a@b.example") == (
            403,
            "no_password",
        )
        link = await answers(server, "POST", f"/people/{me['id']}/reset-link", owner.token)
        answer = await browser.http.post(httpx2.URL(link["link"]).path, data={"password": OTHER})
        assert answer.status_code == 303
        assert (await browser.account())["password"]
        assert await answers(server, "POST", "/sessions", login="jane", password=OTHER)


async def test_an_account_is_connected_and_disconnected(server: Running) -> None:
    ann = await signs_up(server, "ann")
    async with Browser(server, ann.token) as browser, Browser(server) as other:
        way = (await browser.http.post("/api/me/identity")).json()
        answer = await browser.comes_back(await browser.is_at_provider(way["url"]))
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.account())["identity"]
        await other.signs_in()
        assert (await other.me())["id"] == ann.me["id"]
        assert (await browser.http.delete("/api/me/identity")).status_code == 200
        assert not (await browser.account())["identity"]
    async with Browser(server) as stranger:
        await stranger.signs_in()
        assert (await stranger.me())["id"] != ann.me["id"]


async def test_who_somebody_else_is_at_the_provider_is_not_connected(server: Running) -> None:
    async with Browser(server) as jane:
        await jane.signs_in()
        ann = await signs_up(server, "ann")
        async with Browser(server, ann.token) as browser:
            way = (await browser.http.post("/api/me/identity")).json()
            answer = await browser.comes_back(await browser.is_at_provider(way["url"]))
            assert answer.status_code == 409
            assert "belongs to an account already" in answer.text
            assert not (await browser.account())["identity"]
            way = (await browser.http.post("/api/me/identity")).json()
            browser.http.cookies.delete(COOKIE)
            answer = await browser.comes_back(await browser.is_at_provider(way["url"]))
            assert answer.status_code == 401


async def test_the_last_way_in_stays(server: Running) -> None:
    async with Browser(server) as browser:
        await browser.signs_in()
        answer = await browser.http.delete("/api/me/identity")
        assert (answer.status_code, answer.json()["code"]) == (403, "last_way_in")
    async with Guest.arrives(server.url, "Bob") as bob:
        assert await refusal(server, "DELETE", "/me/identity", bob.token) == (403, "no_account")
        assert await refusal(server, "POST", "/me/identity", bob.token) == (403, "no_account")


async def test_an_identity_goes_with_the_account(server: Running) -> None:
    async with Browser(server) as browser:
        await browser.signs_in()
        me = await browser.me()
        assert (await browser.http.delete("/api/me?messages=keep")).status_code == 200
        await browser.signs_in()
        assert (await browser.me())["id"] != me["id"]


# Settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flags", "words"), [
    ({"oidc_issuer": "https://id.example"}, "needs oidc_client_id and public_url too"),
    ({"oidc_issuer": "http://id.example", "oidc_client_id": "x", "public_url": PUBLIC}, "write an address as https://"),
    ({"oidc_issuer": "id.example", "oidc_client_id": "x", "public_url": PUBLIC}, "write an address as https://"),
])  # fmt: skip
def test_settings_that_do_not_fit_together_are_told(flags: Json, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        load_settings(flags)


@pytest.mark.parametrize(("extra", "package"), [("oidc", "authlib"), ("passkeys", "webauthn")])
def test_an_extra_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str, package: str
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    for service in ("openid", "passkeys"):
        monkeypatch.delitem(sys.modules, f"hubbub.service.{service}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    oidc = {"oidc_issuer": "https://id.example", "oidc_client_id": "x", "public_url": PUBLIC}
    asked: Json = oidc if extra == "oidc" else {"passkeys": True}
    with pytest.raises(SetupError, match=rf"asks? for {extra}.*pip install 'hubbub\[{extra}\]'"):
        Chat(Settings(data=tmp_path, **asked))
