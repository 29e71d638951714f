"""What a server with too much to do leaves out: first who is typing and who is here, then reading, then writing.

What was accepted is always done and acknowledged: only what has not begun can be refused.
"""

import math
from enum import IntEnum
from typing import NamedTuple

from hubbub.errors import Unavailable


class Shed(IntEnum):
    """What is left out, each with those before it."""

    NOTHING = 0
    SIGNALS = 1
    """Nobody is told who types or comes: who types is forgotten, who came and went is told afterwards."""
    READING = 2
    """History, search and lists are refused, and nobody new comes in."""
    POSTING = 3
    """So is everything that changes something."""


class Load(NamedTuple):
    """How much there is to do. Reads and writes take a fifth of a millisecond each, so 5,000 are a second's work."""

    lag_s: float
    """How late the event loop is."""
    writes: float
    """That wait."""
    reads: float


LIMITS = {
    Shed.SIGNALS: Load(0.5, 1_000, 1_000),
    Shed.READING: Load(1.0, 2_500, 2_500),
    Shed.POSTING: Load(2.0, 5_000, math.inf),  # a post does not wait for those who read
}
RISES_AFTER = 2
"""Looks in a row with too much to do. One pause, of a disk or of the whole machine, is no overload."""
FALLS_AFTER = 6
"""Looks in a row with at most half of that to do, before one thing more is done again."""
CALM = 0.5
RETRY_AFTER_S = 3.0


def step_of(load: Load, share: float = 1.0) -> Shed:
    """What this much is too much for; `share` of the limits is enough."""
    reached = [step for step, limit in LIMITS.items() if any(a >= b * share for a, b in zip(load, limit, strict=True))]
    return max(reached, default=Shed.NOTHING)


class Shedding:
    """What is left out now. It comes within two looks and goes slowly, one thing after the other, so that it does not
    come and go with each wave."""

    def __init__(self) -> None:
        self.step = Shed.NOTHING
        self._heavy = [Shed.NOTHING] * RISES_AFTER
        """What the last looks were too much for."""
        self._calm = 0

    def look(self, load: Load) -> Shed:
        """To be called regularly. Returns the new step."""
        self._heavy = [*self._heavy[1:], step_of(load)]
        self._calm = self._calm + 1 if step_of(load, CALM) < self.step else 0
        if min(self._heavy) > self.step:
            self.step = min(self._heavy)
            self._calm = 0
        elif self._calm >= FALLS_AFTER:
            self.step = Shed(self.step - 1)
            self._calm = 0
        return self.step

    def drops(self, step: Shed) -> bool:
        return self.step >= step

    def check(self, step: Shed) -> None:
        """Raises Unavailable `overloaded` when this is left out now."""
        if self.drops(step):
            words = f"The server has too much to do. Try again in {RETRY_AFTER_S:.0f} s."
            raise Unavailable(words, code="overloaded", retry_after_s=RETRY_AFTER_S)
