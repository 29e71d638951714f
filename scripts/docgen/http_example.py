"""The example in docs/http.md. Bodies and answers are made of the interface's own types; tests/test_docs.py types the
commands into a shell and compares what a real server answers."""

import json
from typing import NamedTuple

from pydantic import BaseModel

from hubbub.core.models import LOBBY, History, Message, RoomSummary
from hubbub.protocol import Applied, RoomPage
from hubbub.web.api.messages import NewMessage
from hubbub.web.api.people import Guest, NewGuest

from .example import ANN, COMING_MS, HTML, TEXT

POSTED_MS = COMING_MS + 4000
SIGNED_IN = 'curl -H "Authorization: Bearer $TOKEN"'


class Request(NamedTuple):
    words: str
    command: str
    """For a shell that knows HUBBUB_URL and, after the first request, TOKEN."""
    answer: BaseModel


def requests() -> list[Request]:
    lobby = RoomSummary(id=LOBBY, name="Lobby", archived=False, head=2, last_at=COMING_MS, joined=True, read=2)
    message = Message(room=LOBBY, seq=3, at=POSTED_MS, author=ANN.author, text=TEXT, html=HTML)
    history = History(room=LOBBY, head=3, messages=[message], quotes=[], more_before=False, more_after=False)
    messages = f'"$HUBBUB_URL/api/rooms/{LOBBY}/messages'
    post = f"{SIGNED_IN} --json '{_body(NewMessage(text=TEXT, key='k-1'))}' {messages}\""
    return [
        Request(
            "Ann arrives. She keeps the token: `TOKEN=…`.",
            f"curl --json '{_body(NewGuest(name=ANN.name))}' \"$HUBBUB_URL/api/guests\"",
            Guest(person=ANN, token="…"),
        ),
        Request(
            "Which rooms are there? The log of the lobby ends at 2.",
            f'{SIGNED_IN} "$HUBBUB_URL/api/rooms"',
            RoomPage(rooms=[lobby]),
        ),
        Request("She posts a message, with a key of her choice.", post, Applied(room=LOBBY, seq=3)),
        Request(
            "If the answer is lost she cannot know whether the message is there. So she sends the same again: because "
            "of the key it is still one message.",
            post,
            Applied(room=LOBBY, seq=3),
        ),
        Request("What has been said since 2?", f'{SIGNED_IN} {messages}?after=2"', history),
    ]


def _body(record: BaseModel) -> str:
    return json.dumps(record.model_dump(exclude_unset=True), ensure_ascii=False)
