"""The HTTP interface keeps to its description, /api/openapi.json: Schemathesis makes good and bad requests of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hubbub.app import create_app
from hubbub.core.shedding import Shed
from hubbub.settings import Settings
from hubbub.testing.process import UNLIMITED

EXAMPLES = 10
"""Of each operation, good ones and as many bad ones."""
URL = "http://chat.example"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
TRIES = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
FOR_EVERYBODY = {"POST /api/guests", "POST /api/sessions/passkey/options"}
SIGN_UP = "POST /api/accounts"
"""For everybody too, but a text of chance is hardly a login name."""
WITH_A_PASSWORD = {"POST /api/sessions", "PUT /api/me/password", "PUT /api/me/email", "POST /api/me/passkeys/options"}
WITH_A_PASSWORD |= {"POST /api/sessions/passkey"}
"""Nobody guesses it, or a passkey: a wrong one is answered by 401."""
OF_OTHERS = {"DELETE /api/sessions/{session}", "PUT /api/waiting/{person}", "DELETE /api/waiting/{person}"}
OF_OTHERS |= {"POST /api/me/passkeys", "DELETE /api/me/passkeys/{passkey}", "POST /api/me/identity"}
OF_OTHERS |= {"GET /api/people/{person}/avatar", "PUT /api/me/avatar"}
"""There is nobody else here, no other session, no device, no provider. These and those above: test_accounts.py,
test_passkeys.py and test_openid.py."""
NEEDS_MORE = {"POST /api/direct", "POST /api/invites/accept"}
"""Another person, or a code, that nobody thinks out."""


@dataclass
class Caller:
    """Sends what Schemathesis has thought out to an application in this process."""

    app: FastAPI
    runner: asyncio.Runner
    client: httpx2.AsyncClient
    me: str = ""
    other: str = ""
    """A guest."""

    @property
    def schema(self) -> Any:
        """Without the one route whose answers Schemathesis cannot judge: it misreads `prefixItems`, a list of pairs.
        That route takes no input; test_api.py tries it. And without the one after which nobody is signed in:
        test_my_data.py tries that."""
        everything = schemathesis.openapi.from_dict(self.app.openapi()).exclude(path="/api/emoji")
        return everything.exclude(path="/api/me", method="DELETE")

    def call(self, case: Any, headers: dict[str, str]) -> httpx2.Response:
        wanted = requests.Request(**case.as_transport_kwargs(base_url=URL, headers=headers)).prepare()
        body = wanted.body.encode() if isinstance(wanted.body, str) else wanted.body
        return self.runner.run(
            self.client.request(wanted.method, wanted.url, headers=dict(wanted.headers), content=body)
        )

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        return self.runner.run(self.client.post(f"{URL}/api{path}", json=body, headers=headers)).json()

    def own(self) -> dict[str, str]:
        """The headers of an owner, who may do everything."""
        entry = self.post("/accounts", {"login": "olga", "password": "four words make a password"}, {})
        self.me = entry["person"]["id"]
        chat = self.app.state.chat
        self.runner.run(chat.store.write(lambda tx: tx.set_role(self.me, "owner")))
        self.other = self.post("/guests", {}, {})["person"]["id"]
        return {"Authorization": f"Bearer {entry['token']}"}

    def upload(self, headers: dict[str, str]) -> Any:
        return self.runner.run(self.client.post(f"{URL}/api/files?name=a.txt", content=b"a", headers=headers)).json()

    def arrive(self) -> dict[str, str]:
        """The headers of somebody new, who may do everything in the place."""
        guest = self.post("/guests", {}, {})
        self.me = guest["person"]["id"]
        self.runner.run(self.app.state.chat.store.write(lambda tx: tx.set_role(self.me, "owner")))
        return {"Authorization": f"Bearer {guest['token']}"}


@contextmanager
def calling(app: FastAPI, lifespan: Any) -> Iterator[Caller]:
    with asyncio.Runner() as runner:
        runner.run(lifespan.__aenter__())
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app))
        try:
            yield Caller(app, runner, client)
        finally:
            runner.run(client.aclose())
            runner.run(lifespan.__aexit__(None, None, None))


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    app = create_app(Settings.model_validate({"data": tmp_path, "passkeys": True, **UNLIMITED}))
    monkeypatch.setattr(app.state.chat.shedding, "look", lambda load: Shed.NOTHING)  # on a busy machine too
    with calling(app, app.state.chat.lifespan(app)) as caller:
        yield caller


def statuses_of(caller: Caller, operation: Any, headers: dict[str, str]) -> set[int]:
    """What the operation has answered. Raises when an answer is not as the schema says."""
    seen: set[int] = set()
    somebody = headers or caller.arrive()
    room = caller.post("/rooms", {"name": operation.label[:60]}, somebody)["id"]
    message = caller.post(f"/rooms/{room}/messages", {"text": "hi"}, somebody)["seq"]
    file = caller.upload(somebody)["id"]
    invite = caller.post("/invites", {}, somebody).get("invite", {}).get("id", "0")
    against = operation.path.endswith(("/mute", "/ban")) or operation.label.startswith(
        "DELETE /api/rooms/{room}/members"
    )
    person = (against and caller.other) or caller.me
    there = {"room": room, "message": message, "emoji": "👍", "person": person, "invite": invite}
    there |= {"file": file, "name": "a.txt", "session": "0" * 16, "passkey": "0"}

    def holds(case: Any) -> None:
        if case.meta.generation.mode is GenerationMode.POSITIVE:  # of a room that is there
            case.path_parameters.update({name: there[name] for name in case.path_parameters})
            if isinstance(case.body, dict) and "files" in case.body:
                case.body["files"] = [file]
        response = caller.call(case, headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    modes = [GenerationMode.POSITIVE]
    if operation.label != "POST /api/sessions/passkey/options":  # nothing is sent to it that could be wrong
        modes.append(GenerationMode.NEGATIVE)
    for mode in modes:
        TRIES(given(case=operation.as_strategy(mode))(holds))()
    return seen


def try_everything(caller: Caller, headers: dict[str, str]) -> dict[str, set[int]]:
    operations = [found.ok() for found in caller.schema.get_all_operations()]
    return {operation.label: statuses_of(caller, operation, headers) for operation in operations}


def test_whoever_is_signed_in_gets_what_the_schema_says(caller: Caller) -> None:
    seen = try_everything(caller, caller.own())
    assert len(seen) > 20
    refused = {name for name, statuses in seen.items() if min(statuses) >= 300}
    assert refused <= {SIGN_UP, *WITH_A_PASSWORD, *OF_OTHERS, *NEEDS_MORE}
    assert {name for name, statuses in seen.items() if 401 in statuses} <= WITH_A_PASSWORD


def test_whoever_is_not_signed_in_gets_nothing(caller: Caller) -> None:
    seen = try_everything(caller, {})
    assert {name for name, statuses in seen.items() if min(statuses) < 400} == FOR_EVERYBODY
    assert {name for name, statuses in seen.items() if 401 not in statuses} - {
        SIGN_UP,
        "POST /api/sessions",
    } == FOR_EVERYBODY
