"""When the hub writes: at once while it has little to do, together when it has much."""

import asyncio
import time
from collections.abc import Callable

from hubbub.hub.pace import Pace


async def happens(pace: Pace, work: Callable[[], None]) -> bool:
    """Hands in a round of writing. Tells whether it had come by the end of the tick; waits for it otherwise."""
    written = asyncio.Event()
    pace.soon(lambda: (work(), written.set())[1])
    await asyncio.sleep(0)
    at_once = written.is_set()
    await written.wait()
    return at_once


async def test_after_a_short_round_the_next_comes_at_the_end_of_the_tick() -> None:
    pace = Pace()
    assert await happens(pace, lambda: None)
    await asyncio.sleep(0.001)
    assert await happens(pace, lambda: None)


async def test_after_a_long_round_what_comes_waits_and_is_written_all_the_same() -> None:
    pace = Pace()
    assert await happens(pace, lambda: time.sleep(0.5))
    assert not await happens(pace, lambda: None)
