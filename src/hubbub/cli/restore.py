"""`hubbub restore`: a backup takes the place of what is there."""

import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.data_folder import Config, Data, database_in, progress, tell_missing
from hubbub.settings import load_settings
from hubbub.store.backup import restore
from hubbub.store.folder import FILES, make_folder

File = Annotated[Path, typer.Argument(help="A file that `hubbub backup` made.")]
Force = Annotated[bool, typer.Option("--force", help="Take the place of the chat that is there, which is kept beside.")]


def command(file: File, data: Data = None, config: Config = None, force: Force = False) -> None:
    database = database_in(load_settings({}, config), data)
    make_folder(database.parent)
    kept = restore(
        file,
        database,
        epoch=secrets.token_hex(8),
        aside=time.strftime(".before-restore-%Y%m%d-%H%M%S"),
        replace=force,
        progress=progress("Copying"),
    )
    print(f"{database.parent} is now as {file} was. Start the server: everybody's page reads it anew.")
    tell_missing(database, database.with_name(FILES))
    if kept:
        print(f"  what was there before: {kept}")
