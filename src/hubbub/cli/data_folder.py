"""For the commands that work on a chat's files: which folder, and how far a copy has come."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from hubbub.settings import Settings
from hubbub.store.backup_files import missing_files
from hubbub.store.folder import DATABASE

TOLD_FROM_PAGES = 5000
"""Smaller copies are done before anybody could read how far they are."""

Config = Annotated[
    Path | None, typer.Option("--config", envvar="HUBBUB_CONFIG", help="Settings file in TOML. [hubbub.toml, if there]")
]
Data = Annotated[str | None, typer.Option("--data", help="The chat's folder. [the setting `data`]", metavar="DATA")]


def database_in(settings: Settings, data: str | None) -> Path:
    return (Path(data) if data else settings.data) / DATABASE


def progress(what: str) -> Callable[[int, int], None]:
    """Tells a person at a terminal, on standard error, how far it is."""

    def tell(done: int, total: int) -> None:
        if total >= TOLD_FROM_PAGES and sys.stderr.isatty():
            print(f"\r{what} {done * 100 // total} %", end="\n" if done == total else "", file=sys.stderr, flush=True)

    return tell


def tell_missing(database: Path, files: Path) -> None:
    """Says on standard error when not all uploaded files are with the database that names them."""
    if missing := missing_files(database, files):
        print(f"hubbub: {missing} uploaded files are missing in {files}, or were damaged", file=sys.stderr)
