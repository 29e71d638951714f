"""Emptying the -wal file goes on when the disk has failed for a while."""

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from hubbub.store import checkpoints
from hubbub.store.checkpoints import Checkpoints


class Flaky:
    """An engine whose disk fails at first."""

    def __init__(self, engine: Any, failures: int) -> None:
        self.engine = engine
        self.failures = failures

    def connect(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return self.engine.connect()


async def test_a_disk_that_fails_for_a_while_keeps_nothing_in_the_wal_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("GATHER_S", "AGAIN_S"):
        monkeypatch.setattr(checkpoints, name, 0.0)
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    wal = tmp_path / "a.db-wal"
    with engine.connect() as connection:
        connection.execute(text("PRAGMA journal_mode=WAL"))
        connection.execute(text("CREATE TABLE t (x)"))
        connection.commit()
        assert wal.stat().st_size > 0
    flaky = Flaky(engine, failures=3)
    task = asyncio.create_task(Checkpoints(flaky).run())  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        while wal.exists() and wal.stat().st_size and not task.done():
            await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    engine.dispose()
    assert [record.levelname for record in caplog.records if "-wal" in record.getMessage()] == ["WARNING"]
