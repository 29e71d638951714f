"""Invitations: links that lead into a room or into the place, for one or many people, for a while or for good."""

from typing import NamedTuple

from hubbub.core import policy
from hubbub.core.models import LOBBY, Invite, Person, RoomSummary
from hubbub.errors import Conflict, HubbubError
from hubbub.protocol import AcceptInvite, CreateInvite, Invitation, Invites, ListInvites, Nothing, RevokeInvite
from hubbub.service.change import fresh
from hubbub.service.context import Context, token_hash
from hubbub.service.rooms import enter_room
from hubbub.store import Reader, Transaction

INVITES_MAX = 100
"""That can be accepted, of one room or of the place."""
HOUR_MS = 3_600_000


class Invited(NamedTuple):
    """What an invitation tells whoever holds its code, and what it is good for."""

    by: str
    """The name of whoever invites."""
    room: str | None
    """The name of the room; None: into the place."""
    signs_up: bool
    """Whether it lets people sign up where not everybody may."""


async def create(context: Context, me: Person, command: CreateInvite) -> Invitation:
    code = context.new_token()

    def change(tx: Transaction) -> Invite:
        _permit(context, tx, "invite", me, command.room)
        now = context.now()
        if len(tx.invites(command.room, now)) >= INVITES_MAX:
            words = f"There are {INVITES_MAX} invitations already that can be accepted. Revoke some first."
            raise Conflict(words, code="too_many_invites")
        invite = Invite(
            id=context.new_id()[:16],
            room=command.room,
            by=fresh(tx, me).author,
            created_at=now,
            expires_at=None if command.hours is None else now + command.hours * HOUR_MS,
            uses_left=command.uses,
        )
        tx.add_invite(invite, token_hash(code))
        return invite

    invite = await context.store.write(change)
    link = f"{(command.address or '').rstrip('/')}/i/{code}"
    return Invitation(invite=invite, link=link, qr=_qr(link) if command.address else None)


async def listed(context: Context, me: Person, command: ListInvites) -> Invites:
    def look(reader: Reader) -> Invites:
        _permit(context, reader, "invites", me, command.room)
        return Invites(invites=reader.invites(command.room, context.now()))

    return await context.store.read(look)


async def revoke(context: Context, me: Person, command: RevokeInvite) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        _permit(context, tx, "revoke_invite", me, command.room)
        here = (invite for invite in tx.invites(command.room, context.now()) if invite.id == command.invite)
        tx.drop_invite(policy.invite_must_work(next(here, None)).id)
        return Nothing()

    return await context.store.write(change)


async def accept_it(context: Context, me: Person, command: AcceptInvite) -> RoomSummary:
    def change(tx: Transaction) -> RoomSummary:
        person = fresh(tx, me)
        policy.permit_in_place("accept_invite", person, context.place())
        summary = tx.summary(accept(context, tx, command.code, person), me.id)
        assert summary is not None
        return summary

    return await context.store.write(change)


def accept(context: Context, tx: Transaction, code: str, person: Person, *, signs_up: bool = False) -> str:
    """Lets the person in where the code leads, and returns that room: the lobby when it leads into the place. Whoever
    is there already does not use it up; into the place it is used up by those who sign up with it.
    Raises NotFound `invite_not_found`, for whatever reason it does not work."""
    invite = policy.invite_must_work(_working(context, tx, code))
    comes = signs_up if invite.room is None else tx.membership(invite.room, person.id) is None
    if comes and invite.room:
        enter_room(context, tx, person, invite.room)
    if comes:
        tx.use_invite(invite.id)
    return invite.room or LOBBY


def vouches(context: Context, reader: Reader, code: str) -> bool:
    """Whether whoever made the invitation may bring people into the place: then nobody else has to let them in. Who
    may only invite to a room cannot. Raises NotFound `invite_not_found`."""
    invite = policy.invite_must_work(_working(context, reader, code))
    try:
        _permit(context, reader, "invite", policy.person_must_exist(reader.person(invite.by.id)), None)
    except HubbubError:
        return False
    return True


async def look_at(context: Context, code: str) -> Invited:
    """Who invites where. Raises NotFound `invite_not_found`."""

    def look(reader: Reader) -> Invited:
        invite = policy.invite_must_work(_working(context, reader, code))
        room = reader.room(invite.room) if invite.room else None
        return Invited(invite.by.name, room.name if room else None, vouches(context, reader, code))

    return await context.store.read(look)


def _working(context: Context, reader: Reader, code: str) -> Invite | None:
    """An invitation is worth no more than what whoever made it may do now."""
    invite = reader.invite(token_hash(code), context.now())
    maker = reader.person(invite.by.id) if invite else None
    if invite is None or maker is None or reader.banned_until(maker.id) > context.now():
        return None
    try:
        _permit(context, reader, "invite", maker, invite.room)
    except HubbubError:
        return None
    return invite


def _permit(context: Context, reader: Reader, action: str, me: Person, room: str | None) -> None:
    if room is None:
        policy.permit_in_place("invite_to_place", fresh(reader, me), context.place())
    else:
        policy.permit(action, reader.standing(room, me.id), context.place(), context.now())


def _qr(link: str) -> str:
    """Dark on light with the margin that readers need, whatever the colours around it (ISO/IEC 18004, section 9.1)."""
    import segno  # not before somebody is invited

    return segno.make(link, error="m", micro=False).svg_inline(omitsize=True, dark="#000", light="#fff", border=4)
