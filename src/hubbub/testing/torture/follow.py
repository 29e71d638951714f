"""`hubbub torture --url`: follows rooms of somebody's own server with several connections of one guest, most of which
drop and come back at random, and compares what they saw. Nothing is posted."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from hubbub.core.models import LOBBY
from hubbub.errors import HubbubError
from hubbub.testing.evidence import Broken, History, RoomLog, judge
from hubbub.testing.evidence.history import Json
from hubbub.testing.evidence.witness import Witness
from hubbub.testing.people import Guest, Refused
from hubbub.testing.torture.crowd import TROUBLE
from hubbub.testing.torture.run import Report, Tell

PAUSE_MAX_S = 3.0
BACKOFF_S = 0.5
LAST_PATIENCE_S = 20.0
LOOK_S = 0.05


@dataclass
class Visit:
    """What to follow, beside the lobby: `rooms` are joined at the beginning and left at the end."""

    url: str
    rooms: Sequence[str]
    seconds: float
    seed: int
    clients: int = 8


async def follow(visit: Visit, folder: Path, tell: Tell) -> Report:
    """Raises HubbubError when there is no chat that lets us in, or no such room."""
    steady = await _arrive(visit)
    rooms = [LOBBY, *visit.rooms]
    with History(folder / "followers.jsonl") as history:
        tabs = [_Tab(steady, history, random.Random(f"{visit.seed} {n}")) for n in range(max(1, visit.clients - 1))]
        staying = asyncio.create_task(_stay(steady))
        try:
            end = time.monotonic() + visit.seconds
            going = [asyncio.create_task(tab.comes_and_goes(end, rooms)) for tab in tabs]
            while (left := end - time.monotonic()) > 0:
                tell(1 - left / visit.seconds, Counter({"connections dropped": sum(tab.dropped for tab in tabs)}))
                await asyncio.sleep(min(1.0, left))
            await asyncio.gather(*going)
            await _come_to_the_end(steady, tabs, rooms)
            for room in visit.rooms:
                await steady.does("leave", room=room)
        finally:
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)
            for guest in (steady, *(tab.witness for tab in tabs)):
                await guest.drops()
    logs = {room: _log(room, steady.events.get(room, []), steady.cursors[room]) for room in rooms}
    verdict = judge(logs, [history.path])
    verdict.broken[:0] = [Broken("b", "G6", mistake, "") for mistake in steady.mistakes]
    return Report(verdict, Counter({"connections dropped": sum(tab.dropped for tab in tabs)}))


async def _arrive(visit: Visit) -> Guest:
    """The follower that stays connected: what it hears is the log."""
    try:
        steady = await Guest.registers(visit.url, "Follower")
        await steady.returns()
        for room in visit.rooms:
            await steady.does("join", room=room)
            await steady.waits_until(lambda room=room: room in steady.cursors)  # type: ignore[misc]
    except Refused as refused:
        raise HubbubError(refused.problem["words"]) from None
    except (*TROUBLE, httpx2.HTTPError, httpx2.InvalidURL, AssertionError, ValueError, KeyError) as error:
        raise HubbubError(f"No chat lets us in at {visit.url}: {error}. Is it running? Check --url.") from None
    return steady


async def _stay(steady: Guest) -> None:
    """Comes back whenever the connection is lost."""
    while True:
        await asyncio.sleep(LOOK_S)
        if steady.close_code is not None:
            with suppress(*TROUBLE, AssertionError):
                await steady.drops()
                await steady.returns()
            await asyncio.sleep(BACKOFF_S)


class _Tab:
    def __init__(self, steady: Guest, history: History, chance: random.Random) -> None:
        self.witness = Witness(steady.url, steady.token, steady.me)
        self.witness.history = history
        self.witness.cursors = dict(steady.cursors)
        self.dropped = 0
        self._chance = chance

    async def comes_and_goes(self, end: float, rooms: Sequence[str]) -> None:
        """Drops and comes back with its cursors, and reads the history now and then."""
        while True:
            await self.comes_back()
            left = end - time.monotonic()
            if left <= 0:
                return
            with suppress(*TROUBLE, Refused):
                await self.witness.does("history", room=self._chance.choice(rooms))
            await asyncio.sleep(min(left, self._chance.uniform(0, PAUSE_MAX_S)))
            if self._chance.random() < 0.5:
                await self.witness.drops()
                self.dropped += 1
                await asyncio.sleep(self._chance.uniform(0, BACKOFF_S))

    async def comes_back(self) -> None:
        """Is connected when this returns."""
        while self.witness._socket is None or self.witness.close_code is not None:
            await self.witness.drops()
            try:
                await self.witness.returns()
            except (*TROUBLE, AssertionError):
                await asyncio.sleep(BACKOFF_S)


async def _come_to_the_end(steady: Guest, tabs: Sequence[_Tab], rooms: Sequence[str]) -> None:
    """Everybody has to come as far as the log was when the time was over; then the steady one, whose log is compared
    with, as far as anybody."""
    deadline = time.monotonic() + LAST_PATIENCE_S
    goal = await _heads(steady, rooms, deadline)
    while time.monotonic() < deadline and not all(_has_come_to(goal, tab.witness) for tab in tabs):
        for tab in tabs:
            await tab.comes_back()
        await asyncio.sleep(LOOK_S)
    for tab in tabs:
        tab.witness.ends(goal)
        await tab.witness.drops()
    goal = await _heads(steady, rooms, deadline)
    while time.monotonic() < deadline and not _has_come_to(goal, steady):
        await asyncio.sleep(LOOK_S)


async def _heads(steady: Guest, rooms: Sequence[str], deadline: float) -> dict[str, int]:
    heads: dict[str, int] = {}
    while len(heads) < len(rooms) and time.monotonic() < deadline:
        with suppress(*TROUBLE, Refused):
            for room in rooms:
                heads[room] = (await steady.does("history", room=room, limit=1))["head"]
    return heads


def _has_come_to(goal: dict[str, int], guest: Guest) -> bool:
    return all(guest.cursors.get(room, 0) >= seq for room, seq in goal.items())


def _log(room: str, events: list[Json], head: int) -> RoomLog:
    """What the steady follower heard without a gap until the end, which is `head`."""
    start = len(events)
    while start and (start == len(events) or events[start - 1]["seq"] + 1 == events[start]["seq"]):
        start -= 1
    return RoomLog(room, events[start:], head - (len(events) - start))
