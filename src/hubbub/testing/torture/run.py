"""One run of `hubbub torture`: people, faults, the end, the verdict."""

import asyncio
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hubbub.testing.evidence import Broken, RoomLog, Verdict, judge
from hubbub.testing.people import PATIENCE_S
from hubbub.testing.torture.arena import LAUNCHER, READS_ALL, Arena, arena
from hubbub.testing.torture.auditor import Auditor
from hubbub.testing.torture.copies import judge_backup
from hubbub.testing.torture.crowd import Crowd
from hubbub.testing.torture.elsewhere import Elsewhere
from hubbub.testing.torture.faults import NETWORK_FAULTS, SERVER_FAULTS, Fault, freeze_clients, missing, stall
from hubbub.testing.torture.waits import Waits, measure

SETTLE_PATIENCE_S = 90.0
WORK_PATIENCES = 2.5
"""So many times as long as somebody waits for an answer, everybody together may get hardly any."""
NETWORK_TROUBLES = 3
"""Connections that are disturbed at the same time."""


@dataclass
class Plan:
    """What to do. Two runs with one seed choose the same faults in the same order; what they hit is chance.
    `seconds` None: every fault once."""

    seconds: float | None
    seed: int
    clients: int = 24
    rooms: int = 3
    server_faults: Sequence[Fault] = SERVER_FAULTS
    network_faults: Sequence[Fault] = NETWORK_FAULTS
    launcher: Sequence[str] = LAUNCHER
    answers_between: int = 100
    """Acknowledgements between two faults when there is no time limit."""
    patience_s: float = PATIENCE_S
    """How long somebody waits for an answer before coming back on another connection."""


@dataclass
class Report:
    verdict: Verdict
    faults: Counter[str] = field(default_factory=Counter)
    missing: dict[str, str] = field(default_factory=dict)
    """Faults that could not be had, with the reason."""
    slowest_start_s: float = 0.0
    survived: Counter[str] = field(default_factory=Counter)
    """`kills`, `power cuts`, `cut points` (statements, stations of a message and bytes of a connection), `backups`,
    and what was `acknowledged` before those."""
    waits: Waits | None = None
    """How long people waited before, and while others read nothing; None when that was not tried."""


Tell = Callable[[float, Counter[str]], None]
"""Is told now and then how much of the time is over (0 to 1), and what has been done."""


