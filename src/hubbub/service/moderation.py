"""Against people: silence them, take them out of a room, keep them out; and end that again."""

from hubbub.core import policy
from hubbub.core.models import FOREVER, LOBBY, Author, Person, Role, Sanction, Standing
from hubbub.errors import Forbidden, NotFound
from hubbub.protocol import (
    Against,
    Applied,
    Ban,
    Envelope,
    Kick,
    Left,
    ListSanctions,
    MemberLeft,
    Mute,
    Muted,
    Nothing,
    SanctionPage,
    Unban,
    Unmute,
)
from hubbub.service.audit import may_look, record
from hubbub.service.change import permit, stamp
from hubbub.service.context import Context
from hubbub.store import Reader, Transaction

ADDRESS_BAN_MS = 24 * 3_600_000
"""Addresses come to other people: for no longer than a day."""
SANCTIONS_MAX = 100


async def mute(context: Context, me: Person, command: Mute) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        them = _them(context, tx, me, command, "mute_in_place")
        until = _impose(context, tx, me, them, command, command.minutes)
        _tell(tx, command, until, command.reason)
        return Nothing()

    return await context.store.write(change)


async def unmute(context: Context, me: Person, command: Unmute) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        _them(context, tx, me, command, "mute_in_place")
        tx.drop_sanction(command.person, command.room or "", "mute")
        _record(context, tx, me, command)
        _tell(tx, command, 0, "")
        return Nothing()

    return await context.store.write(change)


async def ban(context: Context, me: Person, command: Ban) -> Nothing:
    """Of a room: they are taken out of it. Of the place: their sessions end; a guest's address is banned too, unless
    everybody might come from there."""
    if command.room == LOBBY:
        raise Forbidden("Nobody can be banned from the lobby alone. Ban them from the whole place.", code="lobby_stays")

    def change(tx: Transaction) -> Nothing:
        them = _them(context, tx, me, command, "ban_in_place")
        until = _impose(context, tx, me, them, command, command.minutes)
        if command.room:
            _take_out(context, tx, me, them, command.room, "banned", command.reason)
        else:
            tx.end_sessions(them.id)
            tx.announce(Envelope(person=them.id, ends="banned", frame=""))
            if address := tx.address_of(them.id):
                tx.ban_address(address, them.id, min(until, context.now() + ADDRESS_BAN_MS))
        return Nothing()

    return await context.store.write(change)


async def unban(context: Context, me: Person, command: Unban) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        _them(context, tx, me, command, "ban_in_place")
        tx.drop_sanction(command.person, command.room or "", "ban")
        _record(context, tx, me, command)
        return Nothing()

    return await context.store.write(change)


async def kick(context: Context, me: Person, command: Kick) -> Applied:
    if command.room == LOBBY:
        raise Forbidden("Nobody can be removed from the lobby. Silence or ban them.", code="lobby_stays")

    def change(tx: Transaction) -> Applied:
        head = permit(context, tx, me, command).head
        them = _lower(context, tx, me, command.person, command.room)
        seq = _take_out(context, tx, me, them, command.room, "kicked", command.reason)
        if seq:
            record(
                tx, "kick", me, context.now(), person=command.person, room=command.room, reason=command.reason.strip()
            )
        return Applied(room=command.room, seq=seq or head)

    return await context.store.write(change)


async def sanctions(context: Context, me: Person, command: ListSanctions) -> SanctionPage:
    def look(reader: Reader) -> SanctionPage:
        may_look(context, reader, me, "sanctions", command.room)
        return SanctionPage(sanctions=reader.sanctions(command.room, context.now(), SANCTIONS_MAX))

    return await context.store.read(look)


def _them(context: Context, tx: Transaction, me: Person, command: Against, in_place: str) -> Author:
    """Whom the command is about, when it may be done to them."""
    if command.room:
        policy.permit(command.type, tx.standing(command.room, me.id), context.place(), context.now())
    else:
        policy.permit_in_place(in_place, tx.person(me.id) or me, context.place())
    return _lower(context, tx, me, command.person, command.room)


def _lower(context: Context, tx: Transaction, me: Person, person: str, room: str | None) -> Author:
    them = tx.person(person)
    if them is None:
        raise NotFound("There is no such person.", code="person_not_found")
    if room:
        mine, theirs = tx.standing(room, me.id), tx.standing(room, person)
        assert mine is not None
        assert theirs is not None
        policy.may_sanction(me.id, _role(mine), person, _role(theirs))
    else:
        policy.may_sanction(me.id, (tx.person(me.id) or me).role, person, them.role)
    return them.author


def _role(standing: Standing) -> Role:
    return policy.role_of(standing.membership, standing.place)


def _impose(
    context: Context, tx: Transaction, me: Person, them: Author, command: Mute | Ban, minutes: int | None
) -> int:
    now = context.now()
    until = None if minutes is None else now + minutes * 60_000
    tx.set_sanction(
        Sanction(
            person=them,
            kind=command.type,
            room=command.room,
            until=until,
            at=now,
            by=me.author,
            reason=command.reason.strip(),
        )
    )
    _record(context, tx, me, command, until)
    return FOREVER if until is None else until


def _record(context: Context, tx: Transaction, me: Person, command: Against, until: int | None = None) -> None:
    record(
        tx,
        command.type,
        me,
        context.now(),
        person=command.person,
        room=command.room,
        until=until,
        reason=command.reason.strip(),
    )


def _tell(tx: Transaction, command: Against, until: int, reason: str) -> None:
    frame = Muted(room=command.room, until=until, reason=reason.strip()).model_dump_json(exclude_none=True)
    tx.announce(Envelope(person=command.person, frame=frame))


def _take_out(
    context: Context, tx: Transaction, me: Person, them: Author, room: str, why: str, reason: str
) -> int | None:
    """None: they are not in the room."""
    if tx.membership(room, them.id) is None:
        return None
    seq = tx.append(MemberLeft(**stamp(context, tx, me, room), person=them)).seq
    left = Left.model_validate({"room": room, "why": why, "reason": reason.strip() or None})
    frame = left.model_dump_json(exclude_none=True)
    tx.announce(Envelope(person=them.id, room=room, seq=seq, membership="left", frame=frame))
    return seq
