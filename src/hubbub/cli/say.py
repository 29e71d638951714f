"""`hubbub say ROOM TEXT`."""

import sys
from typing import Annotated

import typer

from hubbub.cli.remote import DEFAULT_URL, As, Remote, Token, Url
from hubbub.errors import HubbubError


def command(
    room: Annotated[str, typer.Argument(help="Id or name of the room.")],
    text: Annotated[str, typer.Argument(help="What to say; - or nothing: standard input.")] = "-",
    url: Url = DEFAULT_URL,
    name: As = None,
    token: Token = None,
) -> None:
    if text == "-":
        text = sys.stdin.read().rstrip("\n")
    if not text.strip():
        raise HubbubError("There is nothing to say.")
    remote = Remote(url, name, token)
    remote.sign_in()
    found = remote.room(room)
    remote.join(found)
    remote.post(found["id"], text)
