"""The program as a person at a terminal has it: real processes, their lines, their exit codes."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

PATIENCE_S = 60.0

T = TypeVar("T")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Program:
    """A command that runs. Its lines are read as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.asides: list[str] = []
        """Lines of its standard error."""
        self._changed = asyncio.Condition()
        self._reading = [
            asyncio.create_task(self._read(process.stdout, self.lines)),
            asyncio.create_task(self._read(process.stderr, self.asides)),
        ]
        for task in self._reading:
            task.add_done_callback(lambda _: asyncio.ensure_future(self._look_again()))

    async def prints(self, pattern: str) -> re.Match[str]:
        """Waits for a line that contains the pattern."""
        return await self._waits(lambda: _first(pattern, self.lines), f"no line with {pattern!r}")

    async def remarks(self, pattern: str) -> re.Match[str]:
        """The same on its standard error."""
        return await self._waits(lambda: _first(pattern, self.asides), f"no remark with {pattern!r}")

    async def has_printed(self, count: int) -> list[str]:
        """Waits for so many lines."""
        return await self._waits(lambda: self.lines if len(self.lines) >= count else None, f"fewer than {count} lines")

    async def ends(self, by: signal.Signals | None = None) -> Ended:
        """Waits for the end, after the signal if there is one."""
        if by:
            self.process.send_signal(by)
        async with asyncio.timeout(PATIENCE_S):
            code = await self.process.wait()
            await asyncio.gather(*self._reading)
        return Ended(code, "\n".join(self.lines), "\n".join(self.asides))

    async def _read(self, stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        assert stream is not None
        while line := await stream.readline():
            async with self._changed:
                lines.append(line.decode().removesuffix("\n"))
                self._changed.notify_all()

    async def _look_again(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _waits(self, found: Callable[[], T | None], complaint: str) -> T:
        """Looks again after each line, until the program ends."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: found() is not None or all(task.done() for task in self._reading))
        value = found()
        assert value is not None, f"{complaint} in {self.lines} and {self.asides}"
        return value


def _first(pattern: str, lines: list[str]) -> re.Match[str] | None:
    return next((match for line in lines if (match := re.search(pattern, line))), None)


class Terminal:
    """A folder to be in, a configuration of one's own, and nothing of HUBBUB_* in the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
        self.environment |= {"XDG_CONFIG_HOME": str(folder / "config"), "PYTHONUNBUFFERED": "1", "COLUMNS": "300"}
        self.programs: list[Program] = []

    async def start(self, *arguments: str | Path, stdin: str | None = None) -> Program:
        """Starts `hubbub` with these arguments."""
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "hubbub", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # A shell starts what runs in its background with Ctrl-C ignored, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        if process.stdin and stdin is not None:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        self.programs.append(Program(process))
        return self.programs[-1]

    async def run(self, *arguments: str | Path, stdin: str | None = None) -> Ended:
        """Runs `hubbub` to its end."""
        return await (await self.start(*arguments, stdin=stdin)).ends()

    async def serve(self, *arguments: str | Path) -> tuple[Program, str]:
        """Starts a server, and returns it with its address."""
        program = await self.start(*arguments)
        return program, (await program.prints(r"http://127\.0\.0\.1:\d+"))[0]

    async def close(self) -> None:
        for program in self.programs:
            with suppress(ProcessLookupError):
                program.process.kill()
            await program.ends()


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    await terminal.close()


Check = Callable[[Ended], str]


@pytest.fixture
def complaint() -> Check:
    """Checks that a command failed with exactly one line for a person, and returns that line."""

    def check(ended: Ended) -> str:
        assert ended.code not in (0, None)
        assert ended.out == ""
        assert len(ended.err.splitlines()) == 1, ended.err
        assert ended.err.startswith("hubbub: ")
        assert "Traceback" not in ended.err
        return ended.err

    return check
