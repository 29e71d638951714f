"""Looking for messages."""

from hubbub.core import policy
from hubbub.core.models import Found, Person
from hubbub.core.search import Place, read_query
from hubbub.errors import Invalid, NotFound
from hubbub.protocol import Search
from hubbub.service.context import Context
from hubbub.store import Reader

NAMESAKES_MAX = 100
"""People whose names begin the same way."""


async def search(context: Context, me: Person, command: Search) -> Found:
    """Raises Invalid `bad_search` or `empty_search` for what cannot be understood."""
    query = read_query(command.text, command.utc_offset_min)

    def look(reader: Reader) -> Found:
        rooms = {room for name in query.rooms for room in _rooms_called(reader, name, me)}
        if command.room:
            policy.permit("history", reader.standing(command.room, me.id), context.place(), context.now())
            rooms.add(command.room)
        authors = {person for name in query.people for person in _people_called(reader, name, me)}
        return reader.search(
            me.id,
            query,
            rooms=rooms or None,
            authors=authors or None,
            before=Place.read(command.before) if command.before else None,
            limit=command.limit,
        )

    async with context.searching:
        return await context.store.read(look)


def _rooms_called(reader: Reader, name: str, me: Person) -> set[str]:
    """By id or by name: names of private rooms may be the same, and those of others are as if they were not there."""
    public = reader.room_named(name)
    rooms = {*reader.private_rooms_named(me.id, name), *([public.id] if public else [])}
    if reader.summary(name.lower(), me.id):
        rooms.add(name.lower())
    if not rooms:
        raise NotFound(f"There is no room called “{name}”.", code="room_not_found")
    return rooms


def _people_called(reader: Reader, name: str, me: Person) -> list[str]:
    if name.lower() == "me":
        return [me.id]
    people = reader.people_named(name, NAMESAKES_MAX + 1)
    if not people:
        raise NotFound(f"Nobody is called “{name}”.", code="person_not_found")
    if len(people) > NAMESAKES_MAX:
        raise Invalid(f"Many names begin with “{name}”. Write more of the name.", code="bad_search")
    return people
