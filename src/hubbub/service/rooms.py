"""Rooms: create, find, join, leave, rename, archive."""

from hubbub.core import policy
from hubbub.core.models import Person, RoomSummary
from hubbub.core.text import clean_name, room_slug
from hubbub.errors import Conflict
from hubbub.protocol import (
    Applied,
    ArchiveRoom,
    CreateRoom,
    Envelope,
    Event,
    Here,
    Join,
    Joined,
    Leave,
    Left,
    ListMembers,
    ListRooms,
    MemberJoined,
    MemberLeft,
    MemberPage,
    RenameRoom,
    RoomArchived,
    RoomCreated,
    RoomPage,
    RoomRenamed,
    WhoIsHere,
)
from hubbub.service.change import Stamp, change_room, stamp
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


async def create(context: Context, me: Person, command: CreateRoom) -> RoomSummary:
    name = clean_name(command.name)

    def change(tx: Transaction) -> RoomSummary:
        _must_be_free(tx, name)
        room = room_slug(name, lambda slug: tx.room(slug) is not None, fallback=f"room-{context.now():x}")
        tx.append(RoomCreated(**stamp(context, tx, me, room), name=name))
        return enter_room(context, tx, me, room)

    return await context.store.write(change)


async def join(context: Context, me: Person, command: Join) -> Applied:
    def change(tx: Transaction) -> Applied:
        room = policy.must_exist(tx.room(command.room))
        if tx.membership(command.room, me.id):
            return Applied(room=room.id, seq=room.head)
        policy.must_be_open(room)
        return Applied(room=room.id, seq=enter_room(context, tx, me, room.id).head)

    return await context.store.write(change)


async def leave(context: Context, me: Person, command: Leave) -> Applied:
    def change(tx: Transaction) -> Applied:
        room = policy.must_exist(tx.room(command.room))
        policy.may_leave(room)
        if not tx.membership(command.room, me.id):
            return Applied(room=room.id, seq=room.head)
        who = stamp(context, tx, me, room.id)
        seq = tx.append(MemberLeft(**who, person=who["by"])).seq
        tx.announce(
            Envelope(
                person=me.id,
                room=room.id,
                seq=seq,
                membership="left",
                frame=Left(room=room.id).model_dump_json(),
            )
        )
        return Applied(room=room.id, seq=seq)

    return await context.store.write(change)


async def rename(context: Context, me: Person, command: RenameRoom) -> Applied:
    name = clean_name(command.name)

    def decide(tx: Transaction, stamp: Stamp) -> Event | None:
        room = policy.must_exist(tx.room(command.room))
        policy.may_rename_or_archive(room, me)
        if room.name == name:
            return None
        _must_be_free(tx, name, but=room.id)
        return RoomRenamed(**stamp, name=name)

    return await change_room(context, me, command, decide)


async def archive(context: Context, me: Person, command: ArchiveRoom) -> Applied:
    def change(tx: Transaction) -> Applied:
        room = policy.must_exist(tx.room(command.room))
        policy.may_rename_or_archive(room, me)
        if room.archived:
            return Applied(room=room.id, seq=room.head)
        return Applied(room=room.id, seq=tx.append(RoomArchived(**stamp(context, tx, me, room.id))).seq)

    return await context.store.write(change)


async def directory(context: Context, me: Person, command: ListRooms) -> RoomPage:
    rooms = await context.store.read(lambda reader: reader.directory(me.id, after=command.after, limit=command.limit))
    return RoomPage(rooms=rooms)


async def members(context: Context, me: Person, command: ListMembers) -> MemberPage:
    def look(reader: Reader) -> MemberPage:
        policy.must_exist(reader.room(command.room))
        page = reader.members(command.room, after=command.after, limit=command.limit)
        return MemberPage(members=page, count=reader.member_count(command.room))

    return await context.store.read(look)


async def here(context: Context, me: Person, command: WhoIsHere) -> Here:
    await context.store.read(lambda reader: policy.must_exist(reader.room(command.room)))
    people, count = context.presence.here(command.room, command.limit)
    return Here(people=people, count=count)


def enter_room(context: Context, tx: Transaction, me: Person, room: str) -> RoomSummary:
    """Makes the person a member and says so to all their connections."""
    who = stamp(context, tx, me, room)
    tx.append(MemberJoined(**who, person=who["by"]))
    summary = tx.summary(room, me.id)
    assert summary is not None
    frame = Joined(room=summary).model_dump_json(exclude_none=True)
    tx.announce(Envelope(person=me.id, room=room, seq=summary.head, membership="joined", frame=frame))
    return summary


def _must_be_free(reader: Reader, name: str, but: str | None = None) -> None:
    other = reader.room_named(name)
    if other and other.id != but:
        raise Conflict(f"There is already a room called “{other.name}”. Choose another name.", code="name_taken")
