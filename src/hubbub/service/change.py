"""What every change in a room has in common: who may, the transaction, and the answer."""

from collections.abc import Callable
from typing import TypedDict

from hubbub.core import policy
from hubbub.core.models import Author, Person, Standing
from hubbub.protocol import Applied, Event, InRoom
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction


class Stamp(TypedDict):
    """The fields that all drafts of events share."""

    room: str
    seq: int
    """0 until the store gives the event its place. Who knows that place says it, which spares the store a copy."""
    at: int
    by: Author


def stamp(context: Context, tx: Transaction, me: Person, room: str) -> Stamp:
    """The name is read in the transaction: `me` may have been renamed since it was looked up."""
    return Stamp(room=room, seq=0, at=context.now(), by=fresh(tx, me).author)


def fresh(reader: Reader, me: Person) -> Person:
    """With the name and the role that the person has now."""
    return reader.person(me.id) or me


async def change_room(
    context: Context,
    me: Person,
    command: InRoom,
    decide: Callable[[Transaction, Stamp, Standing], Event | Applied | None],
) -> Applied:
    """Runs `decide` in a transaction, for somebody who may do what the command says. It returns the draft of the event
    to append, made with the stamp, or None when everything is already as the command wants it, or an answer of its
    own."""

    def change(tx: Transaction) -> Applied:
        now = context.now()
        standing = policy.permit(command.type, tx.standing(command.room, me.id), context.place(), now)
        stamped = Stamp(room=command.room, seq=standing.head + 1, at=now, by=standing.author or me.author)
        decision = decide(tx, stamped, standing)
        if isinstance(decision, Applied):
            return decision
        seq = standing.head if decision is None else tx.append(decision).seq
        return Applied(room=command.room, seq=seq)

    return await context.store.write(change)


def permit(context: Context, reader: Reader, me: Person, command: InRoom) -> Standing:
    """Lets somebody do what the command says, or raises; for what changes nothing, or more than one room."""
    return policy.permit(command.type, reader.standing(command.room, me.id), context.place(), context.now())