async def torture(plan: Plan, folder: Path, tell: Tell = lambda part, done: None) -> Report:
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
        self._broken: list[Broken] = []
        self._elsewhere: Elsewhere | None = None
        self._histories: list[Path] = []
        self._end = math.inf

    async def goes(self) -> Report:
        ring = self._arena
        auditor = await Auditor.registers(ring.server.url, "Auditor")
        await auditor.returns()
        rooms = await auditor.makes_rooms(self._plan.rooms)
        await auditor.drops()
        await self._people_come(rooms)
        logs: dict[str, RoomLog] = {}
        waits, backups = None, Counter[str]()
        try:
            if any(fault.act is stall for fault in self._plan.network_faults):
                waits = await measure(ring, ring.crowds[0], rooms, self._plan.seconds)
            await self._disturb()
            if goal := await self._settle(auditor):
                logs = await self._audit(auditor, goal)
                backups = await self._judge_backups(auditor)
        except AssertionError as error:
            self._say("G1", f"the server could not be brought back: {error}")
        self._read_the_servers_log()
        verdict = judge(logs, self._histories) if logs else Verdict()
        verdict.broken[:0] = [*self._broken, *(waits.broken() if waits else [])]
        faults = [*self._plan.server_faults, *self._plan.network_faults]
        survived = ring.counts + Counter({"cut points": sum(flow.is_cut for flow in ring.cuts)}) + backups
        return Report(verdict, ring.done, missing(ring, faults), ring.slowest_start_s, survived, waits)

    async def ends(self) -> None:
        for crowd in self._arena.crowds:
            await crowd.goes()
        if self._elsewhere:
            await self._elsewhere.goes()

    async def _people_come(self, rooms: list[str]) -> None:
        ring, plan = self._arena, self._plan
        freezing = any(fault.act is freeze_clients for fault in plan.network_faults)
        elsewhere = max(1, plan.clients // 6) if freezing else 0
        self._histories = [ring.folder / "people.jsonl"]
        here = Crowd(ring.proxy.url, rooms, str(plan.seed), self._histories[0], plan.patience_s)
        ring.crowds.append(here)
        await here.comes(max(1, plan.clients - elsewhere))
        if elsewhere:
            self._histories.append(ring.folder / "elsewhere.jsonl")
            self._elsewhere = await Elsewhere.lives(
                ring.proxy.url, f"{plan.seed}e", elsewhere, self._histories[1], rooms
            )
            ring.elsewhere = self._elsewhere.process
        here.lives()

    # Disturbing ----------------------------------------------------------------------------------------------

    async def _disturb(self) -> None:
        seconds, loop = self._plan.seconds, asyncio.get_running_loop()
        chances = [random.Random(f"{self._plan.seed} {number}") for number in range(NETWORK_TROUBLES)]
        if seconds is not None:
            self._end = loop.time() + seconds
        network = [asyncio.create_task(self._disturb_network(chance)) for chance in chances]
        try:
            await self._disturb_server(random.Random(self._plan.seed))
            await asyncio.gather(*network)
        finally:
            for task in network:
                task.cancel()
            await asyncio.gather(*network, return_exceptions=True)

    async def _disturb_server(self, chance: random.Random) -> None:
        for fault in self._sequence(self._plan.server_faults, chance):
            await self._some_work_is_done(chance)
            await self._do(fault, chance)
            self._look_after_everybody()
        await self._some_work_is_done(chance)

    async def _disturb_network(self, chance: random.Random) -> None:
        for fault in self._sequence(self._plan.network_faults, chance):
            await self._do(fault, chance)
            await asyncio.sleep(chance.uniform(0.05, 0.5))

    def _sequence(self, faults: Sequence[Fault], chance: random.Random) -> Iterator[Fault]:
        """Every fault that can be had comes once before one comes again, until the time is over."""
        can = [fault for fault in faults if fault.cannot(self._arena) is None]
        while can:
            for fault in chance.sample(can, len(can)):
                if asyncio.get_running_loop().time() >= self._end:
                    return
                yield fault
            if self._plan.seconds is None:
                return

    async def _some_work_is_done(self, chance: random.Random) -> None:
        loop = asyncio.get_running_loop()
        if self._plan.seconds is not None:
            await asyncio.sleep(max(0.0, min(self._end - loop.time(), chance.uniform(0.2, 2))))
            return
        patience_s = self._plan.patience_s * WORK_PATIENCES
        enough, deadline = self._arena.acknowledged() + self._plan.answers_between, loop.time() + patience_s
        while self._arena.acknowledged() < enough:
            self._look_after_everybody()
            if loop.time() > deadline:
                raise AssertionError(f"within {patience_s:.0f} s it hardly answered anybody")
            await asyncio.sleep(0.02)

    async def _do(self, fault: Fault, chance: random.Random) -> None:
        await fault.act(self._arena, chance)
        self._arena.done[fault.name] += 1
        seconds = self._plan.seconds
        left = self._end - asyncio.get_running_loop().time()
        self._tell(1 - left / seconds if seconds else 0.0, self._arena.done)

    def _look_after_everybody(self) -> None:
        code = self._arena.server.process.returncode
        if code is not None:
            raise AssertionError(f"it ended by itself with {code}")
        for crowd in self._arena.crowds:
            if mistake := crowd.mistake():
                raise RuntimeError("somebody of the crowd stumbled") from mistake

    # The end -------------------------------------------------------------------------------------------------

    async def _settle(self, auditor: Auditor) -> dict[str, int]:
        """No more faults: everybody gets an answer to everything, and is shown everything. Returns how far."""
        ring = self._arena
        crowds: list[Crowd | Elsewhere] = [*ring.crowds, *([self._elsewhere] if self._elsewhere else [])]
        auditor.url = ring.server.url
        goal: dict[str, int] = {}
        try:
            async with asyncio.timeout(SETTLE_PATIENCE_S):
                await asyncio.gather(*(crowd.settles() for crowd in crowds))
                await auditor.returns({})
                goal = await auditor.says_the_last_words()
                await auditor.drops()
                await asyncio.gather(*(crowd.comes_to(goal) for crowd in crowds))
        except TimeoutError:
            self._say("G8", f"not everybody was answered within {SETTLE_PATIENCE_S:.0f} s after the last fault")
        return goal

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

    async def _judge_backups(self, auditor: Auditor) -> Counter[str]:
        found: Counter[str] = Counter()
        cursors, epoch = dict(auditor.cursors), auditor.epoch
        for backup in self._arena.backups:
            auditor.cursors, auditor.epoch = dict(cursors), epoch
            verdict = await judge_backup(backup, self._histories, auditor)
            self._broken += verdict.broken
            found += Counter({"backups": 1, "acknowledged": verdict.counts["acknowledged"]})
        return found

    def _read_the_servers_log(self) -> None:
        text = self._arena.log.read_text("utf-8", "replace")
        if traces := len(re.findall(r"^Traceback", text, re.MULTILINE)):
            self._say("G23", f"the server's log has {traces} tracebacks: {self._arena.log}")

    def _say(self, promise: str, words: str) -> None:
        self._broken.append(Broken("a", promise, words, ""))
