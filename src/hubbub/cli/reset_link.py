"""`hubbub reset-link LOGIN`: for somebody who has forgotten their password, where no mail is sent."""

import secrets
import time
from typing import Annotated

import typer

from hubbub.cli.data_folder import Config, Data, database_in
from hubbub.errors import HubbubError
from hubbub.settings import load_settings
from hubbub.store.sqlite import write_beside

Login = Annotated[str, typer.Argument(help="Login name or e-mail address.")]


def command(login: Login, data: Data = None, config: Config = None) -> None:
    from hubbub.service.links import offer_reset, reset_link

    settings = load_settings({}, config)
    code, now = secrets.token_urlsafe(32), time.time_ns() // 1_000_000
    if not write_beside(database_in(settings, data), lambda tx: offer_reset(tx, login, code, now)):
        raise HubbubError(f"Nobody signs in as {login!r} here.")
    print(reset_link(settings.address, code))
    print("  give it to that person alone; it works once, for an hour, and ends earlier links")
