"""A small disk of its own, in a file, that can be full and can lose its power. Needs root."""

import fcntl
import os
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hubbub.errors import SetupError

SIZE_BYTES = 4 * 2**30
"""The file is sparse: it takes as much as is written."""
EXT4_IOC_SHUTDOWN = 0x8004587D
WITHOUT_FLUSHING = 2
UNMOUNT_TRIES = 50


class VolumeError(SetupError):
    """There can be no such disk here. The words say why, and what helps."""


class Volume:
    """An ext4 file system at `path`. `line`: see `_guarded`."""

    def __init__(self, image: Path, path: Path, line: int) -> None:
        self.path = path
        self._image = image
        self._line = line
        self._changing = threading.Lock()
        self._over = False

    def fill(self) -> None:
        """Leaves no space, until `free`."""
        with open(self.path / "filler", "ab") as filler:
            size = SIZE_BYTES
            while size >= 4096:
                try:
                    os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, size)
                except OSError:
                    size //= 2

    def free(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)

    def cut_power(self) -> None:
        """From now on nothing reaches the disk, and what was not flushed never will. End the programs that use it,
        then call `restore_power`. Raises VolumeError when somebody still uses it."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING))
        finally:
            os.close(folder)

    def restore_power(self) -> None:
        """May run in a thread, and come too late: what has been taken away stays away."""
        with self._changing:
            if not self._over:
                self._unmount()
                self._mount()

    def insert(self) -> None:
        with self._changing:
            self._mount()

    def remove(self) -> None:
        """For good, whoever still uses it."""
        with self._changing:
            self._over = True
            with suppress(VolumeError):
                self._unmount()
            while os.path.ismount(self.path):
                _run("umount", "--lazy", str(self.path))

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.path), line=self._line)

    def _unmount(self) -> None:
        for left in reversed(range(UNMOUNT_TRIES)):  # a process that was killed may still be on its way out
            try:
                _run("umount", str(self.path))
                break
            except VolumeError:
                if not left:
                    raise
            time.sleep(0.1)


@contextmanager
def volume(folder: Path) -> Iterator[Volume]:
    """A fresh one in this folder, gone when the context ends. Raises VolumeError."""
    if os.geteuid() != 0:
        raise VolumeError("only root can mount a disk: run as root")
    image, path = folder / "disk.image", folder / "disk"
    path.mkdir(parents=True)
    image.touch()
    os.truncate(image, SIZE_BYTES)
    try:
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", str(image))
        with _guarded(path) as line:
            made = Volume(image, path, line)
            try:
                made.insert()
                yield made
            finally:
                made.remove()
    finally:
        image.unlink()


@contextmanager
def _guarded(path: Path) -> Iterator[int]:
    """Whatever ends this program, even kill -9, the disk does not stay mounted: a second program waits until the line
    to it breaks. Every `mount` holds the line too, because it may outlive this program by a moment."""
    command = ["sh", "-c", 'read -r _; while umount --lazy "$1" 2> /dev/null; do :; done', "guard", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as guard:
        assert guard.stdin is not None
        try:
            yield guard.stdin.fileno()
        finally:
            guard.communicate()


def _run(*command: str, line: int | None = None) -> None:
    program = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        raise VolumeError(f"there is no {command[0]}: on Debian, apt-get install e2fsprogs mount")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, pass_fds=[line] if line else [])
    if done.returncode:
        raise VolumeError(f"{command[0]}: {done.stderr.strip()}")
