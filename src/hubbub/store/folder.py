"""A chat's folder on the disk: what lies in it, and that one program uses it at a time."""

import os
from pathlib import Path
from typing import IO

from hubbub.errors import SetupError

DATABASE = "hubbub.db"
FILES = "files"
"""Beside the database, what people have uploaded: see `hubbub.files.blobs`."""


def make_folder(folder: Path) -> None:
    """What is said here is not for the other users of the machine. Raises SetupError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"Cannot make the data folder {folder}: {error.strerror}. Choose another one with --data."
        ) from error


def lock(path: Path) -> IO[str] | None:
    """Holds the database until the file that is returned is closed: two programs would not hear of each other's
    commits. Raises SetupError."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return None
    try:
        file = open(lock_file(path), "a+")  # noqa: SIM115
    except OSError as error:
        raise SetupError(
            f"Cannot write in {path.parent}: {error.strerror}. Choose another folder with --data."
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise SetupError(
            f"Another hubbub uses {path} already{f' (process {holder})' if holder else ''}. "
            "Stop it, or choose another folder with --data."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def holder_of(path: Path) -> str | None:
    """The process that holds the database; None when nobody does, or that cannot be known here."""
    try:
        import fcntl

        with open(lock_file(path)) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return file.read().strip() or "unknown"
    except (ImportError, OSError):
        pass
    return None


def lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def blob_path(files: Path, sha256: str) -> Path:
    """Where the bytes with this digest stand in the folder of uploaded files."""
    return files / sha256[:2] / sha256


def flush(path: Path) -> None:
    """Waits until a file, or what a folder lists, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
