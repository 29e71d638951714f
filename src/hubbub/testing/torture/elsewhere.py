"""A crowd in a process of its own, so that it can be stopped and continued:

    python -m hubbub.testing.torture.elsewhere URL SEED COUNT HISTORY ROOM…

prints `ready`, then `settled` when it has read a line, and ends when it has read another: the goal, as JSON.
"""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

from hubbub.testing.process import end_with_the_parent, tell
from hubbub.testing.torture.crowd import Crowd


class Elsewhere:
    """That process, seen from outside. Raises RuntimeError when it does not do what it should: a mistake of ours."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def lives(cls, url: str, seed: str, count: int, history: Path, rooms: list[str]) -> "Elsewhere":
        arguments = [url, seed, str(count), str(history), *rooms]
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", __name__, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        crowd = cls(process)
        await crowd._hears("ready")
        return crowd

    async def settles(self) -> None:
        await self._is_told("settle")
        await self._hears("settled")

    async def comes_to(self, goal: dict[str, int]) -> None:
        await self._is_told(json.dumps(goal))
        if code := await self.process.wait():
            raise RuntimeError(f"the crowd in a process of its own ended with {code}")

    async def goes(self) -> None:
        tell(self.process, signal.SIGKILL)
        await self.process.wait()

    async def _is_told(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def _hears(self, word: str) -> None:
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode().strip()
        if line != word:
            raise RuntimeError(f"the crowd in a process of its own said {line!r} and not {word!r}")


async def live(url: str, seed: str, count: int, history: Path, rooms: list[str]) -> None:
    crowd = Crowd(url, rooms, seed, history)
    try:
        await crowd.comes(count)
        crowd.lives()
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        await crowd.settles()
        say("settled")
        await crowd.comes_to(json.loads(await asyncio.to_thread(sys.stdin.readline)))
    finally:
        await crowd.goes()


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    end_with_the_parent()
    url, seed, count, history, *rooms = sys.argv[1:]
    asyncio.run(live(url, seed, int(count), Path(history), rooms))
