"""A guest who writes down everything that the checker wants to know, and forgets the rest."""

import itertools
import json
import time
from typing import Any, Self

from websockets.asyncio.client import ClientConnection

from hubbub.testing.evidence.history import History, Json, digest, seen
from hubbub.testing.people import Guest

_links = itertools.count(1)
ASKED = ("room", "key", "message", "emoji", "reply_to")


class Witness(Guest):
    """`history` is where it writes; several may share one. Without a history it is a plain guest that keeps nothing.
    What a guest calls a mistake is left to the checker."""

    history: History | None = None

    def __init__(self, url: str, token: str, me: Json) -> None:
        super().__init__(url, token, me)
        self.refusals: list[str] = []
        self.acknowledged = 0
        self._link = ""
        self._began = 0.0
        self._asked: dict[int, Json] = {}

    def another_tab(self) -> Self:
        tab = super().another_tab()
        tab.history, tab.epoch, tab.patience_s = self.history, self.epoch, self.patience_s
        return tab

    async def returns(self, cursors: dict[str, int] | None = None) -> None:
        """As a guest does; raises ConnectionError when the server closes instead of welcoming."""
        self._link = f"{self.me['id']}/{next(_links)}"
        self._asked = {}
        self._began = time.monotonic()
        self.close_code = None
        await super().returns(cursors)
        if not self.welcome:
            raise ConnectionError(f"closed with {self.close_code}")

    async def does(self, verb: str, **fields: Any) -> Json:
        number = next(self._ids)
        asked = {name: fields[name] for name in ASKED if name in fields}
        if "text" in fields:
            asked["text"] = digest(fields["text"])
        self._asked[number] = asked | {"verb": verb}
        self._note("send", n=number, verb=verb, **asked)
        return await self.sends(json.dumps({"type": verb, "id": number, **fields}), number)

    def ends(self, goal: dict[str, int]) -> None:
        """Notes where it has come to, when all is over."""
        self._note("end", cursors=self.cursors, goal=goal)

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            await super()._listen(socket)
        finally:
            self._note("close", code=self.close_code)

    def _take(self, frame: Json) -> None:
        kind = frame["type"]
        if kind == "welcome":
            rooms = {room["id"]: room["head"] for room in frame["rooms"]}
            sent = {"began": self._began, "asked": self.epoch, "cursors": self.cursors}
            self._note("open", who=self.me["id"], epoch=frame["epoch"], rooms=rooms, **sent)
        elif kind == "reset":
            self._note("reset", room=frame["room"], seq=frame["seq"])
        elif kind == "joined":
            self._note("joined", room=frame["room"]["id"], seq=frame["room"]["head"])
        elif kind == "left":
            self._note("left", room=frame["room"])
        elif kind in ("result", "error") and frame.get("id") in self._asked:
            self._take_answer(frame)
        super()._take(frame)
        self.signals.clear()

    def _take_answer(self, frame: Json) -> None:
        asked = self._asked.pop(frame["id"])
        if frame["type"] == "error":
            self.refusals.append(frame["code"])
            self._note("refused", n=frame["id"], code=frame["code"])
        elif asked["verb"] == "history":
            page = frame["value"]
            messages = [[message["seq"], digest(message["text"])] for message in page["messages"]]
            self._note("read", n=frame["id"], room=page["room"], head=page["head"], messages=messages)
        else:
            value = {name: frame["value"][name] for name in ("room", "seq") if name in frame["value"]}
            self.acknowledged += 1
            self._note("ack", n=frame["id"], **value)

    def _take_event(self, event: Json) -> None:
        room, seq = event["room"], event["seq"]
        self._note("recv", room=room, seq=seq, type=event["type"], **seen(event))
        self.cursors[room] = seq

    def _note(self, op: str, **fields: Any) -> None:
        if self.history:
            self.history.note(op, self._link, **fields)
