"""What every Store promises of private rooms, conversations, roles and invitations. Part of
`hubbub.testing.store_contract`."""

from typing import Any

import pytest

from hubbub.core.models import Invite, RoomSummary
from hubbub.protocol import MemberJoined, MemberRole, RoomChanged, RoomCreated
from hubbub.store import Transaction
from hubbub.testing.store_stage import ANN, AT, BOB, PLANS, Stage, draft

HASH = "a" * 64


def invite(number: int, room: str | None = PLANS, uses: int | None = None, lasts_ms: int | None = 1000) -> Invite:
    expires = None if lasts_ms is None else AT + lasts_ms
    return Invite(id=f"{number:016x}", room=room, by=ANN, created_at=AT + number, expires_at=expires, uses_left=uses)


def talk(tx: Transaction) -> None:
    """A direct conversation of Ann and Bob, and a private room of Ann's."""
    tx.append(draft(RoomCreated, room="talk", name="Ann, Bob", kind="direct"))
    tx.append(draft(RoomCreated, room="own", name="Plans", kind="private", topic="All of them"))
    for room, people in (("talk", (ANN, BOB)), ("own", (ANN,))):
        for person in people:
            tx.append(draft(MemberJoined, room=room, person=person))
    tx.add_conversation("key", "talk")


class RoomsContract(Stage):
    pytestmark = pytest.mark.asyncio

    async def test_settings_of_a_room_are_as_the_last_change_says(self) -> None:
        async with self.with_plans() as opened:
            changed: dict[str, Any] = {"kind": "private", "topic": "Tea", "announcement": True, "slow_s": 9}
            await opened.happens(draft(RoomChanged, **changed))
            room = await opened.reads(lambda r: r.room(PLANS))
            summary = await opened.reads(lambda r: r.summary(PLANS, BOB.id))
            for seen in (room, summary):
                assert seen is not None
                assert {name: getattr(seen, name) for name in changed} == changed
            assert await opened.reads(lambda r: r.summary(PLANS, "guest-7")) is None
            await opened.happens(draft(RoomChanged, kind="public", announcement=False, slow_s=0))
            assert (await opened.reads(lambda r: r.room(PLANS))).topic is None  # type: ignore[union-attr]

    async def test_a_role_is_what_the_last_event_says_and_owners_are_counted(self) -> None:
        async with self.with_plans() as opened:
            await opened.happens(draft(MemberRole, person=BOB, role="owner"))
            assert await opened.reads(lambda r: r.owner_count(PLANS)) == 1
            assert (await opened.reads(lambda r: r.membership(PLANS, BOB.id))).role == "owner"  # type: ignore[union-attr]
            assert [m.role for m in await opened.reads(lambda r: r.members(PLANS, after=None, limit=9))] == [
                "member",
                "owner",
            ]

    async def test_a_conversation_is_called_as_the_others_in_it(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(talk)

            def seen_by(person: str) -> dict[str, RoomSummary]:
                return {room.id: room for room in rooms[person]}

            rooms = {who.id: await opened.reads(lambda r, who=who: r.rooms_of(who.id)) for who in (ANN, BOB)}  # type: ignore[misc]
            assert (seen_by(ANN.id)["talk"].name, seen_by(ANN.id)["talk"].people) == ("Bob", [BOB])
            assert (seen_by(BOB.id)["talk"].name, seen_by(BOB.id)["talk"].people) == ("Ann", [ANN])
            assert seen_by(BOB.id)[PLANS].people is None
            assert "own" not in seen_by(BOB.id)
            assert await opened.reads(lambda r: r.others_in(["talk", "nowhere"], ANN.id)) == {
                "talk": [BOB],
                "nowhere": [],
            }
            assert await opened.reads(lambda r: r.others_in([], ANN.id)) == {}
            assert await opened.reads(lambda r: (r.conversation("key"), r.conversation("other"))) == ("talk", None)

    async def test_names_lead_to_private_rooms_for_their_members_alone(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(talk)
            assert await opened.reads(lambda r: r.private_rooms_named(ANN.id, "PLANS")) == ["own"]
            assert await opened.reads(lambda r: r.private_rooms_named(BOB.id, "plans")) == []
            assert (await opened.reads(lambda r: r.room_named("plans"))).id == PLANS  # type: ignore[union-attr]
            assert [r.id for r in await opened.reads(lambda r: r.directory(BOB.id, after="plans", limit=9))] == ["talk"]

    async def test_an_invitation_opens_until_it_is_too_old_used_up_or_revoked(self) -> None:
        async with self.with_plans() as opened:
            for number, uses, lasts_ms in ((1, 2, 1000), (2, None, None), (3, None, 1000)):
                made = invite(number, uses=uses, lasts_ms=lasts_ms)
                await opened.store.write(lambda tx, made=made: tx.add_invite(made, HASH[:-1] + made.id[-1]))  # type: ignore[misc]
            found = await opened.reads(lambda r: r.invites(PLANS, AT))
            assert [one.id[-1] for one in found] == ["3", "2", "1"]
            assert found[2] == invite(1, uses=2)
            first, second = HASH[:-1] + "1", HASH[:-1] + "2"
            assert (await opened.reads(lambda r: r.invite(first, AT))) == found[2]
            assert await opened.reads(lambda r: r.invite(first, AT + 1000)) is None
            assert await opened.reads(lambda r: r.invite(HASH, AT)) is None
            for _ in range(2):
                await opened.store.write(lambda tx: tx.use_invite(found[2].id))
                await opened.store.write(lambda tx: tx.use_invite(found[1].id))
            assert await opened.reads(lambda r: r.invite(first, AT)) is None
            assert (await opened.reads(lambda r: r.invite(second, AT + 10**9))) == found[1]
            await opened.store.write(lambda tx: tx.drop_invite(found[1].id))
            assert [one.id[-1] for one in await opened.reads(lambda r: r.invites(PLANS, AT))] == ["3"]

    async def test_invitations_into_the_place_are_beside_those_into_rooms(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_invite(invite(1, room=None), HASH))
            assert await opened.reads(lambda r: (r.invites(None, AT), r.invites(PLANS, AT))) == (
                [invite(1, room=None)],
                [],
            )
