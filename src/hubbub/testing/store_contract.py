"""What every Store promises (see `hubbub.store`), as tests. Also for a store of your own:

    class TestMyStore(StoreContract):
        async def open_store(self) -> Store:
            return MyStore(...)

Needs pytest and pytest-asyncio. Call `pytest.register_assert_rewrite("hubbub.testing.store_contract")` before the
import, and a failure shows the values.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from hubbub.core.models import LOBBY, Author, History, Member, RoomSummary
from hubbub.errors import Conflict, Unavailable
from hubbub.protocol import (
    EVENTS,
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
from hubbub.store import UNREAD_CAP, Committed, Reader, Store, StoredFrame, Transaction
from hubbub.testing.mirror import Mirror

PATIENCE_S = 20.0
AT = 1_700_000_000_000
PLANS = "plans"
ANN = Author(id="guest-1", name="Ann")
BOB = Author(id="guest-2", name="Bob")

T = TypeVar("T")
E = TypeVar("E", bound=Event)


def draft(kind: type[E], by: Author = ANN, room: str = PLANS, at: int = AT, **fields: Any) -> E:
    """An event that has no place in the log yet."""
    return kind(room=room, seq=0, at=at, by=by, **fields)


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


class StoreContract(ABC):
    pytestmark = pytest.mark.asyncio

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

    # Opening and closing -------------------------------------------------------------------------------------

    async def test_a_new_store_has_the_lobby_and_nothing_else(self) -> None:
        async with self.opened() as opened:
            [lobby] = await opened.reads(lambda r: r.directory(ANN.id, after=None, limit=10))
            assert (lobby.id, lobby.head, lobby.created_by, lobby.joined) == (LOBBY, 1, None, False)
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
                    reader.summary("nowhere", ANN.id),
                    reader.message(PLANS, 1),
                    reader.posted_with(PLANS, ANN.id, "key"),
                ]

            assert await opened.reads(look) == [None] * 8
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

            outcomes = await opened.together(one(post("a")), fail, one(post("b")), clash, one(post("c")))
            assert (outcomes[0], outcomes[2], outcomes[4]) == (4, 5, 6)
            assert outcomes[1] is mistake
            assert isinstance(outcomes[3], Conflict)
            assert opened.announced() == [4, 5, 6]
            assert not any(isinstance(item, Envelope) for item in opened.news)
            assert await texts_of(opened) == ["a", "b", "c"]
            assert await opened.reads(lambda r: (r.room("never"), r.person("guest-9"))) == (None, None)

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

    # People --------------------------------------------------------------------------------------------------

    async def test_a_person_is_found_by_id_and_by_session(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_session("a" * 64, ANN.id, AT))
            person = await opened.reads(lambda r: r.person(ANN.id))
            assert person is not None
            assert (person.id, person.name, person.kind, person.created_at) == (ANN.id, "Ann", "guest", AT)
            assert await opened.reads(lambda r: r.session("a" * 64)) == person
            assert await opened.reads(lambda r: r.session("b" * 64)) is None

    async def test_an_id_is_given_once(self) -> None:
        async with self.with_plans() as opened:
            with pytest.raises(Conflict):
                await opened.store.write(lambda tx: tx.add_person("guest", ANN.id, "Another", AT))
            assert (await opened.reads(lambda r: r.person(ANN.id))).name == "Ann"  # type: ignore[union-attr]

    async def test_another_name_is_seen_on_old_messages_quotes_and_members(self) -> None:
        async with self.with_plans() as opened:
            [first] = await opened.happens(post("first"))
            await opened.happens(post("reply", BOB, reply_to=first))
            await opened.store.write(lambda tx: tx.rename_person(ANN.id, "Anna"))
            history = await opened.reads(lambda r: r.history(PLANS))
            assert [message.author.name for message in history.messages] == ["Anna", "Bob"]
            assert [quote.author.name for quote in history.quotes] == ["Anna"]
            members = await opened.reads(lambda r: r.members(PLANS, after=None, limit=9))
            assert [member.name for member in members] == ["Anna", "Bob"]

    async def test_members_are_read_in_pages_by_id(self) -> None:
        async with self.with_plans() as opened:
            more = [Author(id=f"guest-{n}", name=f"Guest {n}") for n in (30, 4, 5)]

            def join(tx: Transaction) -> None:
                for one in more:
                    tx.add_person("guest", one.id, one.name, AT)
                    tx.append(draft(MemberJoined, one, person=one))

            await opened.store.write(join)
            ids = await opened.reads(lambda r: paged(lambda after: r.members(PLANS, after=after, limit=2)))
            assert ids == ["guest-1", "guest-2", "guest-30", "guest-4", "guest-5"]
            assert await opened.reads(lambda r: r.member_count(PLANS)) == 5
            await opened.happens(draft(MemberLeft, BOB, person=BOB))
            assert await opened.reads(lambda r: (r.member_count(PLANS), r.membership(PLANS, BOB.id))) == (4, None)

    # Rooms ---------------------------------------------------------------------------------------------------

    async def test_a_room_is_found_by_its_name_without_case_until_it_is_archived(self) -> None:
        async with self.with_plans() as opened:

            async def named(name: str) -> str | None:
                room = await opened.reads(lambda r: r.room_named(name))
                return room.id if room else None

            assert await named("PLANS") == PLANS
            await opened.happens(draft(RoomRenamed, name="Straße"))
            assert (await named("Plans"), await named("STRASSE")) == (None, PLANS)
            await opened.happens(draft(RoomArchived))
            assert await named("Straße") is None
            room = await opened.reads(lambda r: r.room(PLANS))
            assert room is not None
            assert (room.name, room.archived, room.created_by, room.head) == ("Straße", True, ANN.id, 5)

    async def test_the_directory_is_read_in_pages_by_id_without_archived_rooms_of_others(self) -> None:
        async with self.with_plans() as opened:
            for name in ("d", "b", "c"):
                await opened.happens(draft(RoomCreated, BOB, room=name, name=name.upper()))
            await opened.happens(draft(RoomArchived, BOB, room="c"), draft(RoomArchived))

            async def listed(person: str) -> list[str]:
                return await opened.reads(lambda r: paged(lambda after: r.directory(person, after=after, limit=2)))

            assert await listed(ANN.id) == ["b", "d", LOBBY, PLANS]
            assert await listed("guest-9") == ["b", "d", LOBBY]

    async def test_the_rooms_of_a_person_are_listed_by_activity_at_most_500(self) -> None:
        async with self.opened() as opened:

            def found(tx: Transaction) -> None:
                tx.add_person("guest", ANN.id, ANN.name, AT)
                for n in range(501):
                    tx.append(draft(RoomCreated, room=f"r{n}", at=AT + n, name=f"R{n}"))
                    tx.append(draft(MemberJoined, room=f"r{n}", at=AT + n, person=ANN))

            await opened.store.write(found)
            rooms = await opened.reads(lambda r: r.rooms_of(ANN.id))
            assert [room.id for room in rooms] == [f"r{n}" for n in range(500, 0, -1)]
            await opened.happens(draft(MessagePosted, room="r0", at=AT + 1000, text="I am back"))
            await opened.happens(draft(RoomRenamed, room="r7", at=AT + 2000, name="A name is no message"))
            assert [r.id for r in await opened.reads(lambda r: r.rooms_of(ANN.id))][:3] == ["r0", "r500", "r499"]

    async def test_time_that_goes_back_does_not_make_a_room_older(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(post("later", at=AT + 10))
            await opened.happens(post("clock set back", at=AT + 5))
            assert (await opened.reads(lambda r: r.room(PLANS))).last_at == AT + 10  # type: ignore[union-attr]

    async def test_unread_are_messages_of_others_after_the_mark_that_still_stand(self) -> None:
        async with self.with_plans() as opened:

            async def unread() -> tuple[int, int]:
                summary = await opened.reads(lambda r: r.summary(PLANS, ANN.id))
                assert summary is not None
                assert summary.unread == await opened.reads(lambda r: r.unread(PLANS, ANN.id, summary.read))
                return summary.read, summary.unread

            assert await unread() == (2, 0)
            first, second, _own = await opened.happens(post("1", BOB), post("2", BOB), post("mine"))
            await opened.happens(draft(ReactionAdded, BOB, message=first, emoji="👍"))
            assert await unread() == (2, 2)
            await opened.happens(draft(MessageDeleted, BOB, message=second))
            assert await unread() == (2, 1)
            await opened.store.write(lambda tx: tx.set_read(PLANS, ANN.id, first))
            assert await unread() == (first, 0)
            await opened.store.write(lambda tx: tx.set_read(PLANS, ANN.id, 0))
            assert await unread() == (0, 1)
            await opened.happens(*[post(f"m{n}", BOB) for n in range(UNREAD_CAP + 20)])
            assert await unread() == (0, UNREAD_CAP)
            [bob] = await opened.reads(lambda r: r.rooms_of(BOB.id))
            assert (bob.read, bob.unread) == (3, 1)

    # Messages ------------------------------------------------------------------------------------------------

    async def test_a_key_is_used_once_by_one_person_in_one_room(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(MemberJoined, room=LOBBY, person=ANN))
            [seq] = await opened.happens(post("first", key="k"))
            with pytest.raises(Conflict):
                await opened.happens(post("second", key="k"))
            [of_bob] = await opened.happens(post("of Bob", BOB, key="k"))
            assert of_bob == seq + 1
            await opened.happens(post("elsewhere", room=LOBBY, key="k"), post("no key"), post("none either"))

            def found(reader: Reader) -> list[str | None]:
                wanted = [(PLANS, ANN.id, "k"), (PLANS, BOB.id, "k"), (LOBBY, ANN.id, "k"), (PLANS, ANN.id, "l")]
                return [message.text if (message := reader.posted_with(*one)) else None for one in wanted]

            assert await opened.reads(found) == ["first", "of Bob", "elsewhere", None]

    async def test_history_gives_the_right_stretch_and_says_what_lies_beyond(self) -> None:
        async with self.with_plans() as opened:
            for n in range(12):
                await opened.happens(post(f"m{n}"), *[draft(RoomRenamed, name=f"Plans {n}")] * (n % 3))
            head = await opened.reads(head_of)
            seqs = [m.seq for m in (await opened.reads(lambda r: r.history(PLANS, limit=100))).messages]
            assert len(seqs) == 12

            def look(reader: Reader) -> None:
                for limit in (1, 2, 3, 5, 12, 50):
                    check(reader.history(PLANS, limit=limit), seqs, seqs[-limit:])
                    for at in range(head + 3):
                        before = [seq for seq in seqs if seq < at]
                        after = [seq for seq in seqs if seq > at]
                        check(reader.history(PLANS, before=at, limit=limit), seqs, before[-limit:], at)
                        check(reader.history(PLANS, after=at, limit=limit), seqs, after[:limit], at + 1)
                        check_around(reader.history(PLANS, around=at, limit=limit), seqs, at, limit)

            await opened.reads(look)

    async def test_a_room_without_messages_has_an_empty_history(self) -> None:
        async with self.with_plans() as opened:
            for where in ({}, {"before": 2}, {"after": 0}, {"around": 3}):
                history = await opened.reads(lambda r, where=where: r.history(PLANS, **where))  # type: ignore[misc]
                assert history == History(
                    room=PLANS, head=3, messages=[], quotes=[], more_before=False, more_after=False
                )

    async def test_history_has_a_quote_for_each_message_that_is_replied_to(self) -> None:
        async with self.with_plans() as opened:
            long, gone = await opened.happens(post("long " * 100), post("gone", BOB))
            await opened.happens(
                *[post("to the long one", reply_to=long)] * 2,
                post("to the other", reply_to=gone),
                draft(MessageDeleted, BOB, message=gone),
            )
            history = await opened.reads(lambda r: r.history(PLANS, limit=3))
            assert [(q.seq, q.author, q.deleted, q.text[:8]) for q in history.quotes] == [
                (long, ANN, False, "long lon"),
                (gone, BOB, True, ""),
            ]
            assert len(history.quotes[0].text) <= 200

    async def test_pins_are_listed_by_the_messages_own_seq_newest_first(self) -> None:
        async with self.with_plans() as opened:
            seqs = await opened.happens(*[post(f"m{n}") for n in range(4)])
            for seq in (seqs[1], seqs[3], seqs[0]):
                await opened.happens(draft(MessagePinned, BOB, message=seq))
            assert [m.seq for m in await opened.reads(lambda r: r.pins(PLANS))] == [seqs[3], seqs[1], seqs[0]]
            assert [m.seq for m in await opened.reads(lambda r: r.pins(PLANS, limit=2))] == [seqs[3], seqs[1]]
            await opened.happens(
                draft(MessageUnpinned, message=seqs[3]),
                draft(MessageDeleted, message=seqs[0]),
            )
            assert [(m.seq, m.pinned) for m in await opened.reads(lambda r: r.pins(PLANS))] == [(seqs[1], True)]

    async def test_reactions_stand_by_emoji_and_their_people_in_the_order_in_which_they_came(self) -> None:
        async with self.with_plans() as opened:
            [seq] = await opened.happens(post("react to this"))
            for by, emoji in ((BOB, "🌊"), (ANN, "👍"), (ANN, "🌊")):
                await opened.happens(draft(ReactionAdded, by, message=seq, emoji=emoji))

            async def reactions() -> dict[str, list[str]]:
                message = await opened.reads(lambda r: r.message(PLANS, seq))
                assert message is not None
                return {reaction.emoji: reaction.people for reaction in message.reactions}

            assert list((await reactions()).items()) == [("🌊", [BOB.id, ANN.id]), ("👍", [ANN.id])]
            await opened.happens(draft(ReactionRemoved, BOB, message=seq, emoji="🌊"))
            await opened.happens(draft(ReactionAdded, BOB, message=seq, emoji="🌊"))
            assert await reactions() == {"🌊": [ANN.id, BOB.id], "👍": [ANN.id]}

    async def test_a_deleted_text_is_in_nothing_that_can_be_read(self) -> None:
        async with self.with_plans() as opened:
            secret = "canary-3141"
            [seq] = await opened.happens(post(secret, html=f"<p><em>{secret}</em></p>", key="k"))
            await opened.happens(
                draft(MessageEdited, message=seq, text=f"{secret} again", html=f"<p>{secret} again</p>"),
                draft(ReactionAdded, message=seq, emoji="👍"),
                draft(MessagePinned, message=seq),
                post("about it", reply_to=seq),
            )

            def seen(reader: Reader) -> str:
                read: list[object] = [reader.frames_after(PLANS, 0, 100), reader.newest_frames(PLANS, 100)]
                read += [reader.history(PLANS), reader.pins(PLANS), reader.message(PLANS, seq)]
                return repr([*read, reader.posted_with(PLANS, ANN.id, "k")])

            assert secret in await opened.reads(seen)
            await opened.happens(draft(MessageDeleted, message=seq))
            assert secret not in await opened.reads(seen)
            message = await opened.reads(lambda r: r.message(PLANS, seq))
            assert message is not None
            assert (message.deleted, message.pinned, message.reactions) == (True, False, [])
            frames = await opened.reads(lambda r: r.frames_after(PLANS, 0, 100))
            assert [EVENTS.validate_json(frame).seq for _, frame in frames] == list(range(1, 10))

    async def test_frames_are_read_onwards_from_a_seq_and_back_from_the_end(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(*[post(f"m{n}") for n in range(7)])

            async def after(seq: int, limit: int) -> list[int]:
                return [frame.seq for frame in await opened.reads(lambda r: r.frames_after(PLANS, seq, limit))]

            assert await after(0, 100) == list(range(1, 11))
            assert await after(4, 3) == [5, 6, 7]
            assert await after(10, 3) == []
            assert [f.seq for f in await opened.reads(lambda r: r.newest_frames(PLANS, 3))] == [8, 9, 10]
            assert await opened.reads(lambda r: r.newest_frames("nowhere", 3)) == []


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


def one(event: Event) -> Callable[[Transaction], int]:
    return lambda tx: tx.append(event).seq


def head_of(reader: Reader) -> int:
    return reader.heads([PLANS])[PLANS]


def paged(page_after: Callable[[str | None], Sequence[Member | RoomSummary]]) -> list[str]:
    """The ids of all pages, each of which has at most two."""
    ids: list[str] = []
    while page := page_after(ids[-1] if ids else None):
        assert len(page) <= 2
        ids += [found.id for found in page]
    return ids


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


def check(history: History, seqs: list[int], expected: list[int], gap: int = 0) -> None:
    """`gap`: where an empty stretch lies, as the first `seq` after it."""
    assert [message.seq for message in history.messages] == expected
    first, last = (expected[0], expected[-1]) if expected else (gap, gap - 1)
    assert history.more_before == any(seq < first for seq in seqs)
    assert history.more_after == any(seq > last for seq in seqs)


def check_around(history: History, seqs: list[int], at: int, limit: int) -> None:
    """A full stretch without a hole; the message itself, or a neighbour, in its middle unless an end is near."""
    found = [message.seq for message in history.messages]
    start = seqs.index(found[0])
    check(history, seqs, seqs[start : start + min(limit, len(seqs))])
    neighbours = [at] if at in seqs else [*[s for s in seqs if s < at][-1:], *[s for s in seqs if s > at][:1]]

    def in_the_middle(centre: int) -> bool:
        if centre not in found:
            return False
        older, newer = found.index(centre), len(found) - found.index(centre) - 1
        near_an_end = (not history.more_before and older < newer) or (not history.more_after and newer < older)
        return abs(older - newer) <= 1 or near_an_end

    assert any(in_the_middle(centre) for centre in neighbours)
