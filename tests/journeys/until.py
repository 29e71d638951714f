"""Waiting for what only a question tells."""

import asyncio
from collections.abc import Awaitable, Callable

from hubbub.testing.people import PATIENCE_S


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Asks again and again until it is true; fails when that takes too long."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():
            await asyncio.sleep(0.02)
