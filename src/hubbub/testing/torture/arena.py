"""What people and faults share: the server, the network between, the disk, and a book of what was done."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from hubbub.errors import SetupError
from hubbub.testing.process import UNLIMITED, ServerProcess, start_server
from hubbub.testing.proxy import Flow, Proxy
from hubbub.testing.torture.crowd import Crowd
from hubbub.testing.volume import Volume, VolumeError, volume

LAUNCHER = ("-m", "hubbub.testing.faulty_server")
SETTINGS: dict[str, Any] = {
    **UNLIMITED,
    "outlet_buffer_bytes": 16_384, "ring_size": 32, "replay_limit": 50, "sweep_interval_s": 1,
    "ping_interval_s": 2, "ping_timeout_s": 4, "stall_timeout_s": 5, "presence_grace_s": 0.1,
    "drain_s": 3, "close_timeout_s": 1,
}  # fmt: skip
"""Small buffers and short patience, so that everything that can happen happens often."""
CLOCK_JUMPS = (3600, -7200, 400_000_000, -400_000_000)
"""An hour on, two back, past 2038, and back again."""
DATABASE = "hubbub.db"
READS_ALL: dict[str, Any] = {"replay_limit": 10**9}


class Backup(NamedTuple):
    file: Path
    asked_at: float
    """By the clock of the histories."""


class Arena:
    """`launcher`: how a server is started that takes `die=` and `jumps=` (see `hubbub.testing.faulty_server`)."""

    def __init__(self, folder: Path, disk: Volume | None, proxy: Proxy, launcher: Sequence[str]) -> None:
        self.folder = folder
        self.disk = disk
        self.proxy = proxy
        self.data = (disk.path if disk else folder) / "data"
        self.done: Counter[str] = Counter()
        """How often each fault was done."""
        self.counts: Counter[str] = Counter()
        """`kills`, and `power cuts`; `cut points`: stations of a message and statements at which the program died."""
        self.cuts: list[Flow] = []
        """What was to be cut at some byte."""
        self.backups: list[Backup] = []
        self.slowest_start_s = 0.0
        self.elsewhere: asyncio.subprocess.Process | None = None
        """A crowd in a process of its own, which can be stopped and continued."""
        self.crowds: list[Crowd] = []
        self.log = folder / "server.log"
        self._launcher = launcher
        self._errors = self.log.open("ab")
        self._server: ServerProcess | None = None

    @property
    def server(self) -> ServerProcess:
        assert self._server is not None, "the server has been started"
        return self._server

    async def start(self, *faults: str, **settings: object) -> None:
        """Starts the server on its data. `faults` are arguments of `hubbub.testing.faulty_server`."""
        begun = asyncio.get_running_loop().time()
        jumps = "jumps=" + ",".join(map(str, CLOCK_JUMPS))
        self._server = await start_server(
            self.data,
            settings={**SETTINGS, **settings},
            launcher=[*self._launcher, *faults, jumps, "--"],
            errors=self._errors,
        )
        self.slowest_start_s = max(self.slowest_start_s, asyncio.get_running_loop().time() - begun)
        self.proxy.target = self._server.url

    async def dies_at_start(self, point: str) -> None:
        """Starts the server so that it kills itself at a point before it listens; or afterwards, or not at all."""
        with suppress(AssertionError):
            await self.start(f"die={point}")
        if self.server.process.returncode is None:
            await self.kill()
            return
        self.counts.update(["kills", "cut points"])

    async def kill(self) -> None:
        """kill -9."""
        self.counts["kills"] += self.server.process.returncode is None
        await self.loses_power()

    async def loses_power(self) -> None:
        """The program is gone, and that is not what is tried."""
        self.proxy.target = None
        await self.server.kill()

    async def stop(self) -> int:
        """SIGTERM. Returns the exit code."""
        self.proxy.target = None
        return await self.server.stop()

    async def close(self) -> None:
        if self._server:
            await self._server.kill()
        self._errors.close()

    def refusals(self, code: str) -> int:
        """How often people here were refused with this code."""
        return sum(person.witness.refusals.count(code) for crowd in self.crowds for person in crowd.people)

    def acknowledged(self) -> int:
        """How often people here were answered."""
        return sum(person.witness.acknowledged for crowd in self.crowds for person in crowd.people)

    def damage(self) -> str:
        """What SQLite finds wrong in the database of a stopped server; "ok" when nothing."""
        with closing(sqlite3.connect(self.data / DATABASE)) as database:
            return "; ".join(str(row[0]) for row in database.execute("PRAGMA integrity_check"))


@asynccontextmanager
async def arena(folder: Path, launcher: Sequence[str] = LAUNCHER, *, disk: bool = True) -> AsyncIterator[Arena]:
    """With a server that runs, on a disk of its own where that can be had and is wanted. `folder` must be empty."""
    async with AsyncExitStack() as stack:
        made: Volume | None = None
        if disk:
            try:
                made = stack.enter_context(volume(folder))
            except VolumeError:
                made = None
        proxy = await stack.enter_async_context(Proxy())
        made_arena = Arena(folder, made, proxy, launcher)
        stack.push_async_callback(made_arena.close)
        try:
            await made_arena.start()
        except AssertionError as error:
            raise SetupError(f"There is nothing to torture: {error}") from None
        yield made_arena
