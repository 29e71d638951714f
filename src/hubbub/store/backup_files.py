"""The uploaded files of a copy, in a folder beside it. Each is there once, under the SHA-256 of its bytes, so what an
earlier copy has is not copied again."""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hubbub.errors import SetupError
from hubbub.store.folder import blob_path, flush

HELD = """
SELECT sha256 FROM file WHERE unused_since IS NULL
UNION SELECT thumbnail FROM file WHERE unused_since IS NULL AND thumbnail IS NOT NULL
"""


def files_of(copy: Path) -> Path:
    """Where the files of a copy are."""
    return copy.with_name(f"{copy.name}.files")


def copy_what_is_there(source: Path, target: Path) -> None:
    """Before the database is copied, so that a file whose message is deleted meanwhile is in the copy all the same.
    Raises SetupError when the target cannot be written."""
    for blob in source.glob("??/*"):
        _copy(blob, blob_path(target, blob.name))


def copy_what_is_named(database: Path, source: Path, target: Path) -> None:
    """Every file that a message in this database holds; one that is missing or damaged is left out: a copy without it
    is better than none. Raises SetupError when the target cannot be written."""
    for sha256 in _held(database):
        _copy(blob_path(source, sha256), blob_path(target, sha256))


def prune(database: Path, files: Path) -> None:
    """Removes what no message in this database holds: what was deleted is not kept by a later copy."""
    held = set(_held(database))
    for blob in files.glob("??/*"):
        if blob.name not in held:
            blob.unlink()


def missing_files(database: Path, files: Path) -> int:
    """How many of the files that messages hold are not there."""
    return sum(not blob_path(files, sha256).exists() for sha256 in _held(database))


def _held(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'file'").fetchone():
            return []  # of a version that had no files
        return [row[0] for row in database.execute(HELD)]


def _copy(blob: Path, target: Path) -> None:
    if target.exists():
        return
    part = target.with_name(f"part-{os.getpid()}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(blob, part)
        with open(part, "rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == target.name
        if whole:
            flush(part)
            part.replace(target)
            flush(target.parent)
    except FileNotFoundError:
        pass  # deleted meanwhile, or missing
    except OSError as error:
        raise SetupError(f"Cannot write {target}: {error.strerror}.") from None
    finally:
        with suppress(OSError):
            part.unlink()
