"""What every Store promises (see `hubbub.store`), as tests. Also for a store of your own:

    class TestMyStore(StoreContract):
        async def open_store(self) -> Store:
            return MyStore(...)

Needs pytest and pytest-asyncio. If `pytest.register_assert_rewrite` has been called with the names of this module and
of `hubbub.testing.store_reading`, `store_rooms`, `store_search`, `store_files` and `store_order` beside it, before the
import, a failure shows the values.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hubbub.core.models import LOBBY
from hubbub.errors import Conflict, Unavailable
from hubbub.protocol import EVENTS, Envelope, Event, MessageDeleted, RoomCreated
from hubbub.store import Committed, Reader, StoredFrame, Transaction
from hubbub.testing.mirror import Mirror
from hubbub.testing.store_accounts import AccountsContract
from hubbub.testing.store_files import FilesContract
from hubbub.testing.store_order import OrderContract
from hubbub.testing.store_reading import ReadingContract
from hubbub.testing.store_rooms import RoomsContract
from hubbub.testing.store_search import SearchContract
from hubbub.testing.store_stage import (
    ANN,
    AT,
    BOB,
    PATIENCE_S,
    PLANS,
    Opened,
    a_conversation,
    draft,
    head_of,
    post,
)


class StoreContract(AccountsContract, ReadingContract, RoomsContract, SearchContract, FilesContract, OrderContract):
    """Opening and closing, and what happens to writes. What a reader sees is in `ReadingContract`."""

    # Opening and closing -------------------------------------------------------------------------------------

    async def test_a_new_store_has_the_lobby_and_nothing_else(self) -> None:
        async with self.opened() as opened:
            [lobby] = await opened.reads(lambda r: r.directory(ANN.id, after=None, limit=10))
            assert (lobby.id, lobby.head, lobby.role, lobby.joined) == (LOBBY, 1, "guest", False)
            assert await opened.reads(lambda r: r.heads([LOBBY, "nowhere"])) == {LOBBY: 1}
            assert await opened.reads(lambda r: r.members(LOBBY, after=None, limit=10)) == []

    async def test_after_opening_it_again_everything_is_as_it_was(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*a_conversation())
            before = await opened.reads(everything)
        async with self.opened() as again:
            assert await again.reads(everything) == before
            assert again.news == []
            assert await again.happens(post("on and on")) == [before["heads"][PLANS] + 1]

    async def test_stopping_finishes_what_was_handed_in_and_then_refuses(self) -> None:
        async with self.with_plans() as opened:
            writes = [asyncio.create_task(opened.happens(post(f"m{n}"))) for n in range(50)]
            await asyncio.sleep(0)
            await opened.store.stop()
            assert [await write for write in writes] == [[seq] for seq in range(4, 54)]
            assert opened.announced() == list(range(4, 54))
            with pytest.raises(Unavailable):
                await opened.happens(post("too late"))
            with pytest.raises(Unavailable):
                await opened.reads(lambda r: r.epoch())
        async with self.opened() as again:
            assert await again.reads(lambda r: r.heads([PLANS])) == {PLANS: 53}

    async def test_reading_nothing_gives_none_and_not_an_error(self) -> None:
        async with self.with_plans() as opened:

            def look(reader: Reader) -> list[object]:
                return [
                    reader.room("nowhere"),
                    reader.room_named("Nowhere"),
                    reader.person("guest-9"),
                    reader.session("0" * 64),
                    reader.membership(PLANS, "guest-9"),
                    reader.standing("nowhere", ANN.id),
                    reader.summary("nowhere", ANN.id),
                    reader.message(PLANS, 1),
                    reader.posted_with(PLANS, ANN.id, "key"),
                ]

            assert await opened.reads(look) == [None] * 9
            assert await opened.reads(lambda r: r.heads([])) == {}
            assert await opened.reads(lambda r: r.rooms_of("guest-9")) == []

    # Writing -------------------------------------------------------------------------------------------------

    async def test_two_hundred_writers_at_once_get_every_seq_once(self) -> None:
        async with self.with_plans() as opened:
            seqs = await asyncio.gather(*(opened.happens(post(f"m{n}")) for n in range(200)))
            assert sorted(seq for [seq] in seqs) == list(range(4, 204))
            assert opened.announced() == list(range(4, 204))
            frames = await opened.reads(lambda r: r.frames_after(PLANS, 0, 1000))
            assert [frame.seq for frame in frames] == list(range(1, 204))

    async def test_each_function_sees_what_those_before_it_did_and_its_own_writes(self) -> None:
        async with self.with_plans() as opened:

            def write(tx: Transaction) -> tuple[int, int]:
                before = head_of(tx)
                seq = tx.append(post("mine")).seq
                message = tx.message(PLANS, seq)
                assert message is not None
                assert (message.text, head_of(tx)) == ("mine", seq)
                return before, seq

            assert await opened.together(*[write] * 20) == [(seq - 1, seq) for seq in range(4, 24)]

    async def test_one_that_raises_leaves_no_trace_and_the_others_commit(self) -> None:
        async with self.with_plans() as opened:
            mistake = RuntimeError("the function's own affair")

            def fail(tx: Transaction) -> None:
                tx.append(post("never"))
                tx.append(draft(RoomCreated, room="never", name="Never"))
                tx.add_person("guest", "guest-9", "Never", AT)
                tx.announce(Envelope(room=PLANS, frame="never"))
                raise mistake

            def clash(tx: Transaction) -> None:
                tx.append(post("never"))
                tx.add_person("guest", ANN.id, "Another Ann", AT)

            def repeat(tx: Transaction) -> None:
                tx.append(post("never"))
                for _ in range(2):
                    tx.add_session("a" * 64, ANN.id, AT)

            outcomes = await opened.together(one(post("a")), fail, one(post("b")), clash, repeat, one(post("c")))
            assert (outcomes[0], outcomes[2], outcomes[5]) == (4, 5, 6)
            assert outcomes[1] is mistake
            assert isinstance(outcomes[3], Conflict)
            assert isinstance(outcomes[4], Exception)
            assert opened.announced() == [4, 5, 6]
            assert not any(isinstance(item, Envelope) for item in opened.news)
            assert await texts_of(opened) == ["a", "b", "c"]
            assert (
                await opened.reads(lambda r: (r.room("never"), r.person("guest-9"), r.session("a" * 64))) == (None,) * 3
            )

    async def test_a_touch_is_a_write_of_which_nobody_hears(self) -> None:
        async with self.with_plans() as opened:
            before = opened.store.load().batch_sizes
            commits, writes = sum(before.counts), before.sum
            for _ in range(2):
                await opened.store.write(lambda tx: tx.touch())
            load = opened.store.load()
            assert (sum(load.batch_sizes.counts) - commits, load.batch_sizes.sum - writes, load.writes_waiting) == (
                2,
                2,
                0,
            )
            assert opened.news == []

    async def test_what_a_reading_function_raises_reaches_its_caller(self) -> None:
        async with self.opened() as opened:
            with pytest.raises(ZeroDivisionError):
                await opened.reads(lambda r: 1 // 0)
            assert await opened.reads(lambda r: r.epoch())

    async def test_news_come_in_order_after_the_commit_before_the_results_in_the_thread_of_the_loop(self) -> None:
        async with self.with_plans() as opened:
            told: list[int] = []
            threads: set[int] = set()
            looks: list[asyncio.Task[tuple[int, int]]] = []

            async def look(at_least: int) -> tuple[int, int]:
                return at_least, await opened.reads(head_of)

            def listen(news: Any) -> None:
                threads.add(threading.get_ident())
                told.extend(item.event.seq for item in news)
                looks.append(asyncio.create_task(look(told[-1])))

            async def write() -> None:
                [seq] = await opened.happens(post("m"))
                assert seq in told

            opened.store.on_commit = listen
            await asyncio.gather(*(write() for _ in range(50)))
            assert told == list(range(4, 54))
            assert threads == {threading.get_ident()}
            assert all(head >= at_least for at_least, head in await asyncio.gather(*looks))

    async def test_announcements_stand_between_the_events_where_they_were_made(self) -> None:
        async with self.with_plans() as opened:

            def write(tx: Transaction) -> None:
                tx.append(post("first"))
                tx.announce(Envelope(room=PLANS, frame="between"))
                tx.append(post("second"))

            await opened.store.write(write)
            await opened.store.write(lambda tx: tx.announce(Envelope(person=ANN.id, frame="alone")))
            kinds = [item.frame if isinstance(item, Envelope) else item.event.seq for item in opened.news]
            assert kinds == [4, "between", 5, "alone"]

    async def test_a_caller_who_goes_away_cannot_part_the_log_from_its_announcements(self) -> None:
        async with self.with_plans() as opened:
            writes = [asyncio.create_task(opened.happens(post(f"m{n}"))) for n in range(30)]
            await asyncio.sleep(0)
            for write in writes[::2]:
                write.cancel()
            await asyncio.gather(*writes, return_exceptions=True)
            [last] = await opened.happens(post("last"))
            assert opened.announced() == list(range(4, last + 1))
            stayed = {(await write)[0] for write in writes[1::2]}
            assert len(stayed) == 15

    async def test_the_frame_that_is_announced_is_the_frame_that_is_stored(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*a_conversation())
            told = [item for item in opened.news if isinstance(item, Committed)]
            erased = {item.event.message for item in told if isinstance(item.event, MessageDeleted)}
            stored = await opened.reads(lambda r: r.frames_after(PLANS, 3, 100))
            for committed, frame in zip(told, stored, strict=True):
                assert EVENTS.validate_json(committed.frame) == committed.event
                holds_erased_text = committed.event.seq in erased or getattr(committed.event, "message", None) in erased
                if not holds_erased_text:
                    assert frame == StoredFrame(committed.event.seq, committed.frame)

    async def test_a_snapshot_does_not_change_while_it_is_read(self) -> None:
        async with self.with_plans() as opened:
            looking, written = threading.Event(), threading.Event()

            def look(reader: Reader) -> tuple[int, int, int]:
                before = head_of(reader)
                looking.set()
                assert written.wait(PATIENCE_S)
                return before, head_of(reader), len(reader.history(PLANS).messages)

            reading = asyncio.create_task(opened.reads(look))
            assert await asyncio.to_thread(looking.wait, PATIENCE_S)
            await opened.happens(post("meanwhile"))
            written.set()
            assert await reading == (3, 3, 0)
            assert await opened.reads(head_of) == 4

    async def test_the_current_state_is_what_the_events_make(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*a_conversation())
            folded = Mirror(PLANS)
            for _, frame in await opened.reads(lambda r: r.frames_after(PLANS, 0, 100)):
                folded.take(frame)
            fetched = await opened.reads(lambda r: Mirror.fetched(r, PLANS))
            assert folded.known() == fetched.known()
            assert fetched.archived


def one(event: Event) -> Callable[[Transaction], int]:
    return lambda tx: tx.append(event).seq


async def texts_of(opened: Opened) -> list[str]:
    return [message.text for message in (await opened.reads(lambda r: r.history(PLANS))).messages]


def everything(reader: Reader) -> dict[str, Any]:
    """All that a reader can tell of the two rooms."""
    people = (ANN.id, BOB.id)
    rooms = (LOBBY, PLANS)
    return {
        "epoch": reader.epoch(),
        "heads": reader.heads(rooms),
        "people": [reader.person(person) for person in people],
        "rooms": [reader.room(room) for room in rooms],
        "summaries": [[reader.summary(room, person) for room in rooms] for person in people],
        "directories": [reader.directory(person, after=None, limit=100) for person in people],
        "members": [reader.members(room, after=None, limit=100) for room in rooms],
        "history": [reader.history(room) for room in rooms],
        "pins": [reader.pins(room) for room in rooms],
        "frames": [reader.frames_after(room, 0, 1000) for room in rooms],
    }
