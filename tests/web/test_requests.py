"""The id that each request has, in its answer and in the log."""

import logging
import re

import httpx2
import pytest

from hubbub.testing.people import Guest
from hubbub.testing.server import Running


def told(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, object]]:
    return [record.fields for record in caplog.records if record.name == name]  # type: ignore[attr-defined]


async def test_each_answer_has_an_id_of_its_own_and_none_that_somebody_sent(http: httpx2.AsyncClient) -> None:
    headers = {"X-Request-ID": "forged\tid"}
    answers = [await http.get(path, headers=headers) for path in ("/", "/healthz", "/api/me", "/nowhere", "/nowhere")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{8}", name) for name in ids)
    assert len(set(ids)) == len(ids)


async def test_03_each_request_is_a_record_without_its_query(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "hubbub.access"):
        await http.get("/api/me?token=hush")
    [fields] = told(caplog, "hubbub.access")
    assert fields | {"ms": 0} == {"method": "GET", "path": "/api/me", "status": 401, "ms": 0, "client": "127.0.0.1"}
    assert "hush" not in caplog.text


@pytest.mark.parametrize("path", ["/setup", "/reset", "/sign-up", "/oidc", "/chat/setup"])
async def test_the_code_of_a_link_is_not_told(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.INFO, "hubbub.access"):
        await http.get(f"{path}/hush%0Ahush/hush")
    [fields] = told(caplog, "hubbub.access")
    assert fields["path"] == f"{path}/…"
    assert "hush" not in caplog.text


async def test_a_handshake_is_a_record_too(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "hubbub.access"):
        async with Guest.arrives(server.url):
            pass
    assert [(f["path"], f["status"]) for f in told(caplog, "hubbub.access")] == [("/api/guests", 201), ("/ws", 101)]


async def test_what_machines_ask_every_few_seconds_is_told_only_to_whoever_debugs(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "hubbub.access"):
        for path in ("/healthz", "/readyz", "/metrics"):
            await http.get(path)
    assert told(caplog, "hubbub.access") == []


async def test_a_failure_that_nobody_foresaw_is_logged_once_and_its_answer_names_the_request(
    server: Running, http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(server.chat.people, "arrive", fails)
    answer = await http.post("/api/guests", json={})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["x-request-id"] in answer.json()["words"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [record.name for record in caplog.records if record.exc_info] == ["hubbub.web.requests"]


async def test_a_command_that_fails_names_its_connection_in_the_log(
    server: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError

    async with Guest.arrives(server.url) as ann:
        [connection] = server.chat.hub.connections()
        monkeypatch.setattr(server.chat._service, "perform", fails)
        with pytest.raises(Exception, match="Something went wrong"):
            await ann.says("hush")
    assert {"connection": connection.name} in told(caplog, "hubbub.web.socket")
    assert re.fullmatch("[0-9a-f]{8}", connection.name)
    assert server.chat.counts.commands["post", "internal"] == 1
