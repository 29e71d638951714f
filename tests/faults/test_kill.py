"""G1: kill -9 while many write as fast as they can. What was acknowledged is there, once; the rest is sent again."""

import asyncio
import random
from pathlib import Path

import pytest

from hubbub.testing.evidence import History, judge
from hubbub.testing.evidence.witness import Witness
from hubbub.testing.process import run_server
from hubbub.testing.torture.arena import READS_ALL, SETTINGS
from hubbub.testing.torture.auditor import Auditor

WRITERS = 20
PATIENCE_S = 60.0


class Writer:
    """Posts one message after the other, each under its own key, and the one without an answer again."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.answered = 0

    async def write(self, count: int) -> None:
        """Until so many are acknowledged, or the connection breaks."""
        try:
            while self.answered < count:
                await self.witness.says(f"number {self.answered}", key=f"k{self.answered}")
                self.answered += 1
        except ConnectionError:
            return


@pytest.mark.parametrize("seed", range(3))
async def test_g1_everything_acknowledged_survives_a_kill_under_load(tmp_path: Path, seed: int) -> None:
    data, settings = tmp_path / "data", {**SETTINGS, **READS_ALL}
    goal = random.Random(seed).randint(200, 900)
    with History(tmp_path / "writers.jsonl") as history:
        async with run_server(data, **settings) as server:
            auditor = await Auditor.registers(server.url, "Auditor")
            writers = [Writer(await Witness.registers(server.url, f"Writer {n}")) for n in range(WRITERS)]
            for writer in writers:
                writer.witness.history = history
                await writer.witness.returns()
            writing = [asyncio.create_task(writer.write(10**6)) for writer in writers]
            async with asyncio.timeout(PATIENCE_S):
                while sum(writer.answered for writer in writers) < goal:
                    await asyncio.sleep(0)
            await server.kill()
            await asyncio.gather(*writing)

        async with run_server(data, **settings) as server:
            for writer in writers:
                writer.witness.url = server.url
                await writer.witness.returns()
            await asyncio.gather(*(writer.write(writer.answered + 3) for writer in writers))
            auditor.url = server.url
            await auditor.returns({})
            last = {"lobby": await auditor.says("the end")}
            await auditor.drops()
            for writer in writers:
                await writer.witness.waits_until(lambda w=writer.witness: w.cursors["lobby"] >= last["lobby"])  # type: ignore[misc]
                writer.witness.ends(last)
                await writer.witness.drops()
            logs, broken = await auditor.reads_everything(last)
    verdict = judge(logs, [history.path])
    assert broken + verdict.broken == []
    assert verdict.counts["acknowledged"] >= goal + 3 * WRITERS
    assert verdict.counts["unanswered"] > 0
