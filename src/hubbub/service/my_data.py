"""What somebody has here is theirs: they can take it with them, and have it deleted."""

from collections.abc import AsyncIterator
from functools import partial

from hubbub.core import policy
from hubbub.core.models import DELETED_NAME, Message, Person
from hubbub.errors import SignInNeeded
from hubbub.protocol import (
    Envelope,
    Export,
    ForgetMe,
    Left,
    MemberLeft,
    MemberRenamed,
    MemberRole,
    Nothing,
    OwnAccount,
    OwnMessage,
    OwnRoom,
)
from hubbub.service.change import stamp
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction

ROOMS_PAGE = 100
SPAN = 2_000
"""Events of a room that are looked through at once."""


async def forget_me(context: Context, me: Person, command: ForgetMe) -> Nothing:
    """At once: the name, the sessions, the memberships. What takes longer is done by `hubbub.service.caretaker`, also
    after a restart."""

    def change(tx: Transaction) -> Nothing:
        person = tx.person(me.id)
        if person is None or not tx.is_signed_in(me.id):
            raise SignInNeeded("This account has been deleted already.")
        policy.must_keep_an_owner("place", person.role, "guest", len(tx.people_with_role("owner")))
        gone = person.model_copy(update={"name": DELETED_NAME, "role": "guest"})
        tx.rename_person(me.id, DELETED_NAME)
        tx.set_role(me.id, "guest")
        for room in tx.rooms_of(me.id):
            who = stamp(context, tx, gone, room.id)
            tx.append(MemberRenamed(**who, person=gone.author))
            if (heir := tx.heir(room.id, me.id)) and not room.archived:
                tx.append(MemberRole(**who, person=heir, role="owner"))
            seq = tx.append(MemberLeft(**who, person=gone.author)).seq
            frame = Left(room=room.id).model_dump_json(exclude_none=True)
            tx.announce(Envelope(person=me.id, room=room.id, seq=seq, membership="left", frame=frame))
        tx.drop_account(me.id)
        tx.drop_links("reset", me.id)
        tx.begin_erasure(gone, command.messages)
        tx.announce(Envelope(person=me.id, ends="signed_out", erases=True, frame=""))
        return Nothing()

    return await context.store.write(change)


async def export(context: Context, me: Person) -> AsyncIterator[str]:
    """One JSON object in pieces: the person, their account, the rooms they are in, and every message of theirs that
    stands."""
    rooms, account = await context.store.read(lambda reader: (reader.rooms_of(me.id), reader.account(me.id)))
    own_account = OwnAccount.model_validate(account, from_attributes=True) if account else None
    own = [OwnRoom(id=room.id, name=room.name, role=room.role, read=room.read) for room in rooms]
    yield Export(person=me, account=own_account, rooms=own, messages=[]).model_dump_json().removesuffix("]}")
    between = "\n"
    async for room, after, up_to in spans(context):
        for message in await context.store.read(partial(_messages_by, me.id, room, after, up_to)):
            own_message = OwnMessage.model_validate(message.model_dump(include=set(OwnMessage.model_fields)))
            yield between + own_message.model_dump_json(exclude_none=True)
            between = ",\n"
    yield "\n]}\n"


async def spans(context: Context, room: str = "", seq: int = 0) -> AsyncIterator[tuple[str, int, int]]:
    """Goes through the logs of all rooms, after this `seq` of this room: in pieces of a room, after a `seq` and up to
    another."""
    rooms = [room] if room else []
    while rooms or (rooms := await context.store.read(partial(_rooms_after, room))):
        for room in rooms:
            heads = await context.store.read(partial(_head, room))
            for after in range(seq, heads, SPAN):
                yield room, after, min(after + SPAN, heads)
            seq = 0
        rooms = []


def _messages_by(person: str, room: str, after: int, up_to: int, reader: Reader) -> list[Message]:
    return reader.messages_by(person, room, after, up_to)


def _rooms_after(room: str, reader: Reader) -> list[str]:
    return reader.room_ids(room, ROOMS_PAGE)


def _head(room: str, reader: Reader) -> int:
    return reader.heads([room]).get(room, 0)
