"""The contract of all stores, on SQLite."""

import itertools
from pathlib import Path

import pytest

from hubbub.store import Store
from hubbub.store.sqlite import SqliteStore
from hubbub.testing.store_contract import StoreContract
from hubbub.testing.store_order import OrderContract
from hubbub.testing.store_search import SearchContract


class TestSqliteStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        self.path = tmp_path / "hubbub.db"
        self.epochs = (f"epoch-{n}" for n in itertools.count())

    async def open_store(self) -> Store:
        return SqliteStore(self.path, now=lambda: 1_700_000_000_000, new_epoch=lambda: next(self.epochs))


class TestSearchWithManyBlocks(SearchContract, OrderContract):
    """Nearly every message is in the index soon, and in a block with few others."""

    @pytest.fixture(autouse=True)
    def _in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        self.path = tmp_path / "hubbub.db"

    async def open_store(self) -> Store:
        return SqliteStore(self.path, now=lambda: 1_700_000_000_000, new_epoch=lambda: "epoch", block_size=2)
