"""G1 at named points: the program dies at each station on a message's way, and nothing acknowledged is lost."""

import asyncio
import signal
from pathlib import Path

import pytest

from hubbub.testing.evidence import judge
from hubbub.testing.faulty_server import POINTS
from hubbub.testing.torture.arena import READS_ALL, arena
from hubbub.testing.torture.auditor import Auditor
from hubbub.testing.torture.crowd import Crowd

PATIENCE_S = 60.0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_g1_what_is_acknowledged_survives_a_death_at_each_named_point(tmp_path: Path, when: str) -> None:
    points = [point for point in POINTS if point.startswith(when)]
    assert len(points) == len(POINTS) / 2
    async with arena(tmp_path, disk=False) as ring:
        auditor = await Auditor.registers(ring.server.url, "Auditor")
        await auditor.returns()
        rooms = await auditor.makes_rooms(1)
        await auditor.drops()
        crowd = Crowd(ring.proxy.url, rooms, "points", tmp_path / "people.jsonl")
        await crowd.comes(4)
        crowd.lives()
        try:
            for number, point in enumerate(points):
                await ring.kill()
                await ring.start(f"die={point}:{7 + number}")
                async with asyncio.timeout(PATIENCE_S):
                    assert await ring.server.process.wait() == -signal.SIGKILL, point
            await ring.start(**READS_ALL)
            await crowd.settles()
            auditor.url = ring.server.url
            await auditor.returns({})
            goal = await auditor.says_the_last_words()
            await auditor.drops()
            await crowd.comes_to(goal)
            logs, broken = await auditor.reads_everything(goal)
        finally:
            await crowd.goes()
    verdict = judge(logs, [crowd.history.path])
    assert broken + verdict.broken == []
    assert verdict.counts["acknowledged"] > len(points)
