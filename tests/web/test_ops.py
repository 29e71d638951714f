"""Health, readiness and metrics, as a balancer, a person with curl and Prometheus see them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hubbub.errors import SignInNeeded, Unavailable
from hubbub.settings import Settings
from hubbub.testing.people import PATIENCE_S, Guest
from hubbub.testing.server import Running, serve
from hubbub.web import ops

TOKEN = "a-token-of-some-length"
HERE = {"Host": "127.0.0.1"}


async def metrics_of(http: httpx2.AsyncClient, **headers: str) -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels in the order of their names, and its value."""
    answer = await http.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


# Health and readiness --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_a_server_that_runs_is_alive_and_ready(http: httpx2.AsyncClient, path: str, method: str) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_a_server_that_drains_is_alive_and_says_that_it_is_not_ready(
    server: Running, http: httpx2.AsyncClient
) -> None:
    server.chat.draining = True
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "restarting", "2")
    assert (await http.get("/healthz")).status_code == 200


async def test_a_server_that_has_not_started_yet_is_not_ready(server: Running, http: httpx2.AsyncClient) -> None:
    server.chat.epoch = ""
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "starting")


async def test_a_store_that_cannot_write_is_told_with_its_reason_and_its_recovery_too(
    server: Running, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "TRIAL_INTERVAL_S", 0.0)

    async def full(function: object) -> None:
        raise Unavailable("The disk is full.", code="storage_full", retry_after_s=30.0)

    with monkeypatch.context() as broken:
        broken.setattr(server.chat.store, "write", full)
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
        assert (answer.json()["words"], answer.headers["retry-after"]) == ("The disk is full.", "30")
        assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200


