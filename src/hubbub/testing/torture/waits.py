"""G8: how long people wait for their acknowledgements before, and while others read nothing."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from hubbub.core.models import LOBBY
from hubbub.testing.evidence import Broken
from hubbub.testing.evidence.checker import CHANGES
from hubbub.testing.evidence.history import read_history
from hubbub.testing.evidence.witness import Witness
from hubbub.testing.torture.arena import Arena
from hubbub.testing.torture.crowd import TROUBLE, Crowd

SLEEPERS = 4
QUESTIONS = 50
"""Each asks so many, of which the answers are more than a kernel keeps for somebody who does not read."""
SPAN_MAX_S = 3.0
"""Shorter than anybody may stall without being cut."""
SPAN_PART = 0.1
"""Of the time of a run."""
RATIO_MAX = 10.0
SLACK_S = 0.5
"""Generous, because other programs use the machine too. Who waits for a slow reader waits longer."""


class Waits(NamedTuple):
    """The 95th percentiles, in seconds."""

    before_s: float
    stalled_s: float
    came_back: bool
    """Whether those who had read nothing were shown everything afterwards."""

    @property
    def ratio(self) -> float:
        return self.stalled_s / self.before_s

    def broken(self) -> list[Broken]:
        found = []
        if self.stalled_s > self.before_s * RATIO_MAX + SLACK_S:
            found.append(
                f"acknowledgements took {self.stalled_s:.3f} s while some read nothing, {self.before_s:.3f} s before"
            )
        if not self.came_back:
            found.append("who had read nothing for a moment was not caught up")
        return [Broken("a", "G8", words, "") for words in found]


async def measure(arena: Arena, crowd: Crowd, rooms: Sequence[str], seconds: float | None) -> Waits | None:
    """With members of all rooms who only read, and then do not even that. They come back to themselves in the end.
    None when there was nothing to measure."""
    span_s = min(SPAN_MAX_S, SPAN_PART * seconds) if seconds is not None else SPAN_MAX_S / 2
    async with AsyncExitStack() as stack:
        sleepers = [await Witness.registers(arena.proxy.url, f"Sleeper {number}") for number in range(SLEEPERS)]
        for sleeper in sleepers:
            sleeper.history = crowd.history
            await sleeper.returns()
            stack.push_async_callback(sleeper.drops)
            for room in rooms:
                await sleeper.does("join", room=room)
            await sleeper.says("zzz " * 1000)
        links = [link for sleeper in sleepers for link in arena.proxy.links if link.client == sleeper.address]
        begun = time.monotonic()
        await asyncio.sleep(span_s)
        for link in links:
            link.down.hold()
        held = time.monotonic()
        asking = [
            asyncio.create_task(sleeper.does("history", room=LOBBY, limit=100)) for sleeper in sleepers * QUESTIONS
        ]
        await asyncio.sleep(span_s)
        released = time.monotonic()
        for link in links:
            link.down.release()
        await asyncio.gather(*asking, return_exceptions=True)
        came_back = await _are_caught_up(sleepers)
        crowd.history.flush()
    before, stalled = waits(crowd.history.path, begun, held), waits(crowd.history.path, held, released)
    return Waits(_high(before), _high(stalled), came_back) if before and stalled else None


async def _are_caught_up(sleepers: Sequence[Witness]) -> bool:
    try:
        for sleeper in sleepers:
            head = (await sleeper.does("history", room=LOBBY, limit=1))["head"]
            await sleeper.waits_until(lambda guest=sleeper, head=head: guest.cursors[LOBBY] >= head)  # type: ignore[misc]
    except (*TROUBLE, AssertionError):
        return False
    return True


def waits(history: Path, start: float, end: float) -> list[float]:
    """How long each change of this time had to wait for its acknowledgement; sorted. Who still waits has waited until
    the last note."""
    asked: dict[tuple[str, int], float] = {}
    found: list[float] = []
    last = start
    for _, note in read_history(history):
        last = note["t"]
        place = (note["link"], note.get("n", 0))
        if note["op"] == "send" and note["verb"] in CHANGES and start <= last < end:
            asked[place] = last
        elif note["op"] in ("ack", "refused") and place in asked:
            found.append(last - asked.pop(place))
    return sorted([*found, *(last - at for at in asked.values())])


def _high(sorted_waits: list[float]) -> float:
    return sorted_waits[int(len(sorted_waits) * 0.95)]
