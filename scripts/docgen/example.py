"""The conversation at the top of docs/protocol.md. It is made of the wire's own types, so that it cannot be wrong in
form; tests/test_docs.py has it with a real server, so that it is true."""

import json
from typing import Any, NamedTuple

from pydantic import BaseModel

from hubbub import __version__
from hubbub.core.models import LOBBY, Person, RoomSummary
from hubbub.protocol import (
    COMMANDS,
    VERSION,
    AnyCommand,
    Applied,
    Error,
    Hello,
    MessagePosted,
    Post,
    React,
    ReactionAdded,
    Result,
    Welcome,
)

COMING_MS = 1_767_225_600_000
EPOCH = "99075c6ff1051343"
TEXT, HTML, EMOJI = "The *kettle* is on", "<p>The <em>kettle</em> is on</p>", "☕"

ANN = Person(id=f"guest-{COMING_MS}", name="Ann", kind="guest", created_at=COMING_MS)
BY_ANN: dict[str, Any] = {"room": LOBBY, "by": ANN.author}


class Step(NamedTuple):
    """What the client does, and what the server writes because of it."""

    words: str
    sent: BaseModel
    heard: list[BaseModel]


def conversation() -> list[Step]:
    posted = MessagePosted(**BY_ANN, seq=3, at=COMING_MS + 4000, text=TEXT, html=HTML, key="k-1")
    reacted = ReactionAdded(**BY_ANN, seq=4, at=COMING_MS + 9000, message=3, emoji=EMOJI)
    return [
        Step("Ann connects for the first time.", Hello(version=VERSION), [_welcome(head=2, last_at=COMING_MS)]),
        Step(
            "She posts a message; everybody in the room hears of it, she too.",
            _command(Post(id=1, room=LOBBY, text=TEXT, key="k-1")),
            [posted, _applied(1, 3)],
        ),
        Step(
            "She reacts to it. A message is known by the `seq` of its post.",
            _command(React(id=2, room=LOBBY, message=3, emoji=EMOJI)),
            [reacted, _applied(2, 4)],
        ),
        Step(
            "She posts into a room that is not there.",
            _command(Post(id=3, room="tea", text="Hello?")),
            [Error(id=3, code="room_not_found", words="There is no such room.", retry=False)],
        ),
        Step(
            "The line breaks, and she comes back. Of the lobby she has everything up to 3, so she gets 4.",
            Hello(version=VERSION, epoch=EPOCH, cursors={LOBBY: 3}),
            [_welcome(head=4, last_at=posted.at), reacted],
        ),
    ]


def as_sent(frame: BaseModel) -> str:
    """A client's frame: `type`, and the fields that it wants to give."""
    return json.dumps({"type": frame.type, **frame.model_dump(exclude_unset=True)}, ensure_ascii=False)  # type: ignore[attr-defined]


def as_heard(frame: BaseModel) -> str:
    return json.dumps(frame.model_dump(exclude_none=True), ensure_ascii=False)


def _welcome(*, head: int, last_at: int) -> Welcome:
    lobby = RoomSummary(id=LOBBY, name="Lobby", archived=False, head=head, last_at=last_at, joined=True, read=2)
    return Welcome(server=__version__, epoch=EPOCH, me=ANN, rooms=[lobby])


def _applied(command: int, seq: int) -> Result:
    return Result(id=command, value=Applied(room=LOBBY, seq=seq))


def _command(command: AnyCommand) -> AnyCommand:
    """As the server will read it."""
    return COMMANDS.validate_json(as_sent(command))
