"""The auditor makes the rooms, says the last word in each, and reads the final log: what the checker compares with."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx2

from hubbub.core.models import LOBBY, Message
from hubbub.testing.evidence import Broken, RoomLog
from hubbub.testing.mirror import Mirror
from hubbub.testing.people import Guest, Json

PAGE = 100


class Auditor(Guest):
    """A guest who is in every room from its beginning."""

    rooms: Sequence[str] = (LOBBY,)

    async def makes_rooms(self, count: int) -> list[str]:
        """Returns those that people may join and leave."""
        made = [(await self.does("create", name=f"Cell {number}"))["id"] for number in range(1, count + 1)]
        self.rooms = (LOBBY, *made)
        return made

    async def says_the_last_words(self) -> dict[str, int]:
        """Their place in every room: everybody has to come so far."""
        return {room: await self.says("this is the end", room) for room in self.rooms}

    async def reads_everything(self, goal: dict[str, int] | None = None) -> tuple[dict[str, RoomLog], list[Broken]]:
        """All logs from their beginning to `goal`, or as far as they go, compared with the history that the server
        tells."""
        self.events, self.epoch = {}, None
        await self.returns(dict.fromkeys(self.rooms, 0))
        goal = goal or {room["id"]: room["head"] for room in self.welcome["rooms"]}
        await self.waits_until(lambda: all(self.cursors[room] >= seq for room, seq in goal.items()))
        logs = {room: RoomLog(room, self.events[room]) for room in self.rooms}
        await self.drops()
        broken: list[Broken] = []
        for log in logs.values():
            broken += await self.compares_with_history(log)
        return logs, broken

    async def is_reset_everywhere(self) -> bool:
        """Comes back with its cursors to another log, of which nothing may follow what it knows."""
        self.signals.clear()
        old = self.epoch
        with suppress(AssertionError):
            await self.returns()
            await self.waits_until(lambda: self._resets() >= set(self.rooms))
        await self.drops()
        return self.epoch != old and self._resets() >= set(self.rooms)

    def _resets(self) -> set[str]:
        return {signal["room"] for signal in self.signals if signal["type"] == "reset"}

    async def compares_with_history(self, log: RoomLog) -> list[Broken]:
        """The messages as the server tells them must be what their events make of them."""
        mirror = Mirror(log.room)
        for event in log.events:
            if event.get("message", log.first) >= log.first:
                mirror.take(json.dumps(event))
        told = {m["seq"]: m for m in await self.history(log.room, log.first - 1) if m["seq"] <= log.head}
        expected = mirror.known()["messages"]
        found: dict[int, Json] = {}
        for seq, message in told.items():
            found[seq] = Message.model_validate(message).model_dump() | {"author": message["author"]["id"]}
        return [
            Broken("c", "G5", f"{log.room} {seq} is not in the history as its events make it", "")
            for seq in sorted(expected.keys() | found.keys())
            if expected.get(seq) != found.get(seq)
        ]

    async def history(self, room: str, after: int) -> list[Json]:
        """All messages after this one."""
        messages: list[Json] = []
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx2.AsyncClient(base_url=self.url, headers=headers) as http:
            more = True
            while more:
                query: dict[str, Any] = {"after": after, "limit": PAGE}
                answer = await http.get(f"/api/rooms/{room}/messages", params=query)
                page = answer.raise_for_status().json()
                messages += page["messages"]
                after = messages[-1]["seq"] if messages else after
                more = page["more_after"]
        return messages
