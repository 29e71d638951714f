"""What clients saw, as JSON lines. One file may hold the notes of several clients.

Every note has `op`, `t` (seconds of this machine's monotonic clock) and `link`, one connection of one person:

    open      who, began (when it began to connect), epoch and rooms (each one's head) as it was welcomed, asked and
              cursors (the epoch and the cursors that it sent)
    send      n, verb, room, and what was asked: key, message, emoji, reply_to, text (its digest)
    ack       n, and room and seq of the answer where it has them
    refused   n, code
    read      n, room, head, messages: [seq, digest of the text] of each in a page of history
    recv      room, seq, type, rest (digest of the frame without its text), body (digest of the text, if there is one)
    reset     room, seq
    joined    room, seq (the head from which on the room's events follow)
    left      room
    close     code
    end       cursors (where the client has come to), goal (how far every member had to come)
"""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

Json = dict[str, Any]


class History:
    """Writes notes to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")

    def note(self, op: str, link: str, **fields: Any) -> None:
        note = {"op": op, "link": link, "t": round(time.monotonic(), 6), **fields}
        self._file.write(json.dumps(note, ensure_ascii=False, separators=(",", ":")) + "\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_history(path: Path) -> Iterator[tuple[str, Json]]:
    """Each note with its place, `file:line`. A last line that was cut off by a kill is left out."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.endswith("\n"):
                yield f"{path.name}:{number}", json.loads(line)


def digest(text: str) -> str:
    """Enough of a SHA-256 to tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def seen(event: Json) -> Json:
    """The digests of an event, as `recv` notes them. Erasing a message changes the second and not the first."""
    rest = {name: value for name, value in event.items() if name not in ("text", "html", "files")}
    found = {"rest": digest(json.dumps(rest, sort_keys=True, ensure_ascii=False))}
    if event.get("text"):
        found["body"] = digest(event["text"] + "\0" + (event.get("html") or ""))
    return found
