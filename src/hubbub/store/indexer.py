"""Puts messages into the index for search, behind the writers' back: when there are enough new ones for a block, and
old ones when the database is older than its index."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hubbub.errors import Unavailable
from hubbub.protocol import Envelope, MessagePosted
from hubbub.store import Committed
from hubbub.store.packed import BLOCK_MAX

log = logging.getLogger(__name__)


class Indexer:
    """`read` and `write` are the store's. A block is made in a reader's thread and stored in a short transaction."""

    def __init__(
        self,
        read: Callable[[Callable[[Any], Any]], Awaitable[Any]],
        write: Callable[[Callable[[Any], Any]], Awaitable[Any]],
        block_size: int = BLOCK_MAX,
    ) -> None:
        self._read = read
        self._write = write
        self._size = block_size
        self._posted = 0
        self._enough = asyncio.Event()
        self._enough.set()  # what was left by the last run

    def heard(self, news: Sequence[Committed | Envelope]) -> None:
        """Counts what has been committed."""
        self._posted += sum(isinstance(item, Committed) and isinstance(item.event, MessagePosted) for item in news)
        if self._posted >= self._size:
            self._enough.set()

    async def run(self) -> None:
        """Until cancelled. When the database cannot, tries again as soon as there are more messages."""
        loop = asyncio.get_running_loop()
        while True:
            await self._enough.wait()
            self._enough.clear()
            try:
                began = loop.time()
                while await self._step():
                    await asyncio.sleep(loop.time() - began)  # half of the time is for others
                    began = loop.time()
            except Unavailable as problem:
                log.warning("search: the index cannot be written: %s", problem.words)

    async def _step(self) -> bool:
        """False: there is nothing to do."""
        self._posted = 0
        block = await self._read(lambda reader: reader.next_block(self._size))
        if block is None:
            return False
        await self._write(lambda transaction: transaction.add_to_index(block))
        return True
