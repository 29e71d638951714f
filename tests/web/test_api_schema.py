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
FOR_EVERYBODY = {"POST /api/guests"}


@dataclass
class Caller:
    """Sends what Schemathesis has thought out to an application in this process."""

    app: FastAPI
    runner: asyncio.Runner
    client: httpx2.AsyncClient

    @property
    def schema(self) -> Any:
        """Without the one route whose answers Schemathesis cannot judge: it misreads `prefixItems`, a list of pairs.
        That route takes no input; test_api.py tries it."""
        return schemathesis.openapi.from_dict(self.app.openapi()).exclude(path="/api/emoji")

    def call(self, case: Any, headers: dict[str, str]) -> httpx2.Response:
        wanted = requests.Request(**case.as_transport_kwargs(base_url=URL, headers=headers)).prepare()
        body = wanted.body.encode() if isinstance(wanted.body, str) else wanted.body
        return self.runner.run(
            self.client.request(wanted.method, wanted.url, headers=dict(wanted.headers), content=body)
        )

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        return self.runner.run(self.client.post(f"{URL}/api{path}", json=body, headers=headers)).json()

    def arrive(self) -> dict[str, str]:
        """The headers of a new guest."""
        return {"Authorization": f"Bearer {self.post('/guests', {}, {})['token']}"}


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
def caller(tmp_path: Path) -> Iterator[Caller]:
    app = create_app(Settings(data=tmp_path, **UNLIMITED))
    with calling(app, app.state.chat.lifespan(app)) as caller:
        yield caller


def statuses_of(caller: Caller, operation: Any, headers: dict[str, str]) -> set[int]:
    """What the operation has answered. Raises when an answer is not as the schema says."""
    seen: set[int] = set()
    somebody = headers or caller.arrive()
    room = caller.post("/rooms", {"name": operation.label[:60]}, somebody)["id"]
    message = caller.post(f"/rooms/{room}/messages", {"text": "hi"}, somebody)["seq"]
    there = {"room": room, "message": message, "emoji": "👍"}

    def holds(case: Any) -> None:
        if case.meta.generation.mode is GenerationMode.POSITIVE:  # of a room that is there
            case.path_parameters.update({name: there[name] for name in case.path_parameters})
        response = caller.call(case, headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        TRIES(given(case=operation.as_strategy(mode))(holds))()
    return seen


def try_everything(caller: Caller, headers: dict[str, str]) -> dict[str, set[int]]:
    operations = [found.ok() for found in caller.schema.get_all_operations()]
    return {operation.label: statuses_of(caller, operation, headers) for operation in operations}


def test_whoever_is_signed_in_gets_what_the_schema_says(caller: Caller) -> None:
    seen = try_everything(caller, caller.arrive())
    assert len(seen) > 20
    assert {name for name, statuses in seen.items() if min(statuses) >= 300} == set()
    assert {name for name, statuses in seen.items() if 401 in statuses} == set()


def test_whoever_is_not_signed_in_gets_nothing(caller: Caller) -> None:
    seen = try_everything(caller, {})
    assert {name for name, statuses in seen.items() if min(statuses) < 400} == FOR_EVERYBODY
    assert {name for name, statuses in seen.items() if 401 not in statuses} == FOR_EVERYBODY
