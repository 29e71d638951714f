"""The bytes of files, each under the SHA-256 of its content: `files/ab/abcdef…` in the data folder.

What is being received has a name of its own in `files/part`, and gets its right name when all of it is on the disk.
The folder says nothing of who may read what: that is the store's.
"""

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from hubbub.core.files import SNIFF_BYTES, size_of
from hubbub.errors import NoSpace, SetupError, TooLarge, Unavailable
from hubbub.store.folder import blob_path, flush

P = ParamSpec("P")
T = TypeVar("T")
WRITE_BYTES = 1_048_576
"""Gathered before a thread writes them."""


class Part(NamedTuple):
    """A file that has been received and has no name yet."""

    path: Path
    head: bytes
    """Its first SNIFF_BYTES."""
    sha256: str
    size: int


class Blobs:
    """Before anything else, `open` it. `total_max_bytes`: of all that is there and is coming."""

    def __init__(self, folder: Path, *, total_max_bytes: int) -> None:
        self.folder = folder
        self.parts = folder / "part"
        self._total_max_bytes = total_max_bytes
        self._placed_bytes = 0
        self._coming: dict[Path, int] = {}
        """Bytes of each part."""

    async def open(self) -> None:
        """Makes the folder, throws away what a crash left half received, and counts what is there. Nobody else may
        use the folder: see `hubbub.store.folder.lock`. Raises SetupError."""
        try:
            self._placed_bytes = await asyncio.to_thread(_tidy, self.folder, self.parts)
        except OSError as error:
            words = f"Cannot write in {self.folder}: {error.strerror}. Choose another folder with --data."
            raise SetupError(words) from error

    def path(self, sha256: str) -> Path:
        return blob_path(self.folder, sha256)

    def total_bytes(self) -> int:
        return self._placed_bytes + sum(self._coming.values())

    async def receive(self, stream: AsyncIterator[bytes], name: str, limit: int) -> Part:
        """Writes what comes to a file in `parts`, for the caller to `place` or `drop`, also when this raises TooLarge
        (as soon as there is more than `limit`), NoSpace or Unavailable, or the stream breaks off."""
        part, digest, waiting = self.parts / name, hashlib.sha256(), bytearray()
        head, size = b"", 0
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            self._count(part, len(chunk))
            digest.update(chunk)
            head += chunk[: SNIFF_BYTES - len(head)]
            waiting += chunk
            if len(waiting) >= WRITE_BYTES:
                await _in_thread(_append, part, bytes(waiting), False)
                waiting.clear()
        await _in_thread(_append, part, bytes(waiting), True)
        return Part(part, head, digest.hexdigest(), size)

    async def adopt(self, path: Path) -> Part:
        """Takes a file that somebody else has written into `parts`, as if it had been received."""
        part = await _in_thread(_measured, path)
        self._count(path, part.size)
        return part

    async def drop(self, name: str) -> None:
        """Throws away all parts whose names begin so and that were not placed."""
        for path in [path for path in self._coming if path.name.startswith(name)]:
            del self._coming[path]
        await _in_thread(_unlink_all, self.parts, name)

    async def place(self, part: Part) -> None:
        """Gives the part its right name, for good: after this no crash takes it away. The same bytes are kept once.
        Raises NoSpace, Unavailable."""
        if await _in_thread(_place, part.path, self.path(part.sha256)):
            self._placed_bytes += part.size
        del self._coming[part.path]

    async def remove(self, sha256: str) -> None:
        """Safe when it is not there any more."""
        self._placed_bytes -= await _in_thread(_remove, self.path(sha256))

    def _count(self, part: Path, size: int) -> None:
        if self.total_bytes() + size > self._total_max_bytes:
            raise NoSpace("This server has no more space for files. Ask who runs it for more.")
        self._coming[part] = self._coming.get(part, 0) + size


def too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"A file has at most {size_of(limit)}. Make it smaller, or send it in parts.", code="file_too_large"
    )


def failure_of(error: OSError) -> NoSpace | Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoSpace("The server's disk is full. Nothing was saved.")
    return Unavailable(f"The server's disk failed ({error.strerror}).", code="storage_failed", retry_after_s=60.0)


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        raise failure_of(error) from error


# In threads ------------------------------------------------------------------------------------------------------


def _tidy(folder: Path, parts: Path) -> int:
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(mode=0o700, parents=True, exist_ok=True)
    return sum(entry.stat().st_size for entry in folder.glob("??/*"))


def _append(part: Path, data: bytes, is_last: bool) -> None:
    with os.fdopen(os.open(part, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as file:
        file.write(data)
        if is_last:
            file.flush()
            os.fsync(file.fileno())


def _measured(part: Path) -> Part:
    with open(part, "rb") as file:
        os.fsync(file.fileno())
        digest, size = hashlib.file_digest(file, "sha256"), file.tell()
        file.seek(0)
        return Part(part, file.read(SNIFF_BYTES), digest.hexdigest(), size)


def _unlink_all(folder: Path, beginning: str) -> None:
    for path in folder.glob(f"{beginning}*"):
        path.unlink()


def _remove(path: Path) -> int:
    """How many bytes that frees."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size


def _place(part: Path, target: Path) -> bool:
    """False: it stands there already."""
    if target.exists():
        part.unlink()
        return False
    folder = target.parent
    if not folder.exists():
        folder.mkdir(mode=0o700)
        flush(folder.parent)
    part.replace(target)
    flush(folder)
    return True
