"""Makes the -wal file forget what was erased.

SQLite overwrites an erased text in the database (`secure_delete`), but until the -wal file is begun anew its old pages
stay in it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from hubbub.protocol import ERASING, Envelope
from hubbub.store import Committed

GATHER_S = 10.0
"""Between an erasure and the checkpoint, so that many share one."""
AGAIN_S = 2.0
"""When somebody was reading."""
BUSY_TIMEOUT_MS = 250
"""So long writers may wait for a checkpoint that waits for a reader."""

log = logging.getLogger(__name__)


class Checkpoints:
    """Moves everything into the database and empties the -wal file, soon after something was erased."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wanted = asyncio.Event()
        self._wanted.set()  # what was left by the last run
        self._failed = False

    def heard(self, news: Sequence[Committed | Envelope]) -> None:
        for item in news:
            erases = item.erases if isinstance(item, Envelope) else isinstance(item.event, ERASING)
            if erases:
                self._wanted.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(GATHER_S)
            self._wanted.clear()
            while not await asyncio.to_thread(self._empty):
                await asyncio.sleep(AGAIN_S)

    def _empty(self) -> bool:
        """False: somebody was reading or writing, or the disk does not take it now."""
        try:
            with self._engine.connect() as connection:
                driver = connection.connection.cursor()
                driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}").fetchall()
                busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except (DBAPIError, sqlite3.Error) as error:  # asked by the driver itself, it raises its own
            if not self._failed:
                log.warning("what was erased is still in the -wal file, which cannot be emptied: %s", error)
            self._failed = True
            return False
        self._failed = False
        return not busy
