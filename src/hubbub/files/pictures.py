"""Pictures are made anew by `remake.py`, in a process for each, few at a time."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from hubbub.errors import Invalid, Unavailable

AT_ONCE = 2
WAITING_MAX = 20
PATIENCE_S = 60.0
"""For one picture, on a machine that is busy: the process itself has a limit for the time that it computes."""
ANSWER_MAX_BYTES = 4096
PROGRAM = Path(__file__).with_name("remake.py")


class Remade(NamedTuple):
    picture: Path
    thumbnail: Path | None
    """None for one that is small enough, or moves: it is shown as it is."""
    width: int
    height: int


class Pictures:
    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def remake(self, source: Path, media_type: str) -> Remade:
        """Makes the picture anew beside the source: the caller owns both files, whatever happens to them later.
        Raises Invalid (`bad_picture`, `picture_too_large`), and Unavailable when too many wait."""
        if self._waiting >= WAITING_MAX:
            words = "Too many pictures are being looked at. Try again in a moment."
            raise Unavailable(words, code="overloaded", retry_after_s=5.0)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._remake(source, media_type.removeprefix("image/").upper())
        finally:
            self._waiting -= 1

    async def _remake(self, source: Path, kind: str) -> Remade:
        picture, thumbnail = made_of(source)
        answer = await _answer(str(source), kind, str(picture), str(thumbnail))
        if "width" in answer:
            return Remade(picture, thumbnail if answer["thumbnail"] else None, answer["width"], answer["height"])
        words = "This picture takes too much work to be shown. Save it anew, or send it in an archive."
        raise Invalid(answer.get("words", words), code=answer.get("problem", "bad_picture"))


def made_of(source: Path) -> tuple[Path, Path]:
    """Where the picture and its thumbnail are made."""
    return source.with_name(f"{source.name}.picture"), source.with_name(f"{source.name}.thumbnail")


async def _answer(*arguments: str) -> dict[str, Any]:
    """What the program says; nothing when it was ended before it had said anything."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-P", str(PROGRAM), *arguments],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            said = await process.stdout.read(ANSWER_MAX_BYTES)
            await process.wait()
    except TimeoutError:
        said = b""
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        answer = json.loads(said)
    except ValueError:
        return {}
    return answer if process.returncode == 0 and isinstance(answer, dict) else {}
