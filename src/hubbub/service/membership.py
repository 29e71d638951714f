"""Who is in which room, by the hand of others: direct conversations, people who are added, and roles."""

import hashlib

from hubbub.core import policy
from hubbub.core.models import Person, RoomSummary, Standing
from hubbub.errors import Invalid
from hubbub.protocol import (
    DIRECT_MAX,
    AddMember,
    Applied,
    Event,
    FindPeople,
    FoundPeople,
    MemberJoined,
    MemberRole,
    OpenDirect,
    RoomCreated,
    SetMemberRole,
)
from hubbub.service.change import Stamp, change_room, fresh, permit, stamp
from hubbub.service.context import Context
from hubbub.service.rooms import enter_room, tell_joined
from hubbub.store import Reader, Transaction

FOUND_MAX = 20
CONVERSATION = "Conversation"
"""Its name in the log. People see each other's names: they change, and are taken out of the log with their people."""
NAMESAKES_MAX = 100
"""People who are looked at to find those."""


async def open_direct(context: Context, me: Person, command: OpenDirect) -> RoomSummary:
    others = sorted({*command.people} - {me.id})
    if not others:
        raise Invalid("Choose somebody else to talk to.", code="nobody_chosen")
    if len(others) >= DIRECT_MAX:
        raise Invalid(f"At most {DIRECT_MAX} people are in one conversation. Create a room for more.", code="too_many")

    def change(tx: Transaction) -> RoomSummary:
        policy.permit_in_place("direct", fresh(tx, me), context.place())
        people = [_somebody(tx, person) for person in others]
        key = _key({me.id, *others})
        if room := tx.conversation(key):
            summary = tx.summary(room, me.id)
            assert summary is not None  # nobody leaves a conversation
            return summary
        return _begin(context, tx, fresh(tx, me), people, key)

    return await context.store.write(change)


async def add_member(context: Context, me: Person, command: AddMember) -> Applied:
    def change(tx: Transaction) -> Applied:
        standing = permit(context, tx, me, command)
        person = _somebody(tx, command.person)
        if tx.membership(command.room, person.id):
            return Applied(room=command.room, seq=standing.head)
        return Applied(room=command.room, seq=enter_room(context, tx, person, command.room, by=me).head)

    return await context.store.write(change)


async def set_role(context: Context, me: Person, command: SetMemberRole) -> Applied:
    def decide(tx: Transaction, stamp: Stamp, standing: Standing) -> Event | None:
        membership = policy.person_must_exist(tx.membership(command.room, command.person))
        if membership.role == command.role:
            return None
        policy.must_keep_an_owner("room", membership.role, command.role, tx.owner_count(command.room))
        person = policy.person_must_exist(tx.person(command.person))
        return MemberRole(**stamp, person=person.author, role=command.role)

    return await change_room(context, me, command, decide)


async def find_people(context: Context, me: Person, command: FindPeople) -> FoundPeople:
    def look(reader: Reader) -> FoundPeople:
        policy.permit_in_place("find_people", fresh(reader, me), context.place())
        people = (reader.person(person) for person in reader.people_named(command.name, NAMESAKES_MAX))
        found = [person.author for person in people if person and person.kind != "client" and person.id != me.id]
        return FoundPeople(people=found[:FOUND_MAX])

    return await context.store.read(look)


def _begin(context: Context, tx: Transaction, me: Person, people: list[Person], key: str) -> RoomSummary:
    room = context.new_id()
    tx.append(RoomCreated(**stamp(context, tx, me, room), name=CONVERSATION, kind="direct"))
    tx.add_conversation(key, room)
    everybody = [*people, me]
    for person in everybody:
        tx.append(MemberJoined(**stamp(context, tx, me, room), person=person.author))
    return [tell_joined(tx, person, room) for person in everybody][-1]  # each is told of all the others


def _somebody(reader: Reader, person: str) -> Person:
    """Somebody who can be talked to: tutorial clients cannot come back to a room."""
    found = reader.person(person)
    return policy.person_must_exist(found if found and found.kind != "client" else None)


def _key(people: set[str]) -> str:
    return hashlib.sha256("\n".join(sorted(people)).encode()).hexdigest()
