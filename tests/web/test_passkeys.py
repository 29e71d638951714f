"""Sign-in by passkey, with a device made of software. A real browser does it in tests/browser/test_sign_in.py."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.settings import Settings
from hubbub.testing.people import Guest
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve
from tests.web.accounts import OTHER, WORDS, Json, answers, calls, connected, refusal, signs_up
from tests.web.devices import USER_PRESENT, Device


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serve(Settings.model_validate({"data": tmp_path, "passkeys": True, **UNLIMITED})) as running:
        yield running


async def makes_passkey(server: Running, person: Guest, name: str = "Telephone") -> Device:
    device = Device(server.url)
    begun = await answers(server, "POST", "/me/passkeys/options", person.token, password=WORDS)
    made = device.makes(begun["options"])
    await answers(server, "POST", "/me/passkeys", person.token, name=name, credential=made)
    return device


async def sign_in(server: Running, device: Device, token: str = "", **lies: Any) -> Any:
    begun = await answers(server, "POST", "/sessions/passkey/options")
    credential = device.signs(begun["options"])
    credential["response"] |= lies
    return await calls(server, "POST", "/sessions/passkey", token, credential=credential)


async def test_whoever_has_made_a_passkey_signs_in_by_it(server: Running) -> None:
    ann = await signs_up(server, "ann")
    device = await makes_passkey(server, ann)
    entry = (await sign_in(server, device)).json()
    assert entry["person"] == ann.me
    async with connected(Guest(server.url, entry["token"], entry["person"])):
        pass
    [passkey] = (await answers(server, "GET", "/me/passkeys", ann.token))["passkeys"]
    assert passkey["name"] == "Telephone"
    assert passkey["used_at"] > passkey["created_at"]
    assert (await sign_in(server, device)).status_code == 201


async def test_options_name_the_person_and_ask_for_a_key_that_the_device_finds_by_itself(server: Running) -> None:
    ann = await signs_up(server, "ann", name="Ann Smith")
    await makes_passkey(server, ann)
    options = (await answers(server, "POST", "/me/passkeys/options", ann.token, password=WORDS))["options"]
    assert (options["rp"], options["user"]["name"]) == ({"id": "127.0.0.1", "name": "Hubbub"}, "ann")
    assert options["user"]["displayName"] == "Ann Smith"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert len(options["excludeCredentials"]) == 1


async def test_a_thief_of_a_session_makes_no_passkey(server: Running) -> None:
    ann = await signs_up(server, "ann")
    for password in ("", OTHER):
        found = await refusal(server, "POST", "/me/passkeys/options", ann.token, password=password)
        assert found == (401, "wrong_password")
    async with Guest.arrives(server.url, "Bob") as bob:
        assert await refusal(server, "POST", "/me/passkeys/options", bob.token, password="x") == (403, "no_account")


async def test_a_passkey_that_is_removed_opens_nothing(server: Running) -> None:
    ann, bob = await signs_up(server, "ann"), await signs_up(server, "bob")
    device = await makes_passkey(server, ann)
    [passkey] = (await answers(server, "GET", "/me/passkeys", ann.token))["passkeys"]
    path = f"/me/passkeys/{passkey['id']}"
    assert await refusal(server, "DELETE", path, bob.token) == (404, "passkey_not_found")
    assert (await sign_in(server, device)).status_code == 201
    await answers(server, "DELETE", path, ann.token)
    assert (await sign_in(server, device)).json()["code"] == "bad_passkey"


async def test_a_challenge_is_answered_once_and_only_by_whom_it_was_given_to(server: Running) -> None:
    ann, bob = await signs_up(server, "ann"), await signs_up(server, "bob")
    device = await makes_passkey(server, ann)
    begun = await answers(server, "POST", "/sessions/passkey/options")
    credential = device.signs(begun["options"])
    assert (await calls(server, "POST", "/sessions/passkey", credential=credential)).status_code == 201
    again = await refusal(server, "POST", "/sessions/passkey", credential=credential)
    assert again == (401, "bad_passkey")
    other = Device(server.url)
    for_ann = (await answers(server, "POST", "/me/passkeys/options", ann.token, password=WORDS))["options"]
    made = other.makes(for_ann)
    refused = await refusal(server, "POST", "/me/passkeys", bob.token, name="Mine", credential=made)
    assert refused == (422, "passkey_not_made")
    own = other.signs({"challenge": for_ann["challenge"]})
    assert await refusal(server, "POST", "/sessions/passkey", credential=own) == (401, "bad_passkey")


LIES: dict[str, Callable[[Device], object]] = {
    "a page of another site asked": lambda device: setattr(device, "origin", "https://evil.example"),
    "it is for another site": lambda device: setattr(device, "host", "evil.example"),
    "nobody unlocked the device": lambda device: setattr(device, "flags", USER_PRESENT),
    "nobody was there": lambda device: setattr(device, "flags", 0),
    "another key signed": lambda device: setattr(device, "key", Device("x://y").key),
    "it is another key's name": lambda device: setattr(device, "id", b"x" * 32),
    "it is somebody else's": lambda device: setattr(device, "user_handle", b"Z3Vlc3QtMQ"),
    "it has signed less often than it had": lambda device: setattr(device, "counter", -1),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_not_right_signs_nobody_in(server: Running, lie: str) -> None:
    device = await makes_passkey(server, await signs_up(server, "ann"))
    assert (await sign_in(server, device)).status_code == 201
    LIES[lie](device)
    answer = await sign_in(server, device)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_passkey")
    assert answer.json()["words"]


async def test_the_session_before_ends_when_somebody_signs_in(server: Running) -> None:
    device = await makes_passkey(server, await signs_up(server, "ann"))
    async with Guest.arrives(server.url, "Guest") as guest:
        assert (await sign_in(server, device, guest.token)).status_code == 201
        await guest.waits_until(lambda: guest.close_code is not None)
        assert guest.close_code == 4401


async def test_whoever_is_banned_comes_in_by_no_passkey(server: Running) -> None:
    ann = await signs_up(server, "ann")
    device = await makes_passkey(server, ann)
    await server.chat.store.write(lambda tx: tx.set_role(ann.me["id"], "owner"))
    bob = await signs_up(server, "bob")
    other = await makes_passkey(server, bob)
    owner = (await sign_in(server, device)).json()
    await answers(server, "PUT", f"/people/{bob.me['id']}/ban", owner["token"], minutes=60)
    assert (await sign_in(server, other)).json()["code"] == "banned"


async def test_a_passkey_goes_with_the_account(server: Running) -> None:
    ann = await signs_up(server, "ann")
    device = await makes_passkey(server, ann)
    await answers(server, "DELETE", "/me?messages=erase", ann.token)
    assert (await sign_in(server, device)).json()["code"] == "bad_passkey"


async def test_passkeys_are_few(server: Running) -> None:
    ann = await signs_up(server, "ann")
    for number in range(20):
        await makes_passkey(server, ann, f"Device {number}")
    found = await refusal(server, "POST", "/me/passkeys/options", ann.token, password=WORDS)
    assert found == (409, "too_many_passkeys")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(response=st.dictionaries(st.sampled_from(["clientDataJSON", "signature", "userHandle"]), JSON), other=JSON)
async def test_whatever_comes_in_place_of_a_passkey_is_refused(server: Running, response: Json, other: object) -> None:
    for credential in ({"id": "x", "response": response}, {"id": other}, {"response": other}):
        answer = await calls(server, "POST", "/sessions/passkey", credential=credential)
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_passkey")


async def test_where_there_are_no_passkeys_it_is_said(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server:
        assert await refusal(server, "POST", "/sessions/passkey/options") == (404, "no_passkeys")
