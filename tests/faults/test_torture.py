"""Every fault, under load, with the checker as the judge; and servers that break a promise, to be found out."""

from pathlib import Path
from typing import Any

import pytest

from hubbub.testing.torture.arena import Arena
from hubbub.testing.torture.faults import NETWORK_FAULTS, SERVER_FAULTS, Fault
from hubbub.testing.torture.run import Plan, Report, torture

pytestmark = pytest.mark.timeout(300)
SABOTAGE = str(Path(__file__).with_name("sabotage.py"))
REFUSALS = {"full disk": "storage_full", "failing fsync": "storage_failed", "failing write": "storage_failed"}
"""What somebody is told of a fault, if it is worth its name."""


def one(faults: tuple[Fault, ...], name: str) -> tuple[Fault, ...]:
    return tuple(fault for fault in faults if fault.name == name)


async def run(folder: Path, server: tuple[Fault, ...], network: tuple[Fault, ...], **more: Any) -> Report:
    """With every fault once. One that cannot be had here is a skip that says what helps."""
    plan = Plan(None, 1, server_faults=server, network_faults=network, **({"clients": 6, "rooms": 1} | more))
    report = await torture(plan, folder)
    for name, why in report.missing.items():
        pytest.skip(f"{name} {why}")
    return report


async def test_every_promise_is_kept_through_every_fault(tmp_path: Path) -> None:
    report = await run(tmp_path, SERVER_FAULTS, NETWORK_FAULTS, clients=8, answers_between=20)
    assert report.verdict.broken == []
    assert report.faults.keys() == {fault.name for fault in (*SERVER_FAULTS, *NETWORK_FAULTS)}
    assert report.verdict.counts["acknowledged"] > 200
    assert report.verdict.counts["connections"] > 8
    for code in REFUSALS.values():
        assert report.verdict.counts[f"refused: {code}"] > 0


@pytest.mark.nightly
@pytest.mark.parametrize("fault", SERVER_FAULTS, ids=[f"{fault.promise} {fault.name}" for fault in SERVER_FAULTS])
async def test_every_promise_is_kept_through(tmp_path: Path, fault: Fault) -> None:
    report = await run(tmp_path, (fault,), ())
    assert report.verdict.broken == []
    assert report.faults == {fault.name: 1}
    assert report.verdict.counts["acknowledged"] > 100
    if code := REFUSALS.get(fault.name):
        assert report.verdict.counts[f"refused: {code}"] > 0


@pytest.mark.nightly
async def test_g8_and_g10_every_promise_is_kept_on_bad_networks(tmp_path: Path) -> None:
    """Connections that are cut, stall and trickle, and clients that freeze."""
    report = await run(tmp_path, (), NETWORK_FAULTS)
    assert report.verdict.broken == []
    assert report.faults.keys() == {fault.name for fault in NETWORK_FAULTS}
    assert report.verdict.counts["connections"] > 6


@pytest.mark.parametrize(
    ("sabotage", "faults", "letters"),
    [
        ("lose_frames", (), "b"),
        ("lose_commits", (), "a e"),
        ("keep_deleted_texts", (), "f"),
        ("trust_the_cache", one(SERVER_FAULTS, "power cut"), "a e"),
    ],
)
async def test_a_server_that_breaks_a_promise_is_found_out(
    tmp_path: Path, sabotage: str, faults: tuple[Fault, ...], letters: str
) -> None:
    report = await run(tmp_path, faults, (), launcher=[SABOTAGE, sabotage], patience_s=4)
    assert {broken.check for broken in report.verdict.broken} & set(letters.split()), report.verdict.broken


async def test_a_server_that_does_not_start_again_is_a_broken_promise(tmp_path: Path) -> None:
    async def break_the_database(ring: Arena, _: object) -> None:
        await ring.kill()
        (ring.data / "hubbub.db").write_bytes(b"nonsense" * 1000)
        await ring.start()

    report = await run(tmp_path, (Fault("nonsense in the database", "G1", break_the_database),), ())
    assert [str(broken)[:40] for broken in report.verdict.broken] == ["G1 (a): the server could not be brought "]
