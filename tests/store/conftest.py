from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from hubbub.store.migrate import upgrade
from hubbub.store.sqlite import SqliteStore
from hubbub.testing.store_stage import AT, Opened, found_plans


def store_at(path: Path) -> SqliteStore:
    return SqliteStore(path, now=lambda: AT, new_epoch=lambda: "epoch")


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Opened]:
    opened = Opened(store_at(path))
    await opened.store.start()
    try:
        yield opened
    finally:
        await opened.store.stop()


def migrated(path: Path, revision: str = "head") -> None:
    """Makes or brings a database to a revision by the migrations, and nothing else."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        upgrade(connection, revision)
        connection.commit()
    engine.dispose()


@pytest.fixture
async def plans(tmp_path: Path) -> AsyncIterator[Opened]:
    """Ann and Bob in a room of their own, whose log ends at 3."""
    async with running(tmp_path / "hubbub.db") as opened:
        await opened.store.write(found_plans)
        opened.news.clear()
        yield opened
