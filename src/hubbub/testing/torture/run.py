"""One run of `hubbub torture`: people, faults, the end, the verdict."""

import asyncio
import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hubbub.testing.evidence import Broken, RoomLog, Verdict, judge
from hubbub.testing.torture.arena import LAUNCHER, Arena, arena
from hubbub.testing.torture.auditor import Auditor
from hubbub.testing.torture.crowd import Crowd
from hubbub.testing.torture.faults import NETWORK_FAULTS, SERVER_FAULTS, Fault, missing

SETTLE_PATIENCE_S = 90.0
NETWORK_TROUBLES = 3
"""Connections that are disturbed at the same time."""
READS_ALL = {"replay_limit": 10**9}
FROZEN_HISTORY = "frozen.jsonl"


@dataclass
class Plan:
    """What to do. Two runs with one seed choose the same faults in the same order; what they hit is chance."""

    seconds: float
    seed: int
    clients: int = 24
    rooms: int = 3
    launcher: Sequence[str] = LAUNCHER


@dataclass
class Report:
    verdict: Verdict
    faults: Counter[str] = field(default_factory=Counter)
    missing: dict[str, str] = field(default_factory=dict)
    """Faults that could not be had, with the reason."""
    slowest_start_s: float = 0.0


Tell = Callable[[float, Counter[str]], None]
"""Is told now and then how much of the time is over (0 to 1), and what has been done."""


async def torture(plan: Plan, folder: Path, tell: Tell) -> Report:
    """Runs in this empty folder, where the histories stay. A server that cannot be started again is in the verdict."""
    async with arena(folder, plan.launcher) as ring:
        run = _Run(plan, ring, tell)
        try:
            return await run.goes()
        finally:
            await run.ends()


