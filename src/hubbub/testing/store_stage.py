"""The stage for `StoreContract`: a store that runs, and a small room with Ann and Bob in it."""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from hubbub.core.models import Author
from hubbub.protocol import (
    Envelope,
    Event,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessageUnpinned,
    ReactionAdded,
    ReactionRemoved,
    RoomArchived,
    RoomCreated,
    RoomRenamed,
)
from hubbub.store import Committed, Reader, Store, Transaction

PATIENCE_S = 20.0
AT = 1_700_000_000_000
PLANS = "plans"
ANN = Author(id="guest-1", name="Ann")
BOB = Author(id="guest-2", name="Bob")

T = TypeVar("T")
E = TypeVar("E", bound=Event)


def draft(made: type[E], by: Author = ANN, room: str = PLANS, at: int = AT, **fields: Any) -> E:
    """An event that has no place in the log yet."""
    return made(room=room, seq=0, at=at, by=by, **fields)


def post(text: str, by: Author = ANN, **fields: Any) -> MessagePosted:
    return draft(MessagePosted, by, text=text, **fields)


class Opened:
    """A store that runs, and everything that it has announced."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.news: list[Committed | Envelope] = []
        store.on_commit = self.news.extend

    async def happens(self, *drafts: Event) -> list[int]:
        """Appends the events in one transaction, and returns each one's `seq`."""
        return await self.store.write(lambda tx: [tx.append(one).seq for one in drafts])

    async def reads(self, function: Callable[[Reader], T]) -> T:
        return await self.store.read(function)

    async def together(self, *functions: Callable[[Transaction], Any]) -> list[Any]:
        """Hands in all functions while the store is busy, so that it may commit them as one. Returns what each gave
        or raised."""
        gate = threading.Event()
        writes = [asyncio.create_task(self.store.write(lambda tx: gate.wait(PATIENCE_S)))]
        writes += [asyncio.create_task(self.store.write(function)) for function in functions]
        await asyncio.sleep(0)
        gate.set()
        return (await asyncio.gather(*writes, return_exceptions=True))[1:]

    def announced(self) -> list[int]:
        """The `seq` of each announced event of PLANS, in the order of announcement."""
        return [item.event.seq for item in self.news if isinstance(item, Committed) and item.event.room == PLANS]


class Stage(ABC):
    @abstractmethod
    async def open_store(self) -> Store:
        """A store that has not been started. The first call of a test gives an empty one; each further call, after
        the one before has been stopped, gives one on the same data."""

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Opened]:
        opened = Opened(await self.open_store())
        await opened.store.start()
        try:
            yield opened
        finally:
            await opened.store.stop()

    @asynccontextmanager
    async def with_plans(self) -> AsyncIterator[Opened]:
        """Ann and Bob in a room of their own, whose log ends at 3."""
        async with self.opened() as opened:
            await opened.store.write(found_plans)
            opened.news.clear()
            yield opened


def found_plans(tx: Transaction) -> None:
    for author in (ANN, BOB):
        tx.add_person("guest", author.id, author.name, AT)
    tx.append(draft(RoomCreated, name="Plans"))
    for author in (ANN, BOB):
        tx.append(draft(MemberJoined, author, person=author))


def a_conversation() -> list[Event]:
    """One event of each kind that changes what is seen, from seq 4 on."""
    return [
        post("four", html="<p><em>four</em></p>", key="k"),
        post("five", BOB, reply_to=4),
        post("six"),
        draft(MessageEdited, message=4, text="Four"),
        draft(ReactionAdded, BOB, message=4, emoji="👍"),
        draft(ReactionAdded, message=4, emoji="👍"),
        draft(ReactionRemoved, BOB, message=4, emoji="👍"),
        draft(MessagePinned, BOB, message=5),
        draft(MessagePinned, message=4),
        draft(MessageUnpinned, message=4),
        draft(MessageEdited, message=6, text="Six"),
        draft(MessageDeleted, message=6),
        draft(RoomRenamed, name="Better plans"),
        draft(MemberLeft, BOB, person=BOB),
        draft(RoomArchived),
    ]


def head_of(reader: Reader) -> int:
    return reader.heads([PLANS])[PLANS]
