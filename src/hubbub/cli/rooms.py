"""`hubbub rooms`."""

import json
from datetime import datetime
from typing import Annotated

import typer

from hubbub.cli.remote import DEFAULT_URL, As, Remote, Token, Url, inline


def command(
    url: Url = DEFAULT_URL,
    name: As = None,
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    remote = Remote(url, name, token)
    remote.sign_in()
    rooms = remote.rooms()
    width = max(len(room["id"]) for room in rooms)
    for room in rooms:
        if as_json:
            print(json.dumps(room, ensure_ascii=False))
            continue
        last = datetime.fromtimestamp(room["last_at"] / 1000).strftime("%Y-%m-%d %H:%M")
        mark = "" if not room["joined"] else f"{room['unread']} unread" if room["unread"] else "joined"
        print(f"{room['id']:{width}}  {last}  {mark:10}  {inline(room['name'])}".rstrip())
