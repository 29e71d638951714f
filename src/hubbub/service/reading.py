"""What one has read, and what one is doing: read marks and typing."""

from hubbub.core import policy
from hubbub.core.models import Membership, Person
from hubbub.protocol import Envelope, MarkRead, MarkUnread, Nothing, Read, ReadState, SayTyping
from hubbub.service.change import permit
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


async def mark_read(context: Context, me: Person, command: MarkRead) -> ReadState:
    def change(tx: Transaction) -> ReadState:
        head = permit(context, tx, me, command).head
        membership = policy.must_be_member(tx.membership(command.room, me.id))
        return _set_read(tx, me, membership, max(membership.read, min(command.seq, head)), head)

    return await context.store.write(change)


async def mark_unread(context: Context, me: Person, command: MarkUnread) -> ReadState:
    def change(tx: Transaction) -> ReadState:
        head = permit(context, tx, me, command).head
        membership = policy.must_be_member(tx.membership(command.room, me.id))
        return _set_read(tx, me, membership, min(max(command.seq - 1, 0), head), head)

    return await context.store.write(change)


async def say_typing(context: Context, me: Person, command: SayTyping) -> Nothing:
    def look(reader: Reader) -> None:
        standing = permit(context, reader, me, command)
        if standing.announcement:
            policy.permit("announce", standing, context.place(), context.now())

    await context.store.read(look)
    context.bus.publish(Envelope(room=command.room, typing=me.author, frame=""))
    return Nothing()


def _set_read(tx: Transaction, me: Person, membership: Membership, read: int, head: int) -> ReadState:
    """Stores the mark and tells the person's other connections."""
    state = ReadState(room=membership.room, read=read, unread=tx.unread(membership.room, me.id, read), head=head)
    if read != membership.read:
        tx.set_read(state.room, me.id, read)
        frame = Read(**state.model_dump()).model_dump_json()
        tx.announce(Envelope(person=me.id, frame=frame))
    return state
