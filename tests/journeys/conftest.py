from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from hubbub.settings import Settings
from hubbub.testing.process import UNLIMITED
from hubbub.testing.server import Running, serve

Serve = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def serving(tmp_path: Path) -> Serve:
    """Starts a server on this test's data folder; again, after it has ended, on the same data."""

    def start(**settings: Any) -> AbstractAsyncContextManager[Running]:
        return serve(Settings(data=tmp_path / "data", **(UNLIMITED | settings)))

    return start


@pytest.fixture
async def server(serving: Serve) -> AsyncIterator[Running]:
    async with serving(presence_grace_s=0.05) as running:
        yield running
