"""Rooms: create, find, join, leave, rename, change, archive."""

from hubbub.core import policy, rules
from hubbub.core.models import Person, Role, RoomSummary, Standing
from hubbub.core.text import clean_name, clean_topic, room_slug
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
    RoomChanged,
    RoomCreated,
    RoomPage,
    RoomRenamed,
    SetRoom,
    WhoIsHere,
)
from hubbub.service.change import Stamp, change_room, fresh, permit, stamp
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


async def create(context: Context, me: Person, command: CreateRoom) -> RoomSummary:
    name, topic = clean_name(command.name), clean_topic(command.topic or "")
    rules.check_words(f"{name} {topic}", context.place())

    def change(tx: Transaction) -> RoomSummary:
        action = "create_private" if command.kind == "private" else "create"
        policy.permit_in_place(action, fresh(tx, me), context.place())
        room = context.new_id() if command.kind == "private" else _public_id(context, tx, name)
        tx.append(RoomCreated(**stamp(context, tx, me, room), name=name, kind=command.kind, topic=topic))
        return enter_room(context, tx, me, room, role="owner")

    return await context.store.write(change)


async def join(context: Context, me: Person, command: Join) -> Applied:
    def change(tx: Transaction) -> Applied:
        standing = permit(context, tx, me, command)
        if standing.joined_at is not None:
            return Applied(room=command.room, seq=standing.head)
        policy.must_be_open(standing)
        is_nobodys = standing.created_by == me.id and not tx.owner_count(command.room)
        role: Role = "owner" if is_nobodys else "member"
        return Applied(room=command.room, seq=enter_room(context, tx, me, command.room, role, standing=standing).head)

    return await context.store.write(change)


async def leave(context: Context, me: Person, command: Leave) -> Applied:
    policy.may_close(command.room)

    def change(tx: Transaction) -> Applied:
        standing = permit(context, tx, me, command)
        if standing.joined_at is None:
            return Applied(room=command.room, seq=standing.head)
        if not standing.archived and tx.member_count(command.room) > 1:
            policy.must_keep_an_owner("room", standing.membership, None, tx.owner_count(command.room))
        who = stamp(context, tx, me, command.room)
        seq = tx.append(MemberLeft(**who, person=who["by"])).seq
        tx.announce(
            Envelope(
                person=me.id,
                room=command.room,
                seq=seq,
                membership="left",
                frame=Left(room=command.room).model_dump_json(exclude_none=True),
            )
        )
        return Applied(room=command.room, seq=seq)

    return await context.store.write(change)


async def rename(context: Context, me: Person, command: RenameRoom) -> Applied:
    policy.may_close(command.room)
    name = clean_name(command.name)
    rules.check_words(name, context.place())

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        room = policy.must_exist(tx.room(command.room))
        if room.name == name:
            return None
        if room.kind == "public":
            _must_be_free(tx, name, but=room.id)
        return RoomRenamed(**stamp, name=name)

    return await change_room(context, me, command, decide)


async def change_settings(context: Context, me: Person, command: SetRoom) -> Applied:
    wanted = command.model_dump(include={"announcement", "slow_s", "kind"}, exclude_none=True)
    if command.topic is not None:
        wanted["topic"] = clean_topic(command.topic)
        rules.check_words(wanted["topic"], context.place())

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        room = policy.must_exist(tx.room(command.room))
        changed = room.model_copy(update=wanted)
        if changed == room:
            return None
        if changed.kind != room.kind:
            policy.may_close(command.room)
            policy.permit("set_kind", standing, context.place(), stamp["at"])
            if changed.kind == "public":
                _must_be_free(tx, room.name, but=room.id)
        return RoomChanged(**stamp, **changed.model_dump(include={"kind", "topic", "announcement", "slow_s"}))

    return await change_room(context, me, command, decide)


async def archive(context: Context, me: Person, command: ArchiveRoom) -> Applied:
    policy.may_close(command.room)

    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        return None if standing.archived else RoomArchived(**stamp)

    return await change_room(context, me, command, decide)


async def directory(context: Context, me: Person, command: ListRooms) -> RoomPage:
    rooms = await context.store.read(lambda reader: reader.directory(me.id, after=command.after, limit=command.limit))
    return RoomPage(rooms=rooms)


async def members(context: Context, me: Person, command: ListMembers) -> MemberPage:
    def look(reader: Reader) -> MemberPage:
        permit(context, reader, me, command)
        page = reader.members(command.room, after=command.after, limit=command.limit)
        return MemberPage(members=page, count=reader.member_count(command.room))

    return await context.store.read(look)


async def here(context: Context, me: Person, command: WhoIsHere) -> Here:
    await context.store.read(lambda reader: permit(context, reader, me, command))
    people, count = context.presence.here(command.room, command.limit)
    return Here(people=people, count=count)


def enter_room(
    context: Context,
    tx: Transaction,
    me: Person,
    room: str,
    role: Role = "member",
    by: Person | None = None,
    standing: Standing | None = None,
) -> RoomSummary:
    """Makes the person a member and says so to all their connections. `by`: who put them there, if not they;
    `standing`: theirs in this room, if it has been read in this transaction.
    Raises Forbidden `banned` for somebody who is banned from this room."""
    now, standing = context.now(), standing or policy.must_exist(tx.standing(room, me.id))
    policy.must_not_be_banned(standing, now, by)
    newcomer = standing.author or me.author
    who = fresh(tx, by).author if by else newcomer
    tx.append(MemberJoined(room=room, seq=standing.head + 1, at=now, by=who, person=newcomer, role=role))
    return tell_joined(tx, me, room)


def tell_joined(tx: Transaction, me: Person, room: str) -> RoomSummary:
    """To all connections of somebody who has become a member."""
    summary = tx.summary(room, me.id)
    assert summary is not None
    frame = Joined(room=summary).model_dump_json(exclude_none=True)
    tx.announce(Envelope(person=me.id, room=room, seq=summary.head, membership="joined", frame=frame))
    return summary


def _public_id(context: Context, tx: Transaction, name: str) -> str:
    _must_be_free(tx, name)
    return room_slug(name, lambda slug: tx.room(slug) is not None, fallback=f"room-{context.now():x}")


def _must_be_free(reader: Reader, name: str, but: str | None = None) -> None:
    other = reader.room_named(name)
    if other and other.id != but:
        raise Conflict(f"There is already a room called “{other.name}”. Choose another name.", code="name_taken")
