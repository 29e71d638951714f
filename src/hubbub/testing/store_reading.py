"""What every Store promises to its readers. Part of `hubbub.testing.store_contract`."""

from collections.abc import Callable, Sequence

import pytest

from hubbub.core.models import LOBBY, Author, History, Member, Place, RoomSummary, Standing
from hubbub.errors import Conflict
from hubbub.protocol import (
    EVENTS,
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
from hubbub.store import UNREAD_CAP, Reader, Transaction
from hubbub.testing.store_stage import ANN, AT, BOB, PLANS, Stage, draft, head_of, post


class ReadingContract(Stage):
    """People, rooms and messages, as they are found."""

    pytestmark = pytest.mark.asyncio

    # People --------------------------------------------------------------------------------------------------

    async def test_a_person_is_found_by_id_and_by_session(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_session("a" * 64, ANN.id, AT))
            person = await opened.reads(lambda r: r.person(ANN.id))
            assert person is not None
            assert (person.id, person.name, person.kind, person.created_at) == (ANN.id, "Ann", "guest", AT)
            signed_in = await opened.reads(lambda r: r.session("a" * 64))
            assert signed_in is not None
            assert (signed_in.person, signed_in.seen_at) == (person, AT)
            assert await opened.reads(lambda r: r.session("b" * 64)) is None

    async def test_an_id_is_given_once(self) -> None:
        async with self.with_plans() as opened:
            with pytest.raises(Conflict):
                await opened.store.write(lambda tx: tx.add_person("guest", ANN.id, "Another", AT))
            assert (await opened.reads(lambda r: r.person(ANN.id))).name == "Ann"  # type: ignore[union-attr]

    async def test_a_standing_tells_what_decides_whether_a_person_may_write(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_person("guest", "guest-7", "Guest 7", AT))
            standings = await opened.reads(lambda r: [r.standing(PLANS, who) for who in (ANN.id, "guest-7", "guest-8")])
            mine = Standing(PLANS, 3, False, "public", False, 0, AT, "member", ANN, "guest", 0, created_by=ANN.id)
            guest = Author(id="guest-7", name="Guest 7")
            assert standings == [
                mine,
                mine._replace(joined_at=None, membership=None, author=guest),
                mine._replace(joined_at=None, membership=None, author=None),
            ]
            await opened.store.write(lambda tx: tx.set_role(ANN.id, "moderator"))
            await opened.happens(draft(RoomArchived))
            standing = await opened.reads(lambda r: r.standing(PLANS, ANN.id))
            assert standing == mine._replace(head=4, archived=True, place="moderator")

    async def test_the_place_is_unknown_until_it_is_set_up(self) -> None:
        async with self.with_plans() as opened:
            assert await opened.reads(lambda r: r.place()) is None
            for place in (Place(name="Tea house"), Place(name="Tea", guests="no", retention_days=3)):
                await opened.store.write(lambda tx, place=place: tx.set_place(place))  # type: ignore[misc]
                assert await opened.reads(lambda r: r.place()) == place

    async def test_a_private_room_is_known_to_its_members_alone(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(RoomCreated, BOB, room="secret", name="Plans", kind="private"))
            assert await opened.reads(lambda r: r.summary("secret", BOB.id)) is None
            assert (await opened.reads(lambda r: r.room_named("Plans"))).id == PLANS  # type: ignore[union-attr]
            await opened.happens(draft(MemberJoined, BOB, room="secret", person=BOB, role="owner"))
            for who, rooms in ((ANN, [PLANS]), (BOB, [PLANS, "secret"])):
                directory = await opened.reads(lambda r, who=who: r.directory(who.id, after=LOBBY, limit=9))  # type: ignore[misc]
                assert [room.id for room in directory] == rooms
            summary = await opened.reads(lambda r: r.summary("secret", BOB.id))
            assert summary is not None
            assert (summary.kind, summary.role) == ("private", "owner")

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
            await opened.happens(post("the only one"))
            await opened.reads(check_every_stretch)
            for n in range(11):
                await opened.happens(post(f"m{n}"), *[draft(RoomRenamed, name=f"Plans {n}")] * (n % 3))
            await opened.reads(check_every_stretch)

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


def paged(page_after: Callable[[str | None], Sequence[Member | RoomSummary]]) -> list[str]:
    """The ids of all pages, each of which has at most two."""
    ids: list[str] = []
    while page := page_after(ids[-1] if ids else None):
        assert len(page) <= 2
        ids += [found.id for found in page]
        assert len(ids) == len(set(ids))
    return ids


def check_every_stretch(reader: Reader) -> None:
    """Compares with plain lists: before, after and around each place, in pages of several sizes."""
    seqs = [message.seq for message in reader.history(PLANS, limit=100).messages]
    for limit in (1, 2, 3, 5, 12, 50):
        check(reader.history(PLANS, limit=limit), seqs, seqs[-limit:])
        for at in range(head_of(reader) + 3):
            before = [seq for seq in seqs if seq < at]
            after = [seq for seq in seqs if seq > at]
            check(reader.history(PLANS, before=at, limit=limit), seqs, before[-limit:], at)
            check(reader.history(PLANS, after=at, limit=limit), seqs, after[:limit], at + 1)
            check_around(reader.history(PLANS, around=at, limit=limit), seqs, at, limit)


def check(history: History, seqs: list[int], expected: list[int], gap: int = 0) -> None:
    """`gap`: where an empty stretch lies, as the first `seq` after it."""
    assert [message.seq for message in history.messages] == expected
    first, last = (expected[0], expected[-1]) if expected else (gap, gap - 1)
    assert history.more_before == any(seq < first for seq in seqs)
    assert history.more_after == any(seq > last for seq in seqs)


def check_around(history: History, seqs: list[int], at: int, limit: int) -> None:
    """A full stretch without a hole; the message itself, or a neighbour, in its middle unless an end is near."""
    found = [message.seq for message in history.messages]
    assert len(found) == min(limit, len(seqs))
    start = seqs.index(found[0])
    check(history, seqs, seqs[start : start + limit])
    neighbours = [at] if at in seqs else [*[s for s in seqs if s < at][-1:], *[s for s in seqs if s > at][:1]]

    def in_the_middle(centre: int) -> bool:
        if centre not in found:
            return False
        older, newer = found.index(centre), len(found) - found.index(centre) - 1
        near_an_end = (not history.more_before and older < newer) or (not history.more_after and newer < older)
        return abs(older - newer) <= 1 or near_an_end

    assert any(in_the_middle(centre) for centre in neighbours)
