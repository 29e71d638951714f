"""Every fault, under load, with the checker as the judge; and servers that break a promise, to be found out."""

import asyncio
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from hubbub.store.migrate import revisions
from hubbub.testing.people import Guest
from hubbub.testing.torture.arena import DATABASE, Arena, arena
from hubbub.testing.torture.copies import back_up, make_older
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


@pytest.mark.nightly
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
        pytest.param("lose_commits", (), "a e", marks=pytest.mark.nightly),
        pytest.param("keep_deleted_texts", (), "f", marks=pytest.mark.nightly),
        pytest.param("trust_the_cache", one(SERVER_FAULTS, "power cut"), "a e", marks=pytest.mark.nightly),
    ],
)
async def test_a_server_that_breaks_a_promise_is_found_out(
    tmp_path: Path, sabotage: str, faults: tuple[Fault, ...], letters: str
) -> None:
    report = await run(tmp_path, faults, (), launcher=[SABOTAGE, sabotage], patience_s=4)
    assert {broken.check for broken in report.verdict.broken} & set(letters.split()), report.verdict.broken


@pytest.mark.nightly
async def test_g8_a_server_that_waits_for_slow_readers_is_found_out(tmp_path: Path) -> None:
    launcher = [SABOTAGE, "wait_for_readers"]
    report = await run(tmp_path, (), one(NETWORK_FAULTS, "stalled reader"), clients=12, launcher=launcher, patience_s=8)
    assert any(broken.words.startswith("acknowledgements took") for broken in report.verdict.broken), report


@pytest.mark.nightly
async def test_g19_an_upgrade_that_is_left_half_done_is_found_out(tmp_path: Path) -> None:
    async def interrupt(ring: Arena, _: object) -> None:
        await ring.stop()
        make_older(ring.data / DATABASE, revisions()[1])
        await ring.dies_at_start("before-statement:9")
        await ring.start()

    fault = Fault("interrupted upgrade", "G19", interrupt)
    report = await run(tmp_path, (fault,), (), launcher=[SABOTAGE, "upgrade_by_halves"])
    assert "could not be brought back" in report.verdict.broken[0].words
    (tmp_path / "healthy").mkdir()
    report = await run(tmp_path / "healthy", (fault,), ())
    assert report.verdict.broken == []
    assert report.survived["cut points"] == 1


@pytest.mark.nightly
async def test_g18_a_backup_that_lacks_what_was_acknowledged_before_it_is_found_out(tmp_path: Path) -> None:
    async def back_up_too_early(ring: Arena, chance: random.Random) -> None:
        await back_up(ring, chance)
        seen = ring.acknowledged()
        while ring.acknowledged() < seen + 20:
            await asyncio.sleep(0.02)
        ring.backups[-1] = ring.backups[-1]._replace(asked_at=time.monotonic())

    report = await run(tmp_path, (Fault("backup", "G18", back_up_too_early),), (), answers_between=20)
    assert {broken.promise for broken in report.verdict.broken} == {"G18"}
    assert any("in a backup: post was acknowledged" in broken.words for broken in report.verdict.broken)
    assert report.survived["backups"] == 1


@pytest.mark.nightly
async def test_g19_an_upgrade_is_whole_or_not_at_all_wherever_it_is_killed(tmp_path: Path) -> None:
    async with arena(tmp_path, disk=False) as ring:
        ann = await Guest.registers(ring.server.url, "Ann")
        await ann.returns()
        last = await ann.says("before the upgrade")
        await ann.drops()
        await ring.stop()
        make_older(ring.data / DATABASE, revisions()[1])
        kept = tmp_path / "previous.db"
        shutil.copy(ring.data / DATABASE, kept)
        for when in ("before", "after"):
            count, deaths = 0, -1
            while ring.counts["cut points"] > deaths:
                deaths, count = ring.counts["cut points"], count + 1
                shutil.copy(kept, ring.data / DATABASE)
                await ring.dies_at_start(f"{when}-statement:{count}")
                await ring.start()
                ann.url = ring.server.url
                await ann.returns({"lobby": 0})
                await ann.waits_until(lambda: ann.cursors["lobby"] == last)
                await ann.drops()
                assert await ring.stop() == 0
            assert count > 10, "so many statements make an upgrade"


async def test_a_server_that_does_not_start_again_is_a_broken_promise(tmp_path: Path) -> None:
    async def break_the_database(ring: Arena, _: object) -> None:
        await ring.kill()
        (ring.data / "hubbub.db").write_bytes(b"nonsense" * 1000)
        await ring.start()

    report = await run(tmp_path, (Fault("nonsense in the database", "G1", break_the_database),), ())
    assert [str(broken)[:40] for broken in report.verdict.broken] == ["G1 (a): the server could not be brought "]
