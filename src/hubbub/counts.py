"""What is counted while it happens. `web/metrics.py` tells it to Prometheus; until then a count is an addition."""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WRITES = (1, 2, 5, 10, 20, 50, 100)
LAG_INTERVAL_S = 0.5


class Histogram:
    """How often a value was at most as large as each bound. Filled by one thread, read by any."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """For each bound the values up to it and above the one before; last the values above all of them."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


@dataclass
class Counts:
    """Of one server, since its start."""

    commands: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By type and result: `ok` or the code of the error."""
    post_seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    loop_lag_seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    events: int = 0
    """Committed to the log."""
    cuts: Counter[str] = field(default_factory=Counter)
    """Connections that the server ended, by reason."""
    responses: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By method and status."""


async def watch_loop(on_look: Callable[[float], None]) -> None:
    """Measures by how many seconds a timer of the event loop is late, and tells it, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_INTERVAL_S
        await asyncio.sleep(LAG_INTERVAL_S)
        on_look(max(0.0, loop.time() - due))
