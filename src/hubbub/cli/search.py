"""`hubbub search WORDS`."""

import json
from datetime import datetime
from typing import Annotated

import typer

from hubbub.cli.remote import DEFAULT_URL, As, Json, Remote, Token, Url, inline, say_aside


def command(
    words: Annotated[
        list[str],
        typer.Argument(help="What to look for; also in:ROOM, from:NAME, before:DAY, after:DAY, has:link."),
    ],
    url: Url = DEFAULT_URL,
    name: As = None,
    token: Token = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Messages at most, the newest ones.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    remote = Remote(url, name, token)
    remote.sign_in()
    offset = datetime.now().astimezone().utcoffset()
    params: Json = {"text": " ".join(words), "utc_offset_min": round(offset.total_seconds() / 60) if offset else 0}
    printed, page = 0, remote.call("GET", "/search", params=params)
    while True:
        for hit in page["hits"][: lines - printed]:
            print(json.dumps(hit, ensure_ascii=False) if as_json else _line(hit), flush=True)
            printed += 1
        if printed == lines or "before" not in page:
            break
        page = remote.call("GET", "/search", params=params | {"before": page["before"]})
    if not page["complete"]:
        say_aside("the index of old messages is still being made: some may be missing")
    if not printed:
        say_aside("nothing was found")


def _line(hit: Json) -> str:
    message = hit["message"]
    at = datetime.fromtimestamp(message["at"] / 1000).strftime("%Y-%m-%d %H:%M")
    text = "".join(piece["text"] for piece in hit["snippet"])
    return f"{at}  {message['room']}/{message['seq']}  {inline(message['author']['name'])}: {inline(text)}"
