"""The place as a whole, and the people in it: who they are, who comes in, and what they are trusted with."""

from collections.abc import Callable
from functools import cache
from zoneinfo import available_timezones

from hubbub.core import policy
from hubbub.core.files import PICTURES
from hubbub.core.models import LOBBY, Person, Place, Profile
from hubbub.core.text import clean_name
from hubbub.errors import Forbidden, Invalid, NotFound
from hubbub.protocol import (
    Approve,
    Command,
    Envelope,
    GetProfile,
    ListPeople,
    ListWaiting,
    MakeResetLink,
    Nothing,
    PeoplePage,
    Refuse,
    ResetLink,
    SetAvatar,
    SetPlace,
    SetPlaceRole,
    SetProfile,
)
from hubbub.service.accounts import end_all_sessions, tell_moderators
from hubbub.service.audit import record
from hubbub.service.change import fresh
from hubbub.service.context import Context, token_hash
from hubbub.service.files import file_of
from hubbub.service.links import RESET_LASTS_MS, reset_link
from hubbub.service.people import profile_of, tell_person
from hubbub.service.rooms import enter_room
from hubbub.store import Reader, Transaction


async def profile(context: Context, me: Person, command: GetProfile) -> Profile:
    return await context.store.read(lambda reader: profile_of(reader, me, command.person))


async def set_profile(context: Context, me: Person, command: SetProfile) -> Profile:
    status = clean_name(command.status) if command.status and command.status.strip() else None
    if command.time_zone and command.time_zone not in _time_zones():
        raise Invalid("There is no such time zone. Write one as Europe/Berlin.", code="bad_time_zone")

    def change(tx: Transaction) -> Profile:
        _permit(context, tx, me, command)
        tx.set_profile(me.id, status, command.time_zone)
        return profile_of(tx, me, me.id)

    return await context.store.write(change)


async def set_avatar(context: Context, me: Person, command: SetAvatar) -> Profile:
    """Raises NotFound for a file that is not one's own, Invalid `not_a_picture`, Forbidden `no_account`."""

    def change(tx: Transaction) -> Profile:
        _permit(context, tx, me, command)
        if command.file and file_of(tx, me, command.file).type not in PICTURES:
            raise Invalid("Choose a PNG, JPEG, GIF or WebP picture.", code="not_a_picture")
        if tx.account(me.id) is None:
            raise Forbidden("Guests have no account. Sign up to get one.", code="no_account")
        tx.set_avatar(me.id, command.file)
        return profile_of(tx, me, me.id)

    profile = await context.store.write(change)
    context.sweeping.set()
    return profile


async def people(context: Context, me: Person, command: ListPeople) -> PeoplePage:
    def look(reader: Reader) -> PeoplePage:
        _permit(context, reader, me, command)
        return PeoplePage(people=reader.people(after=command.after, limit=command.limit))

    return await context.store.read(look)


async def waiting(context: Context, me: Person, command: ListWaiting) -> PeoplePage:
    def look(reader: Reader) -> PeoplePage:
        _permit(context, reader, me, command)
        return PeoplePage(people=reader.waiting())

    return await context.store.read(look)


async def approve(context: Context, me: Person, command: Approve) -> Nothing:
    def let_in(tx: Transaction, person: Person) -> None:
        tx.set_role(person.id, "member")
        tell_person(tx, fresh(tx, person))
        if tx.membership(LOBBY, person.id) is None:
            enter_room(context, tx, person, LOBBY)

    return await _decide(context, me, command, let_in)


async def refuse(context: Context, me: Person, command: Refuse) -> Nothing:
    def turn_away(tx: Transaction, person: Person) -> None:
        end_all_sessions(tx, person.id)
        tx.drop_account(person.id)

    return await _decide(context, me, command, turn_away)


async def set_place_role(context: Context, me: Person, command: SetPlaceRole) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        _permit(context, tx, me, command)
        person = _with_account(tx, command.person)
        if person.role == command.role:
            return Nothing()
        policy.must_keep_an_owner("place", person.role, command.role, len(tx.people_with_role("owner")))
        tx.set_role(person.id, command.role)
        record(tx, command.type, me, context.now(), person=person.id, reason=command.role)
        tell_person(tx, fresh(tx, person))
        end_all_sessions(tx, person.id)
        return Nothing()

    return await context.store.write(change)


async def make_reset_link(context: Context, me: Person, command: MakeResetLink) -> ResetLink:
    code, expires_at = context.new_token(), context.now() + RESET_LASTS_MS

    def change(tx: Transaction) -> ResetLink:
        _permit(context, tx, me, command)
        person = _with_account(tx, command.person)
        tx.add_link("reset", token_hash(code), person.id, expires_at)
        record(tx, command.type, me, context.now(), person=person.id)
        return ResetLink(link=reset_link(context.settings.public_url, code), expires_at=expires_at)

    return await context.store.write(change)


async def set_place(context: Context, me: Person, command: SetPlace) -> Place:
    name = clean_name(command.name) if command.name else None

    def change(tx: Transaction) -> Place:
        _permit(context, tx, me, command)
        now = tx.place() or context.place()
        wanted = {"name": name, "joining": command.joining, "guests": command.guests}
        changed = now.model_copy(update={field: value for field, value in wanted.items() if value})
        if changed != now:
            tx.set_place(changed)
            record(tx, command.type, me, context.now())
            tx.announce(Envelope(place=changed, frame=""))
        return changed

    return await context.store.write(change)


async def _decide(
    context: Context, me: Person, command: Approve | Refuse, do: Callable[[Transaction, Person], None]
) -> Nothing:
    def change(tx: Transaction) -> Nothing:
        _permit(context, tx, me, command)
        person = tx.person(command.person)
        if person is None or not person.waits:
            raise NotFound("Nobody waits under this name. Perhaps somebody else was quicker.", code="nobody_waits")
        do(tx, person)
        record(tx, command.type, me, context.now(), person=person.id)
        tell_moderators(tx)
        return Nothing()

    return await context.store.write(change)


def _permit(context: Context, reader: Reader, me: Person, command: Command) -> None:
    policy.permit_in_place(command.type, fresh(reader, me), context.place())


def _with_account(tx: Transaction, person: str) -> Person:
    found = tx.person(person)
    return policy.person_must_exist(found if found and found.kind == "account" and not found.waits else None)


@cache
def _time_zones() -> set[str]:
    return available_timezones()
