"""`hubbub tail ROOM`."""

import asyncio
import json
import sys
from datetime import datetime
from typing import Annotated

import typer

from hubbub.cli.remote import DEFAULT_URL, As, Json, Remote, Token, Url, inline, printable, say_aside


def command(
    room: Annotated[str, typer.Argument(help="Id or name of the room.")],
    url: Url = DEFAULT_URL,
    name: As = None,
    token: Token = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100, help="Messages to begin with.")] = 10,
    since: Annotated[int | None, typer.Option("--since", min=0, help="Begin after this seq instead.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as it is, one a line.")] = False,
) -> None:
    remote = Remote(url, name, token)
    remote.sign_in()
    found = remote.room(room)
    remote.join(found)
    asyncio.run(_tail(remote, found["id"], lines, since, as_json))


async def _tail(remote: Remote, room: str, lines: int, since: int | None, as_json: bool) -> None:
    """All that is printed is printed from here: Ctrl-C finds a running loop, which ends without a word."""
    if since is None:
        since = _print_last(remote, room, lines, as_json)
    await _follow(remote, room, since, as_json)


def _print_last(remote: Remote, room: str, lines: int, as_json: bool) -> int:
    """Prints the newest messages. Returns the `seq` after which to go on."""
    history = remote.call("GET", f"/rooms/{room}/messages", params={"limit": max(1, lines)})
    for message in history["messages"][-lines:] if lines else []:
        line = json.dumps(message, ensure_ascii=False) if as_json else _line(message["author"], message)
        print(line, flush=True)
    return int(history["head"])


async def _follow(remote: Remote, room: str, cursor: int, as_json: bool) -> None:
    async for text, event in remote.follow(room, cursor, say_aside):
        line = text if as_json else _words(event)
        if line:
            try:
                print(line, flush=True)
            except BrokenPipeError:  # `hubbub tail … | head`
                sys.stderr.close()
                return


def _words(event: Json) -> str | None:
    """An event as a line; None for what a terminal need not know."""
    who = inline(event["by"]["name"])
    match event["type"]:
        case "message.posted":
            return _line(event["by"], event)
        case "message.edited":
            return f"{_time(event)} {who} edited {event['message']}: {printable(event['text'])}"
        case "message.deleted":
            return f"{_time(event)} {who} deleted {event['message']}"
        case "room.renamed":
            return f"{_time(event)} {who} named this room {inline(event['name'])}"
        case "room.archived":
            return f"{_time(event)} {who} archived this room"
    return None


def _line(author: Json, message: Json) -> str:
    files = [f"[{inline(file['name'])}]" for file in message.get("files", [])]
    words = [*([printable(message["text"])] if message["text"] else []), *files]
    text = "(deleted)" if message.get("deleted") or not words else " ".join(words)
    return f"{_time(message)} {inline(author['name'])}: {text}"


def _time(event: Json) -> str:
    return datetime.fromtimestamp(event["at"] / 1000).strftime("%H:%M:%S")
