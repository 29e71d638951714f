"""People: guests come, are recognised, and may change their names."""

from collections import OrderedDict
from contextlib import suppress

from hubbub.core import policy, rules
from hubbub.core.addresses import home_of, is_shared
from hubbub.core.models import LOBBY, Person, PersonKind, Profile, RoomSummary
from hubbub.core.names import guest_name
from hubbub.core.shedding import Shed
from hubbub.core.text import clean_name
from hubbub.core.visits import NOWHERE, Visit
from hubbub.errors import Forbidden, SignInNeeded, Unavailable
from hubbub.protocol import ChangeName, Envelope, Me, MemberRenamed
from hubbub.service.change import fresh, stamp
from hubbub.service.context import Context, token_hash
from hubbub.service.rooms import enter_room
from hubbub.store import Reader, SignedIn, Transaction

TAKEN_IDS_MAX = 1000
SEEN_EVERY_MS = 3_600_000
SESSION_LASTS_MS = 365 * 24 * 3_600_000
"""After its last use."""
LATELY_MAX = 5_000
"""Sessions that are kept in mind, about 5 MB."""


class People:
    """Who somebody is. Not commands: they happen before there is a person who could send one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lately: OrderedDict[str, SignedIn] = OrderedDict()
        """By the hash of their token; the last asked for at the end."""

    async def arrive(self, name: str | None = None, visit: Visit = NOWHERE) -> tuple[Person, str]:
        """Makes a guest, in the lobby, and a session token for it. The id is the time of this first visit.
        Raises Forbidden when guests are not welcome or this address is banned, Invalid for a bad name, Unavailable
        `overloaded`."""
        if self._context.place().guests == "no":
            raise Forbidden("Guests are not welcome here.", code="no_guests")
        called = clean_name(name) if name else None
        rules.check_words(called or "", self._context.place())
        self._context.shedding.check(Shed.READING)
        token = self._context.new_token()

        digest, now = token_hash(token), self._context.now()

        def change(tx: Transaction) -> SignedIn:
            must_be_welcome_from(tx, visit.address, now)
            person = add_person(self._context, tx, "guest", called)
            session = tx.add_session(digest, person.id, now, visit.agent, visit.address)
            if not is_shared(visit.address):
                tx.remember_address(person.id, home_of(visit.address))
            return SignedIn(person, session, now)

        arrived = await self._context.store.write(change)
        self._keep_in_mind(digest, arrived)
        return arrived.person, token

    async def who(self, token: str) -> SignedIn | None:
        """The person whose session this is. Its last use is written down once an hour."""
        digest, now = token_hash(token), self._context.now()
        found = await self._context.store.read(lambda reader: reader.session(digest))
        if found is None or now - found.seen_at > SESSION_LASTS_MS:
            self._lately.pop(digest, None)
            return None
        if now - found.seen_at > SEEN_EVERY_MS:
            with suppress(Unavailable):  # a full disk keeps nobody out
                await self._context.store.write(lambda tx: tx.saw_session(found.person.id, found.session, now))
        self._keep_in_mind(digest, found._replace(seen_at=now))
        return found

    def who_lately(self, token: str) -> SignedIn | None:
        """The same, when it was asked for lately: as it was then. It may have ended since, and the person changed, so
        this lets nobody do anything before `greet`."""
        digest = token_hash(token)
        found = self._lately.get(digest)
        if found is None or self._context.now() - found.seen_at > SEEN_EVERY_MS:
            return None
        self._keep_in_mind(digest, found)
        return found

    def _keep_in_mind(self, digest: str, found: SignedIn) -> None:
        self._lately[digest] = found
        self._lately.move_to_end(digest)
        if len(self._lately) > LATELY_MAX:
            self._lately.popitem(last=False)

    async def leave(self, me: SignedIn) -> None:
        """Ends the session."""
        await self._context.store.write(lambda tx: end_session(tx, me.person.id, me.session))

    async def client(self, number: int) -> Person:
        """The tutorial client with this number, in the lobby; made at its first message."""

        def change(tx: Transaction) -> Person:
            known = tx.person(f"client-{number}")
            return known or _add(self._context, tx, "client", number, f"Client #{number}")

        return await self._context.store.write(change)

    async def greet(self, person: str, session: str) -> tuple[Person, list[RoomSummary]]:
        """Who the person is now, and their rooms, for a connection that was opened with this session. Raises
        SignInNeeded when it has ended, Forbidden for somebody who may do nothing now."""

        def look(reader: Reader) -> tuple[Person, list[RoomSummary]]:
            found = reader.signed_in(person, session)
            if found is None:
                raise SignInNeeded("Nobody is signed in.")
            return policy.must_be_let_in(found, self._context.place()), reader.rooms_of(person)

        return await self._context.store.read(look, patient=True)

    async def rooms(self, me: Person) -> list[RoomSummary]:
        """The rooms that the person is in, the most recently active first. Raises SignInNeeded for somebody who has had
        to go since they were recognised."""

        def look(reader: Reader) -> list[RoomSummary]:
            if not reader.is_signed_in(me.id):
                raise SignInNeeded("Nobody is signed in.")
            return reader.rooms_of(me.id)

        return await self._context.store.read(look)

    async def waiting(self, me: Person) -> int:
        """How many accounts wait for approval, for those who may approve; 0 for others."""
        if me.role not in ("moderator", "owner"):
            return 0
        return len(await self._context.store.read(lambda reader: reader.waiting()))

    async def summary(self, me: Person, room: str) -> RoomSummary | None:
        return await self._context.store.read(lambda reader: reader.summary(room, me.id))


def add_person(
    context: Context, tx: Transaction, kind: PersonKind, name: str | None = None, *, enters: bool = True
) -> Person:
    """In the lobby, unless it is said otherwise; without a name under one of ours. Raises Conflict `name_taken`."""
    number = _free_number(tx, kind, context.now())
    person = _add(context, tx, kind, number, name or guest_name(number), enters=enters)
    must_be_free(tx, person.name, person)
    return person


def rename(context: Context, tx: Transaction, me: Person, name: str) -> Person:
    """Each room that the person is in has the change in its log, because it changes what its messages look like.
    Raises Conflict `name_taken`."""
    if me.name == name:
        return me
    must_be_free(tx, name, me)
    renamed = me.model_copy(update={"name": name})
    tx.rename_person(me.id, name)
    for room in tx.rooms_of(me.id):
        tx.append(MemberRenamed(**stamp(context, tx, renamed, room.id), person=renamed.author))
    tell_person(tx, renamed)
    return renamed


def tell_person(tx: Transaction, person: Person) -> None:
    """To all their connections: who they are now."""
    tx.announce(Envelope(person=person.id, changed=person, frame=Me(person=person).model_dump_json()))


def profile_of(reader: Reader, me: Person, person: str) -> Profile:
    """Raises NotFound. Somebody who waits is known to moderators alone."""
    found = policy.person_must_exist(reader.profile(person))
    if found.kind == "account" and found.role == "guest":
        policy.person_must_exist(found if fresh(reader, me).role in ("moderator", "owner") else None)
    return found


def must_be_welcome_from(tx: Transaction, address: str, now: int) -> None:
    """Raises Forbidden while an address is banned, from which somebody new comes."""
    policy.must_be_welcome(tx.address_banned_until(home_of(address)), now)


def end_session(tx: Transaction, person: str, session: str) -> None:
    """Whoever is connected by it is cut off."""
    tx.end_session(person, session)
    tx.announce(Envelope(person=person, ends="signed_out", session=session, frame=""))


def must_be_free(tx: Transaction, name: str, me: Person) -> None:
    policy.may_be_called(name, me)
    policy.must_be_nobody_elses(name, tx.is_a_members_name(name, me.id))


async def change_name(context: Context, me: Person, command: ChangeName) -> Person:
    name = clean_name(command.name)
    rules.check_words(name, context.place())
    return await context.store.write(lambda tx: rename(context, tx, fresh(tx, me), name))


def _add(context: Context, tx: Transaction, kind: PersonKind, number: int, name: str, *, enters: bool = True) -> Person:
    person = tx.add_person(kind, f"{kind}-{number}", name, context.now())
    if enters:
        enter_room(context, tx, person, LOBBY)
    return person


def _free_number(tx: Transaction, kind: PersonKind, at: int) -> int:
    """Two people may come in the same millisecond."""
    for number in range(at, at + TAKEN_IDS_MAX):
        if tx.person(f"{kind}-{number}") is None:
            return number
    raise Unavailable("Too many people arrived at once. Try again.", code="busy", retry_after_s=1.0)