class _Run:
    def __init__(self, plan: Plan, ring: Arena, tell: Tell) -> None:
        self._plan, self._arena, self._tell = plan, ring, tell
        self._chance = random.Random(plan.seed)
        self._broken: list[Broken] = []

    async def goes(self) -> Report:
        ring = self._arena
        auditor = await Auditor.registers(ring.server.url, "Auditor")
        await auditor.returns()
        rooms = await auditor.makes_rooms(self._plan.rooms)
        await auditor.drops()
        await self._people_come(rooms)
        goal: dict[str, int] = {}
        try:
            await self._disturb()
            goal = await self._settle(auditor)
            logs = await self._audit(auditor, goal)
        except AssertionError as error:
            self._say("G1", f"the server could not be brought back: {error}")
            logs = {}
        self._read_the_servers_log()
        return self._report(logs)

    async def ends(self) -> None:
        for crowd in self._arena.crowds:
            await crowd.goes()
        frozen = self._arena.frozen
        if frozen and frozen.returncode is None:
            frozen.kill()
            await frozen.wait()

    async def _people_come(self, rooms: list[str]) -> None:
        ring, plan = self._arena, self._plan
        here = Crowd(ring.proxy.url, rooms, str(plan.seed), ring.folder / "people.jsonl")
        ring.crowds.append(here)
        elsewhere = max(1, plan.clients // 6)
        await here.comes(max(1, plan.clients - elsewhere))
        ring.frozen = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "hubbub.testing.torture.crowd", ring.proxy.url, f"{plan.seed}f", str(elsewhere)],
            *[str(ring.folder / FROZEN_HISTORY), *rooms],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        await self._hear_from_the_frozen("ready")
        here.lives()

    # Disturbing ----------------------------------------------------------------------------------------------

    async def _disturb(self) -> None:
        """Every fault that can be had comes once before one comes again."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        network = [asyncio.create_task(self._disturb_network(begun, number)) for number in range(NETWORK_TROUBLES)]
        try:
            faults: list[Fault] = []
            while (left := begun + self._plan.seconds - loop.time()) > 0:
                faults = faults or self._shuffled(SERVER_FAULTS, self._chance)
                await asyncio.sleep(min(left, self._chance.uniform(0.2, 2)))
                await self._do(faults.pop(), self._chance)
                self._look_after_everybody()
            await asyncio.gather(*network)
        finally:
            for task in network:
                task.cancel()
            await asyncio.gather(*network, return_exceptions=True)

    async def _disturb_network(self, begun: float, number: int) -> None:
        chance, loop = random.Random(f"{self._plan.seed} {number}"), asyncio.get_running_loop()
        faults: list[Fault] = []
        while loop.time() < begun + self._plan.seconds:
            faults = faults or self._shuffled(NETWORK_FAULTS, chance)
            await self._do(faults.pop(), chance)
            self._tell((loop.time() - begun) / self._plan.seconds, self._arena.done)
            await asyncio.sleep(chance.uniform(0.05, 0.5))

    def _shuffled(self, faults: Sequence[Fault], chance: random.Random) -> list[Fault]:
        can = [fault for fault in faults if fault.cannot(self._arena) is None]
        return chance.sample(can, len(can))

    async def _do(self, fault: Fault, chance: random.Random) -> None:
        await fault.act(self._arena, chance)
        self._arena.done[fault.name] += 1

    def _look_after_everybody(self) -> None:
        if self._arena.server.process.returncode is not None:
            raise AssertionError(f"it ended by itself with {self._arena.server.process.returncode}")
        for crowd in self._arena.crowds:
            if mistake := crowd.mistake():
                raise RuntimeError("somebody of the crowd stumbled") from mistake

    # The end -------------------------------------------------------------------------------------------------

    async def _settle(self, auditor: Auditor) -> dict[str, int]:
        """No more faults: everybody gets an answer to everything, and is shown everything."""
        ring = self._arena
        auditor.url = ring.server.url
        goal: dict[str, int] = {}
        try:
            async with asyncio.timeout(SETTLE_PATIENCE_S):
                await asyncio.gather(*(crowd.settles() for crowd in ring.crowds), self._frozen_settle())
                await auditor.returns({})
                goal = await auditor.says_the_last_words()
                await auditor.drops()
                self._write_to_the_frozen(json.dumps(goal))
                await asyncio.gather(*(crowd.comes_to(goal) for crowd in ring.crowds), self._frozen_end())
        except TimeoutError:
            self._say("G8", f"not everybody was answered within {SETTLE_PATIENCE_S:.0f} s after the last fault")
        return goal

    async def _frozen_settle(self) -> None:
        self._write_to_the_frozen("settle")
        await self._hear_from_the_frozen("settled")

    async def _frozen_end(self) -> None:
        assert self._arena.frozen is not None
        if code := await self._arena.frozen.wait():
            raise RuntimeError(f"the crowd in a process of its own ended with {code}")

    def _write_to_the_frozen(self, line: str) -> None:
        assert self._arena.frozen is not None
        assert self._arena.frozen.stdin is not None
        self._arena.frozen.stdin.write(line.encode() + b"\n")

    async def _hear_from_the_frozen(self, word: str) -> None:
        assert self._arena.frozen is not None
        assert self._arena.frozen.stdout is not None
        line = (await self._arena.frozen.stdout.readline()).decode().strip()
        if line != word:
            raise RuntimeError(f"the crowd in a process of its own said {line!r} and not {word!r}")

    async def _audit(self, auditor: Auditor, goal: dict[str, int]) -> dict[str, RoomLog]:
        """Starts the server once more, to read what is really on the disk."""
        ring = self._arena
        for crowd in ring.crowds:
            await crowd.goes()
        await ring.stop()
        if (damage := ring.damage()) != "ok":
            self._say("G1", f"the database is damaged: {damage}")
        await ring.start(**READS_ALL)
        auditor.url = ring.server.url
        logs, broken = await auditor.reads_everything(goal)
        self._broken += broken
        await ring.stop()
        return logs

    def _read_the_servers_log(self) -> None:
        text = self._arena.log.read_text("utf-8", "replace")
        if traces := len(re.findall(r"^Traceback", text, re.MULTILINE)):
            self._say("G23", f"the server's log has {traces} tracebacks: {self._arena.log}")

    def _report(self, logs: dict[str, RoomLog]) -> Report:
        ring = self._arena
        histories = [*(crowd.history.path for crowd in ring.crowds), ring.folder / FROZEN_HISTORY]
        verdict = judge(logs, histories) if logs else Verdict()
        verdict.broken[:0] = self._broken
        return Report(verdict, ring.done, missing(ring), ring.slowest_start_s)

    def _say(self, promise: str, words: str) -> None:
        self._broken.append(Broken("a", promise, words, ""))
