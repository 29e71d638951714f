"""A server in a process of its own, for tests that kill it."""

import asyncio
import ctypes
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

PATIENCE_S = 60.0
PR_SET_PDEATHSIG = 1
UNLIMITED: dict[str, int] = dict.fromkeys(
    [
        *("posts_per_second", "posts_burst", "commands_per_second", "commands_burst"),
        *("room_posts_per_second", "room_posts_burst"),
    ],
    1_000_000,
)
"""Settings with which nobody is ever too fast."""


def tell(process: asyncio.subprocess.Process, number: int) -> None:
    """Sends a signal, if the process is still there. Its own method asks the system first whether it has ended, and
    when it has, asyncio never learns with which code."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


class ServerProcess:
    """`python -m hubbub` on a free port of the loopback; `url` once it has printed its address."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def kill(self) -> None:
        """kill -9: nothing of the program runs any more. Safe to call twice."""
        tell(self.process, signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        tell(self.process, signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


@asynccontextmanager
async def run_server(data: Path, *, port: int = 0, **settings: object) -> AsyncIterator[ServerProcess]:
    """`port` 0: a free one. Settings are given by environment: `posts_burst=5` is HUBBUB_POSTS_BURST=5."""
    server = await start_server(data, port=port, settings=settings)
    try:
        yield server
    finally:
        await server.kill()


async def start_server(
    data: Path,
    *,
    port: int = 0,
    settings: Mapping[str, object] | None = None,
    launcher: Sequence[str] = ("-m", "hubbub"),
    errors: IO[bytes] | None = None,
) -> ServerProcess:
    """The same for somebody who ends it later. `launcher`: what Python runs; the arguments of `hubbub` follow it.
    `errors`: where its standard error goes. Raises AssertionError when it does not listen."""
    environment = os.environ | {f"HUBBUB_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, *launcher, "--port", str(port), "--data", str(data)],
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        cwd=data.parent,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            return ServerProcess(process, await _address(process))
    except BaseException as error:
        await ServerProcess(process, "").kill()
        if isinstance(error, TimeoutError):
            raise AssertionError(f"the server did not listen within {PATIENCE_S:.0f} s") from None
        raise


def end_with_the_parent() -> None:
    """Whatever ends the program that started this one, even kill -9, ends this one too. On Linux."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    seen = ""
    while line := (await process.stdout.readline()).decode():
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
        seen += line
    raise AssertionError(f"the server ended before it printed its address: {seen}")
