"""Erases what is not to be kept: messages past a room's time, and what is left of people who deleted their account.

In steps of bounded size, between which others write; what a restart interrupts goes on after it.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from hubbub.core.models import DELETED_NAME, SERVER, Author
from hubbub.errors import Unavailable
from hubbub.protocol import Envelope, MessageDeleted, MessagesErased
from hubbub.service.context import Context
from hubbub.service.my_data import ROOMS_PAGE, spans
from hubbub.store import Reader, Transaction

EVERY_S = 3600.0
STEP = 100
"""Messages erased in one transaction."""
PAUSE_S = 0.01
"""For the others, between two of them."""
DAY_MS = 86_400_000

log = logging.getLogger(__name__)


class Caretaker:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self) -> None:
        """Every hour, and when `context.erasing` is set, until cancelled."""
        erasing = self._context.erasing
        while True:
            erasing.clear()
            try:
                await self.forget_people()
                await self.forget_old_messages()
            except Unavailable as problem:
                log.warning("what is to be erased waits: %s", problem.words)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await erasing.wait()

    # What rooms do not keep ------------------------------------------------------------------------------------

    async def forget_old_messages(self) -> None:
        """Erases in each room what is older than it keeps."""
        after = ""
        while rooms := await self._context.store.read(partial(_rooms_after, after)):
            for room in rooms:
                while await self._context.store.read(partial(self._past, room)):
                    await self._context.store.write(partial(self._erase_oldest, room))
                    await asyncio.sleep(PAUSE_S)
            after = rooms[-1]

    def _past(self, room: str, reader: Reader) -> int:
        """Up to which `seq` the room keeps nothing, as far as one step goes; 0: it keeps what it has."""
        found = reader.room(room)
        days = found and (found.retention_days or self._context.place().retention_days)
        return reader.past(room, self._context.now() - days * DAY_MS, STEP) if days else 0

    def _erase_oldest(self, room: str, tx: Transaction) -> None:
        if up_to := self._past(room, tx):
            tx.append(MessagesErased(room=room, seq=0, at=self._context.now(), by=SERVER, up_to=up_to))

    # Who wants to be forgotten ---------------------------------------------------------------------------------

    async def forget_people(self) -> None:
        for erasure in await self._context.store.read(lambda reader: reader.erasures()):
            async for room, after, up_to in spans(self._context, erasure.room, erasure.seq):
                if erasure.messages == "erase":
                    while await self._context.store.write(
                        partial(self._erase_some, erasure.person, room, after, up_to)
                    ):
                        await asyncio.sleep(PAUSE_S)
                if await self._context.store.read(partial(_is_named, erasure.person, room, after, up_to)):
                    await self._context.store.write(partial(_rename, erasure.person, room, after, up_to))
            await self._context.store.write(partial(_end, erasure.person))

    def _erase_some(self, person: str, room: str, after: int, up_to: int, tx: Transaction) -> bool:
        """False: nothing was left."""
        who = Author(id=person, name=DELETED_NAME)
        some = tx.messages_by(person, room, after, up_to)[:STEP]
        for message in some:
            tx.append(MessageDeleted(room=room, seq=0, at=self._context.now(), by=who, message=message.seq))
        return bool(some)


def _is_named(person: str, room: str, after: int, up_to: int, reader: Reader) -> bool:
    return reader.is_named(person, room, after, up_to)


def _rename(person: str, room: str, after: int, up_to: int, tx: Transaction) -> None:
    """Takes the old name out of a stretch of a room's log."""
    tx.rewrite_names(person, DELETED_NAME, room, after, up_to)
    tx.announce(Envelope(room=room, erases=True, frame=""))
    tx.go_on_erasing(person, room, up_to)


def _rooms_after(room: str, reader: Reader) -> list[str]:
    return reader.room_ids(room, ROOMS_PAGE)


def _end(person: str, tx: Transaction) -> None:
    tx.end_erasure(person)