async def test_a_store_that_takes_too_long_is_not_ready_until_it_can_write_again(
    server: Running, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ops, "PATIENCE_S", 0.1)
    monkeypatch.setattr(ops, "TRIAL_INTERVAL_S", 0.0)
    with closing(sqlite3.connect(tmp_path / "hubbub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    monkeypatch.setattr(ops, "PATIENCE_S", PATIENCE_S)
    assert (await http.get("/readyz")).status_code == 200


async def test_a_storm_of_questions_is_not_a_storm_of_writes(
    server: Running, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "TRIAL_INTERVAL_S", 1000.0)
    before = await metrics_of(http)
    answers = await asyncio.gather(*(http.get("/readyz") for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    after = await metrics_of(http)
    assert after[("hubbub_commit_writes_sum",)] - before[("hubbub_commit_writes_sum",)] == 1


async def test_nobody_opens_a_socket_while_the_server_drains(server: Running) -> None:
    ann = await Guest.registers(server.url, "Ann")
    await ann.returns()
    await ann.drops()
    server.chat.draining = True
    for path, headers in (("/ws", {"Authorization": f"Bearer {ann.token}"}), ("/ws/7", {})):
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.url.replace("http", "ws", 1) + path, additional_headers=headers)
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "2"


# Who may read metrics --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]:8000"])
async def test_metrics_are_for_programs_on_this_machine(http: httpx2.AsyncClient, host: str) -> None:
    assert (await http.get("/metrics", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "chat.example"},
        {"Host": "127.0.0.1.chat.example"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
    ids=str,
)
async def test_metrics_are_not_for_what_came_through_a_proxy(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await http.get("/metrics", headers=HERE | headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "metrics_token" in answer.json()["words"]


async def test_66_metrics_are_not_for_other_machines(tmp_path: Path) -> None:
    """The application is asked directly, as by a server that another machine is connected to."""
    async with serve(Settings(data=tmp_path)) as server:
        app = server.server.config.loaded_app
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 1000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            assert (await http.get("/metrics")).status_code == 403


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        serve(Settings(data=tmp_path, metrics_token=TOKEN)) as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        yield http


async def test_with_a_token_they_are_for_whoever_shows_it(guarded: httpx2.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "chat.example", "X-Forwarded-For": "192.0.2.7"}
    assert (await guarded.get("/metrics", headers=headers)).status_code == 200


@pytest.mark.parametrize("shown", [None, "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}"])
async def test_with_a_token_they_are_for_nobody_else(guarded: httpx2.AsyncClient, shown: str | None) -> None:
    answer = await guarded.get("/metrics", headers={"Authorization": shown} if shown else {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == SignInNeeded.default_code
    assert TOKEN not in answer.text


# What is counted -------------------------------------------------------------------------------------------------


async def test_a_conversation_is_counted(server: Running, http: httpx2.AsyncClient) -> None:
    async with Guest.arrives(server.url, "Ann") as ann, Guest.arrives(server.url, "Bob") as bob:
        before = await metrics_of(http)
        for number in range(3):
            await bob.hears_of("message.posted", seq=await ann.says(f"m{number}"))
        with pytest.raises(Exception, match="no such room"):
            await ann.says("nowhere", room="nowhere-at-all")
        after = await metrics_of(http)
    assert after[("hubbub_connections", "chat")] == 2
    assert after[("hubbub_outlets", "live")] == 2
    assert after[("hubbub_outlets", "catching_up")] == 0
    assert after[("hubbub_rooms",)] == 1
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown[("hubbub_commands_total", "ok", "post")] == 3
    assert grown[("hubbub_commands_total", "room_not_found", "post")] == 1
    assert grown[("hubbub_post_seconds_count",)] == 3
    assert grown[("hubbub_events_total",)] == 3
    assert grown[("hubbub_deliveries_total",)] >= 6
    assert grown[("hubbub_commit_writes_sum",)] >= 3
    assert after[("hubbub_writes_waiting",)] == 0
    assert after[("process_resident_memory_bytes",)] > 1e6
    left = await metrics_of(http)
    assert left[("hubbub_connections", "chat")] == 0


async def test_a_reset_is_counted(server: Running, http: httpx2.AsyncClient) -> None:
    ann = await Guest.registers(server.url, "Ann")
    await ann.returns(cursors={"lobby": 2**40})
    await ann.gets("reset")
    assert (await metrics_of(http))[("hubbub_resets_total",)] == 1
    await ann.drops()


async def test_connections_that_the_server_ends_are_counted_by_reason(
    server: Running, http: httpx2.AsyncClient
) -> None:
    ann = await Guest.registers(server.url, "Ann")
    headers = {"Authorization": f"Bearer {ann.token}"}
    async with connect(server.url.replace("http", "ws", 1) + "/ws", additional_headers=headers) as silent:
        await silent.wait_closed()  # it says no hello
    await eventually(lambda: server.chat.counts.cuts["hello_expected"] == 1)
    await ann.returns()
    [connection] = server.chat.hub.connections()
    server.chat.cut(connection, "stalled")
    await ann.waits_until(lambda: ann.close_code is not None)
    after = await metrics_of(http)
    assert after[("hubbub_cuts_total", "stalled")] == after[("hubbub_cuts_total", "hello_expected")] == 1
    await ann.drops()


async def test_responses_are_counted_by_method_and_status(server: Running, http: httpx2.AsyncClient) -> None:
    await http.get("/api/me")
    await http.request("PURGE", "/")
    await http.request("TRACE", "/")
    async with Guest.arrives(server.url):
        after = await metrics_of(http)
    assert after[("hubbub_http_responses_total", "GET", "401")] == 1
    assert after[("hubbub_http_responses_total", "other", "405")] == 2
    assert after[("hubbub_http_responses_total", "GET", "101")] == 1


async def test_the_event_loop_is_watched(server: Running, http: httpx2.AsyncClient) -> None:
    await eventually(lambda: sum(server.chat.counts.loop_lag_seconds.counts) > 0)
    assert (await metrics_of(http))[("hubbub_loop_lag_seconds_count",)] > 0


async def test_two_chats_in_one_program_count_for_themselves(server: Running, tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path / "other")) as other:
        async with Guest.arrives(server.url, "Ann") as ann:
            await ann.says("here")
        for running, posts in ((server, 1), (other, 0)):
            async with httpx2.AsyncClient(base_url=running.url) as http:
                assert (await metrics_of(http)).get(("hubbub_commands_total", "ok", "post"), 0) == posts
