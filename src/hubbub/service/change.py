"""What every change in a room has in common: who may, the transaction, and the answer."""

from collections.abc import Callable
from typing import TypedDict

from hubbub.core import policy
from hubbub.core.models import Author, Person
from hubbub.protocol import Applied, Event, InRoom
from hubbub.service.context import Context
from hubbub.store import Transaction


class Stamp(TypedDict):
    """The fields that all drafts of events share."""

    room: str
    seq: int
    at: int
    by: Author


def stamp(context: Context, tx: Transaction, me: Person, room: str) -> Stamp:
    """`seq` is 0 until the store gives the event its place. The name is read in the transaction: `me` may have been
    renamed since it was looked up."""
    return Stamp(room=room, seq=0, at=context.now(), by=(tx.person(me.id) or me).author)


async def change_room(
    context: Context, me: Person, command: InRoom, decide: Callable[[Transaction, Stamp], Event | Applied | None]
) -> Applied:
    """Runs `decide` in a transaction, for a member of an open room. It returns the draft of the event to append, made
    with the stamp, or None when everything is already as the command wants it, or an answer of its own."""

    def change(tx: Transaction) -> Applied:
        standing = policy.must_exist(tx.standing(command.room, me.id))
        policy.must_be_member(standing.joined_at)
        policy.must_be_open(standing)
        decision = decide(tx, Stamp(room=command.room, seq=0, at=context.now(), by=standing.author or me.author))
        if isinstance(decision, Applied):
            return decision
        seq = standing.head if decision is None else tx.append(decision).seq
        return Applied(room=command.room, seq=seq)

    return await context.store.write(change)
