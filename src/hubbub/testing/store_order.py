"""What every Store promises about order and about erasing. Part of `hubbub.testing.store_contract`."""

import pytest

from hubbub.core.models import DELETED_NAME, FOREVER, SERVER, Person, Sanction
from hubbub.core.search import read_query
from hubbub.protocol import (
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePinned,
    MessagePosted,
    MessagesErased,
    ReactionAdded,
    RoomCreated,
)
from hubbub.store import Erasure, Reader, Transaction
from hubbub.testing.mirror import Mirror
from hubbub.testing.store_stage import ANN, AT, BOB, PLANS, Opened, Stage, draft, post

DAY = 86_400_000


def sanction(kind: str = "mute", room: str | None = PLANS, until: int | None = AT + 5, at: int = AT) -> Sanction:
    about = {"kind": kind, "room": room, "until": until, "at": at, "reason": "spam"}
    return Sanction.model_validate({"person": BOB.model_dump(), "by": ANN.model_dump(), **about})


class OrderContract(Stage):
    pytestmark = pytest.mark.asyncio

    # Who may not speak or come in ----------------------------------------------------------------------------

    async def test_a_sanction_is_part_of_a_persons_standing_where_it_holds(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(RoomCreated, room="tea", name="Tea"))

            def standings(reader: Reader) -> list[tuple[int, int]]:
                found = [reader.standing(room, BOB.id) for room in (PLANS, "tea")]
                return [(one.muted_until, one.banned_until) for one in found if one]

            assert await opened.reads(standings) == [(0, 0), (0, 0)]
            await opened.store.write(lambda tx: tx.set_sanction(sanction("mute")))
            assert await opened.reads(standings) == [(AT + 5, 0), (0, 0)]
            await opened.store.write(lambda tx: tx.set_sanction(sanction("mute", None, AT + 9)))
            await opened.store.write(lambda tx: tx.set_sanction(sanction("ban", "tea", None)))
            assert await opened.reads(standings) == [(AT + 9, 0), (AT + 9, FOREVER)]
            summary = await opened.reads(lambda r: r.summary(PLANS, BOB.id))
            assert summary is not None
            assert summary.muted_until == AT + 9
            await opened.store.write(lambda tx: tx.drop_sanction(BOB.id, "", "mute"))
            assert await opened.reads(standings) == [(AT + 5, 0), (0, FOREVER)]
            ann = await opened.reads(lambda r: r.standing(PLANS, ANN.id))
            assert ann is not None
            assert (ann.muted_until, ann.banned_until) == (0, 0)

    async def test_sanctions_are_listed_while_they_hold_and_the_last_of_a_kind_counts(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(RoomCreated, room="secret", name="Secret", kind="private"))
            kept = [sanction("mute", until=AT + 7), sanction("ban", None, None, AT + 1), sanction("mute", "secret")]
            for one in [sanction("mute", until=AT + 3), *kept]:
                await opened.store.write(lambda tx, one=one: tx.set_sanction(one))  # type: ignore[misc]
            assert await opened.reads(lambda r: r.sanctions(PLANS, AT, 9)) == [kept[0]]
            assert await opened.reads(lambda r: r.sanctions(PLANS, AT + 7, 9)) == []
            assert await opened.reads(lambda r: r.sanctions(None, AT, 9)) == [kept[1], kept[0]]
            assert await opened.reads(lambda r: r.sanctions(None, AT, 1)) == [kept[1]]
            assert await opened.reads(lambda r: [r.banned_until(one.id) for one in (ANN, BOB)]) == [0, FOREVER]

    async def test_an_address_is_banned_because_of_a_guest_and_with_them_let_in_again(self) -> None:
        async with self.with_plans() as opened:

            def ban(tx: Transaction) -> None:
                tx.remember_address(BOB.id, "203.0.113.7")
                tx.set_sanction(sanction("ban", None))
                tx.ban_address(tx.address_of(BOB.id) or "", BOB.id, AT + 5)

            await opened.store.write(ban)
            assert await opened.reads(lambda r: r.address_banned_until("203.0.113.7")) == AT + 5
            assert await opened.reads(lambda r: r.address_banned_until("203.0.113.8")) == 0
            await opened.store.write(lambda tx: tx.drop_sanction(BOB.id, "", "ban"))
            assert await opened.reads(lambda r: r.address_banned_until("203.0.113.7")) == 0

    async def test_all_sessions_of_a_person_end(self) -> None:
        async with self.with_plans() as opened:
            for token, author in (("a", ANN), ("b", BOB), ("c", BOB)):
                await opened.store.write(lambda tx, t=token, a=author: tx.add_session(t * 64, a.id, AT))  # type: ignore[misc]
            assert await opened.reads(lambda r: [r.is_signed_in(one.id) for one in (ANN, BOB)]) == [True, True]
            await opened.store.write(lambda tx: tx.end_sessions(BOB.id))
            assert await opened.reads(lambda r: [r.is_signed_in(one.id) for one in (ANN, BOB)]) == [True, False]
            assert await opened.reads(lambda r: [r.session(one * 64) is None for one in "abc"]) == [False, True, True]

    async def test_when_somebody_posted_in_slow_mode_is_kept_when_they_leave(self) -> None:
        async with self.with_plans() as opened:
            assert await opened.reads(lambda r: r.posted_at(PLANS, BOB.id)) == 0
            for at in (AT, AT + 3):
                await opened.store.write(lambda tx, at=at: tx.set_posted_at(PLANS, BOB.id, at))  # type: ignore[misc]
            await opened.happens(draft(MemberLeft, BOB, person=BOB))
            assert await opened.reads(lambda r: [r.posted_at(PLANS, one.id) for one in (ANN, BOB)]) == [0, AT + 3]

    # Reports and the audit log -------------------------------------------------------------------------------

    async def test_a_message_is_reported_once_by_each_until_it_is_settled(self) -> None:
        async with self.with_plans() as opened:
            [first, second] = await opened.happens(post("one"), post("two"))

            def report(tx: Transaction) -> list[bool]:
                asked = [(second, ANN, AT, "rude"), (second, ANN, AT + 1, "again"), (first, BOB, AT + 2, "")]
                return [tx.report(PLANS, seq, who.id, at, why) for seq, who, at, why in asked]

            assert await opened.store.write(report) == [True, False, True]
            found = await opened.reads(lambda r: r.reports(PLANS, 9))
            assert [one.message.seq for one in found] == [second, first]
            assert (found[0].room_name, found[0].complaints[0].by, found[0].complaints[0].reason) == (
                "Plans",
                ANN,
                "rude",
            )
            assert await opened.reads(lambda r: r.reports(None, 9)) == found
            assert await opened.reads(lambda r: r.reports("lobby", 9)) == []
            assert await opened.store.write(lambda tx: tx.settle(PLANS, second))
            assert not await opened.store.write(lambda tx: tx.settle(PLANS, second))
            assert await opened.reads(lambda r: r.reports(None, 9)) == found[1:]
            assert not await opened.store.write(lambda tx: tx.report(PLANS, second, ANN.id, AT, "once more"))

    async def test_the_audit_log_tells_the_newest_first_in_pages_and_by_filters(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(RoomCreated, room="secret", name="Secret", kind="private"))

            def fill(tx: Transaction) -> None:
                tx.record("ban", ANN.id, AT, person=BOB.id, until=AT + 5, reason="spam")
                tx.record("delete", ANN.id, AT + 1, person=BOB.id, room=PLANS, message=4)
                tx.record("set_rules", BOB.id, AT + 2)
                tx.record("kick", BOB.id, AT + 3, person="guest-9", room="secret")

            await opened.store.write(fill)

            def actions(reader: Reader, who: str = ANN.id, **asked: object) -> list[str]:
                filters = dict.fromkeys(("room", "person", "action", "before")) | {"limit": 9} | asked
                return [entry.action for entry in reader.audit(who, **filters)]  # type: ignore[arg-type]

            assert await opened.reads(actions) == ["set_rules", "delete", "ban"]
            assert await opened.reads(lambda r: actions(r, room="secret")) == ["kick"]
            assert await opened.reads(lambda r: actions(r, person=BOB.id)) == ["set_rules", "delete", "ban"]
            assert await opened.reads(lambda r: actions(r, person=ANN.id, action="ban")) == ["ban"]
            filters = {"room": None, "person": None, "action": None, "before": None, "limit": 2}
            page = await opened.reads(lambda r: r.audit(ANN.id, **filters))  # type: ignore[arg-type]
            assert await opened.reads(lambda r: actions(r, before=page[-1].id)) == ["ban"]
            assert (page[1].by, page[1].person, page[1].message, page[1].until) == (ANN, BOB, 4, None)

    # Erasing -------------------------------------------------------------------------------------------------

    async def test_what_a_room_does_not_keep_is_in_nothing_any_more(self) -> None:
        async with self.with_plans() as opened:
            old = await self._an_old_conversation(opened)
            before = await opened.reads(lambda r: Mirror.fetched(r, PLANS))
            [seq] = await opened.happens(draft(MessagesErased, SERVER, up_to=old[-1]))
            frames = await opened.reads(lambda r: r.frames_after(PLANS, 0, 100))
            assert [frame.seq for frame in frames] == list(range(old[-1] + 1, seq + 1))
            assert "kettle" not in "".join(frame.frame for frame in frames)
            history = await opened.reads(lambda r: r.history(PLANS))
            assert ([message.text for message in history.messages], history.more_before) == (["young"], False)
            assert await opened.reads(lambda r: r.message(PLANS, old[0])) is None
            assert await opened.reads(lambda r: r.pins(PLANS)) == []
            assert await opened.reads(lambda r: r.unread(PLANS, BOB.id, 0)) == 1
            assert await opened.reads(lambda r: r.reports(PLANS, 9)) == []
            assert await self._found(opened, "kettle") == []
            assert await self._found(opened, "young") == ["young"]
            assert await self._found(opened, "-nothing") == ["young"]
            await opened.happens(draft(MessagesErased, SERVER, up_to=old[0]))
            frames = await opened.reads(lambda r: r.frames_after(PLANS, 0, 100))
            assert [frame.seq for frame in frames] == list(range(old[-1] + 1, seq + 2))
            for frame in frames:
                before.take(frame.frame)
            assert before.known() == await opened.reads(lambda r: Mirror.fetched(r, PLANS).known())

    async def test_a_rooms_oldest_messages_are_past_up_to_the_first_that_is_not(self) -> None:
        async with self.with_plans() as opened:
            times = [AT, AT + 1, AT + 2, AT]
            seqs = await opened.happens(*[draft(MessagePosted, at=at, text=f"at {at}") for at in times])
            looks = [(AT, 9), (AT + 1, 9), (AT + 2, 9), (AT + 3, 9), (AT + 3, 2)]
            found = await opened.reads(lambda r: [r.past(PLANS, at, limit) for at, limit in looks])
            assert found == [0, seqs[0], seqs[1], seqs[3], seqs[1]]
            assert await opened.reads(lambda r: r.past("nowhere", FOREVER, 9)) == 0

    async def test_a_person_is_found_in_what_they_wrote_and_where_they_are_named(self) -> None:
        async with self.with_plans() as opened:
            seqs = await opened.happens(post("mine", BOB), post("hers"), post("gone", BOB), post("mine too", BOB))
            await opened.happens(draft(MessageDeleted, BOB, message=seqs[2]))
            look = lambda r: [m.text for m in r.messages_by(BOB.id, PLANS, seqs[0] - 1, seqs[3])]  # noqa: E731
            assert await opened.reads(look) == ["mine", "mine too"]
            assert await opened.reads(lambda r: r.messages_by(BOB.id, PLANS, seqs[0], seqs[2])) == []
            assert await opened.reads(lambda r: r.is_named(BOB.id, PLANS, seqs[0], seqs[1])) is False
            await opened.store.write(lambda tx: tx.rewrite_names(BOB.id, DELETED_NAME, PLANS, 0, 1000))
            frames = "".join(frame.frame for frame in await opened.reads(lambda r: r.frames_after(PLANS, 0, 100)))
            assert "Bob" not in frames
            assert frames.count(DELETED_NAME) == 6
            assert "Ann" in frames

    async def test_an_erasure_is_remembered_until_it_has_ended(self) -> None:
        async with self.with_plans() as opened:
            bob = Person(id=BOB.id, name=BOB.name, kind="guest", created_at=AT)

            def begin(tx: Transaction) -> None:
                tx.add_session("b" * 64, BOB.id, AT)
                tx.remember_address(BOB.id, "203.0.113.7")
                tx.begin_erasure(bob, "erase")

            await opened.store.write(begin)
            assert await opened.reads(lambda r: r.session("b" * 64)) is None
            assert await opened.reads(lambda r: r.address_of(BOB.id)) is None
            assert await opened.reads(lambda r: r.erasures()) == [Erasure(BOB.id, "erase", "", 0)]
            await opened.store.write(lambda tx: tx.go_on_erasing(BOB.id, PLANS, 7))
            assert await opened.reads(lambda r: r.erasures()) == [Erasure(BOB.id, "erase", PLANS, 7)]
            await opened.store.write(lambda tx: tx.end_erasure(BOB.id))
            assert await opened.reads(lambda r: r.erasures()) == []

    async def test_rooms_are_listed_by_id_private_ones_too(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(RoomCreated, room="secret", name="Secret", kind="private"))
            assert await opened.reads(lambda r: r.room_ids("", 9)) == ["lobby", PLANS, "secret"]
            assert await opened.reads(lambda r: r.room_ids("lobby", 1)) == [PLANS]
            await opened.store.write(lambda tx: tx.set_retention("secret", 3))
            kept = await opened.reads(
                lambda r: [found and found.retention_days for found in map(r.room, ("secret", PLANS))]
            )
            assert kept == [3, None]

    async def _an_old_conversation(self, opened: Opened) -> list[int]:
        """The `seq` of its messages; then there is a young one."""
        seqs = await opened.happens(post("a kettle"), post("more kettles", BOB, reply_to=4), post("kettle three"))
        await opened.happens(
            draft(ReactionAdded, BOB, message=seqs[0], emoji="👍"), draft(MessagePinned, message=seqs[1])
        )
        await opened.store.write(lambda tx: tx.report(PLANS, seqs[0], BOB.id, AT, ""))
        await opened.happens(post("young"), draft(MessageEdited, message=seqs[2], text="kettle four"))
        assert len(await self._found(opened, "kettle")) == 3
        return seqs

    async def _found(self, opened: Opened, text: str) -> list[str]:
        query = read_query(text, 0) if text[0] != "-" else read_query(f"{text} from:x", 0)
        found = await opened.reads(lambda r: r.search(ANN.id, query, rooms=[PLANS], authors=[ANN.id, BOB.id]))
        return [hit.message.text for hit in found.hits]
