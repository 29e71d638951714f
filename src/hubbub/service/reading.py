"""What one has read, and what one is doing: read marks and typing."""

from hubbub.core import policy
from hubbub.core.models import Person
from hubbub.protocol import Envelope, MarkRead, MarkUnread, Nothing, Read, ReadState, SayTyping, Typing
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


async def mark_read(context: Context, me: Person, command: MarkRead) -> ReadState:
    def change(tx: Transaction) -> ReadState:
        membership = policy.must_be_member(tx.membership(command.room, me.id))
        head = policy.must_exist(tx.room(command.room)).head
        return _set_read(tx, me, command.room, max(membership.read, min(command.seq, head)), membership.read)

    return await context.store.write(change)


async def mark_unread(context: Context, me: Person, command: MarkUnread) -> ReadState:
    def change(tx: Transaction) -> ReadState:
        membership = policy.must_be_member(tx.membership(command.room, me.id))
        head = policy.must_exist(tx.room(command.room)).head
        return _set_read(tx, me, command.room, min(max(command.seq - 1, 0), head), membership.read)

    return await context.store.write(change)


async def say_typing(context: Context, me: Person, command: SayTyping) -> Nothing:
    def look(reader: Reader) -> None:
        policy.must_be_open(policy.must_exist(reader.room(command.room)))
        policy.must_be_member(reader.membership(command.room, me.id))

    await context.store.read(look)
    signal = Typing(room=command.room, person=me.author)
    context.bus.publish(Envelope(room=command.room, frame=signal.model_dump_json()))
    return Nothing()


def _set_read(tx: Transaction, me: Person, room: str, read: int, before: int) -> ReadState:
    """Stores the mark and tells the person's other connections."""
    unread = tx.unread(room, me.id, read)
    if read != before:
        tx.set_read(room, me.id, read)
        frame = Read(room=room, read=read, unread=unread).model_dump_json()
        tx.announce(Envelope(person=me.id, frame=frame))
    return ReadState(room=room, read=read, unread=unread)
