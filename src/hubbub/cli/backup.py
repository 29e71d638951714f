"""`hubbub backup`: one file that says everything, made while the server runs."""

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.data_folder import Config, Data, database_in, progress, tell_missing
from hubbub.settings import load_settings
from hubbub.store.backup import back_up
from hubbub.store.backup_files import files_of

File = Annotated[Path, typer.Argument(help="Where to write it; its folder must exist.")]
Force = Annotated[bool, typer.Option("--force", help="Replace FILE when it is there already.")]


def command(file: File, data: Data = None, config: Config = None, force: Force = False) -> None:
    database = database_in(load_settings({}, config), data)
    size = back_up(database, file, replace=force, progress=progress("Copying"))
    tell_missing(file, files_of(file))
    print(f"{file} has everything that {database.parent} had when you asked: {size / 1e6:,.1f} MB, checked.")
    if files_of(file).exists():
        print(f"  uploaded files: {files_of(file)}; keep it beside {file.name}")
