"""People who do everything that a chat allows, as fast as they get answers, and never lose heart."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from websockets.exceptions import WebSocketException

from hubbub.core.models import LOBBY
from hubbub.testing.evidence.history import History
from hubbub.testing.evidence.witness import Witness
from hubbub.testing.people import PATIENCE_S, Refused

CONNECT_PART = 0.75
"""Of its patience somebody waits for a welcome, and tries again; at the end of it they would complain."""
PAUSE_MAX_S = 0.25
GOAL_TRIES = 3
RETRY_MAX_S = 0.5
EMOJIS = ("👍", "🌊", "🎉")
TROUBLE = (OSError, TimeoutError, WebSocketException)
"""What happens to a connection when somebody tortures the server. Whatever else is raised is a mistake of ours."""


class Post:
    """A message that is not acknowledged yet."""

    def __init__(self, room: str, key: str, text: str) -> None:
        self.room, self.key, self.text = room, key, text


class Person:
    """One of the crowd. `pending` are the posts that it will repeat, with their keys, until they are answered."""

    def __init__(self, witness: Witness, rooms: Sequence[str], chance: random.Random) -> None:
        self.witness = witness
        self.pending: list[Post] = []
        self._rooms = rooms
        self._inside = {LOBBY}
        self._mine: list[tuple[str, int]] = []
        self._chance = chance
        self._count = 0
        self._connected = False

    async def lives(self, stop: asyncio.Event) -> None:
        """Acts until told to stop. No trouble with the connection ends it."""
        acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._says, 60), (self._says_three_at_once, 4), (self._says_twice_at_once, 3), (self._edits, 7),
            (self._deletes, 4), (self._reacts, 9), (self._pins, 3), (self._moves, 5), (self._wavers, 2),
            (self._reads, 7), (self._types, 2), (self._renames, 1), (self._drops, 3),
        ]  # fmt: skip
        verbs, weights = [act for act, _ in acts], [weight for _, weight in acts]
        while not stop.is_set():
            await self._tries(self._chance.choices(verbs, weights)[0])
            await asyncio.sleep(self._chance.uniform(0, PAUSE_MAX_S))

    async def settles(self) -> None:
        """Repeats what is pending until it is answered, and ends up connected."""
        while self.pending or self._is_cut_off():
            await self._tries(self._looks_where_it_is)

    async def comes_to(self, goal: dict[str, int]) -> None:
        """Waits until it has been shown everything, coming back when it is cut off; in vain if need be."""
        for _ in range(GOAL_TRIES):
            await self._tries(self._looks_where_it_is)
            with suppress(AssertionError):
                await self.witness.waits_until(lambda: self._is_cut_off() or self._has_come_to(goal))
            if not self._is_cut_off():
                break
        self.witness.ends(goal)
        await self.witness.drops()

    # Holding on ----------------------------------------------------------------------------------------------

    async def _tries(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            if self._is_cut_off():
                await self._comes_back()
            for post in list(self.pending):
                await self._posts(self.witness, post)
            await act()
        except Refused as refused:
            await asyncio.sleep(min(RETRY_MAX_S, refused.problem.get("retry_after_s") or 0.0))
        except TROUBLE:
            await self._drops()
            await asyncio.sleep(self._chance.uniform(0, RETRY_MAX_S))

    async def _comes_back(self) -> None:
        await self._drops()
        async with asyncio.timeout(self.witness.patience_s * CONNECT_PART):
            await self.witness.returns()
        self._connected = True
        self._inside = {room["id"] for room in self.witness.welcome["rooms"]}

    def _is_cut_off(self) -> bool:
        return not self._connected or self.witness.close_code is not None

    def _has_come_to(self, goal: dict[str, int]) -> bool:
        return all(self.witness.cursors.get(room, 0) >= seq for room, seq in goal.items() if room in self._inside)

    async def _drops(self) -> None:
        self._connected = False
        await self.witness.drops()

    async def _posts(self, witness: Witness, post: Post) -> None:
        """A post stays pending unless it was acknowledged, or refused for good."""
        try:
            seq = await witness.says(post.text, post.room, key=post.key)
        except Refused as refused:
            if refused.problem["retry"]:
                raise
        else:
            self._mine.append((post.room, seq))
        with suppress(ValueError):
            self.pending.remove(post)

    # Acting --------------------------------------------------------------------------------------------------

    async def _looks_where_it_is(self) -> None:
        rooms = (await self.witness.does("rooms"))["rooms"]
        self._inside = {room["id"] for room in rooms if room["joined"]}

    async def _says(self) -> None:
        await self._posts(self.witness, self._new_post())

    async def _says_three_at_once(self) -> None:
        posts = [self._new_post() for _ in range(3)]
        await _all(*(self._posts(self.witness, post) for post in posts))

    async def _says_twice_at_once(self) -> None:
        """The same message on two connections."""
        post, tab = self._new_post(), self.witness.another_tab()
        try:
            async with asyncio.timeout(self.witness.patience_s * CONNECT_PART):
                await tab.returns()
            await _all(self._posts(self.witness, post), self._posts(tab, post))
        finally:
            await tab.drops()

    async def _edits(self) -> None:
        if self._mine:
            room, seq = self._chance.choice(self._mine[-20:])
            await self.witness.does("edit", room=room, message=seq, text=self._text())

    async def _deletes(self) -> None:
        if self._mine:
            room, seq = self._mine.pop(self._chance.randrange(max(0, len(self._mine) - 20), len(self._mine)))
            await self.witness.does("delete", room=room, message=seq)

    async def _reacts(self) -> None:
        room = self._somewhere()
        verb = self._chance.choice(["react", "react", "unreact"])
        await self.witness.does(verb, room=room, message=self._recent(room), emoji=self._chance.choice(EMOJIS))

    async def _pins(self) -> None:
        room = self._somewhere()
        await self.witness.does(self._chance.choice(["pin", "unpin"]), room=room, message=self._recent(room))

    async def _moves(self) -> None:
        """Joins a room, or leaves one."""
        room = self._chance.choice(self._rooms)
        if room in self._inside:
            await self.witness.does("leave", room=room)
            self._inside.discard(room)
        else:
            await self.witness.does("join", room=room)
            self._inside.add(room)

    async def _wavers(self) -> None:
        """Joins and leaves the same room on two connections, while a third one comes."""
        room, tab, other = self._chance.choice(self._rooms), self.witness.another_tab(), self.witness.another_tab()
        try:
            async with asyncio.timeout(self.witness.patience_s * CONNECT_PART):
                await tab.returns()
                await _all(
                    self.witness.does("leave", room=room),
                    tab.does("join", room=room),
                    other.returns(dict(self.witness.cursors)),
                    self.witness.does("leave", room=room),
                )
            self._inside.discard(room)
        finally:
            await tab.drops()
            await other.drops()

    async def _reads(self) -> None:
        room = self._somewhere()
        where = self._chance.choice([{}, {"around": self._recent(room)}, {"after": max(0, self._recent(room) - 30)}])
        await self.witness.does("history", room=room, limit=self._chance.choice([1, 20, 100]), **where)

    async def _types(self) -> None:
        await self.witness.does("typing", room=self._somewhere())

    async def _renames(self) -> None:
        self._count += 1
        await self.witness.does("name", name=f"{self.witness.me['id']} {self._count}")

    # Choosing ------------------------------------------------------------------------------------------------

    def _somewhere(self) -> str:
        return self._chance.choice(sorted(self._inside))

    def _recent(self, room: str) -> int:
        return max(1, self.witness.cursors.get(room, 1) - self._chance.randrange(30))

    def _text(self) -> str:
        self._count += 1
        size = self._chance.choice([5, 5, 5, 5, 5, 5, 50, 1500])
        return f"**{self._count}** of {self.witness.me['id']}" + " la" * size

    def _new_post(self) -> Post:
        text = self._text()
        self.pending.append(Post(self._somewhere(), f"k{self._count}", text))
        return self.pending[-1]


class Crowd:
    """`count` people who write one history."""

    def __init__(
        self, url: str, rooms: Sequence[str], seed: str, history: Path, patience_s: float = PATIENCE_S
    ) -> None:
        self.people: list[Person] = []
        self.history = History(history)
        self._url, self._rooms, self._seed, self._patience_s = url, rooms, seed, patience_s
        self._stop = asyncio.Event()
        self._living: list[asyncio.Task[None]] = []

    async def comes(self, count: int) -> None:
        for number in range(count):
            witness = await Witness.registers(self._url, f"Person {self._seed} {number}")
            witness.history, witness.patience_s = self.history, self._patience_s
            self.people.append(Person(witness, self._rooms, random.Random(f"{self._seed} {number}")))

    def lives(self) -> None:
        self._living = [asyncio.create_task(person.lives(self._stop)) for person in self.people]

    def mistake(self) -> BaseException | None:
        """What ended somebody who should have gone on."""
        ended = (task for task in self._living if task.done() and not self._stop.is_set())
        return next((task.exception() for task in ended), None)

    async def settles(self) -> None:
        """Nobody acts any more; everything pending is answered."""
        self._stop.set()
        await asyncio.gather(*self._living)
        await asyncio.gather(*(person.settles() for person in self.people))

    async def comes_to(self, goal: dict[str, int]) -> None:
        await asyncio.gather(*(person.comes_to(goal) for person in self.people))

    async def goes(self) -> None:
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        for person in self.people:
            await person.witness.drops()
        self.history.close()


async def _all(*acts: Awaitable[object]) -> None:
    """Waits for all of them, also when one fails; then raises what the first failing one raised."""
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
