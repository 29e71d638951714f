"""People: guests come, are recognised, and may change their names."""

import hashlib

from hubbub.core import policy
from hubbub.core.models import LOBBY, Person, PersonKind, RoomSummary
from hubbub.core.names import guest_name
from hubbub.core.shedding import Shed
from hubbub.core.text import clean_name
from hubbub.errors import Forbidden, Unavailable
from hubbub.protocol import ChangeName, Envelope, Me, MemberRenamed
from hubbub.service.change import stamp
from hubbub.service.context import Context
from hubbub.service.rooms import enter_room
from hubbub.store import Transaction

TAKEN_IDS_MAX = 1000


class People:
    """Who somebody is. Not commands: they happen before there is a person who could send one."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def arrive(self, name: str | None = None) -> tuple[Person, str]:
        """Makes a guest, in the lobby, and a session token for it. The id is the time of this first visit.
        Raises Forbidden when guests are not welcome, Invalid for a bad name, Unavailable `overloaded`."""
        if self._context.place().guests == "no":
            raise Forbidden("Guests are not welcome here.", code="no_guests")
        called = clean_name(name) if name else None
        self._context.shedding.check(Shed.READING)
        token = self._context.new_token()

        def change(tx: Transaction) -> Person:
            at = self._context.now()
            number = _free_number(tx, at)
            person = self._add(tx, "guest", number, called or guest_name(number), at)
            policy.may_be_called(person.name, person)
            tx.add_session(_hash(token), person.id, at)
            return person

        return await self._context.store.write(change), token

    async def who(self, token: str) -> Person | None:
        """The person whose session this is."""
        digest = _hash(token)
        return await self._context.store.read(lambda reader: reader.session(digest))

    async def client(self, number: int) -> Person:
        """The tutorial client with this number, in the lobby; made at its first message."""

        def change(tx: Transaction) -> Person:
            known = tx.person(f"client-{number}")
            return known or self._add(tx, "client", number, f"Client #{number}", self._context.now())

        return await self._context.store.write(change)

    async def rooms(self, me: Person) -> list[RoomSummary]:
        """The rooms that the person is in, the most recently active first."""
        return await self._context.store.read(lambda reader: reader.rooms_of(me.id))

    async def summary(self, me: Person, room: str) -> RoomSummary | None:
        return await self._context.store.read(lambda reader: reader.summary(room, me.id))

    def _add(self, tx: Transaction, kind: PersonKind, number: int, name: str, at: int) -> Person:
        person = tx.add_person(kind, f"{kind}-{number}", name, at)
        enter_room(self._context, tx, person, LOBBY)
        return person


async def change_name(context: Context, me: Person, command: ChangeName) -> Person:
    """Each room that the person is in has the change in its log, because it changes what its messages look like."""
    name = clean_name(command.name)
    policy.may_be_called(name, me)

    def change(tx: Transaction) -> Person:
        person = tx.person(me.id)
        assert person is not None
        if person.name == name:
            return person
        renamed = person.model_copy(update={"name": name})
        tx.rename_person(me.id, name)
        for room in tx.rooms_of(me.id):
            tx.append(MemberRenamed(**stamp(context, tx, renamed, room.id), person=renamed.author))
        frame = Me(person=renamed).model_dump_json()
        tx.announce(Envelope(person=me.id, renamed=renamed, frame=frame))
        return renamed

    return await context.store.write(change)


def _free_number(tx: Transaction, at: int) -> int:
    """Two guests may come in the same millisecond."""
    for number in range(at, at + TAKEN_IDS_MAX):
        if tx.person(f"guest-{number}") is None:
            return number
    raise Unavailable("Too many people arrived at once. Try again.", code="busy", retry_after_s=1.0)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
