"""Answers to a search: what the index proposes, read and judged."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select

from hubbub.core.models import Found, Hit, Piece
from hubbub.core.search import Place, Query
from hubbub.core.words import Folded
from hubbub.store.index import LAST_CHARACTER, TEXT, Wanted, author_term, complete, places, room_term
from hubbub.store.prepared import Driver
from hubbub.store.tables import membership, person_name

if TYPE_CHECKING:
    from hubbub.store.reader import SqlReader

TERMS_MAX = 20
"""The index is asked for so many words of a question; the others are read in the texts."""
TEXTS_MAX = 500
"""Texts that are read for one page of answers."""
LOOKS_MAX = 12
"""Looks into the index for one page: some 2,400 blocks, or 5,000,000 messages."""
ROOMS_BY_TERM_MAX = 8
"""So many rooms are asked for by the index; more are told apart afterwards."""
FOREVER = 2**63

ROOMS_OF = select(membership.c.room).where(membership.c.person == bindparam("person"))
NAMED = (
    select(person_name.c.person)
    .where(person_name.c.key >= bindparam("key"), person_name.c.key < bindparam("past"))
    .order_by(person_name.c.key)
    .limit(bindparam("limit"))
)


def find(
    reader: "SqlReader",
    connection: Connection,
    driver: Driver,
    query: Query,
    rooms: Collection[str],
    authors: Collection[str] | None,
    before: Place | None,
    limit: int,
) -> Found:
    """The promise is `hubbub.store.Reader.search`."""
    choices = [[term] for term in query.terms()[:TERMS_MAX]]
    if authors is not None:
        choices.append([author_term(author) for author in authors])
    if len(rooms) <= ROOMS_BY_TERM_MAX:
        choices.append([room_term(room) for room in rooms])
    until = FOREVER if query.until is None else query.until
    wanted = Wanted(frozenset(rooms), choices, query.since or 0, until, before)
    hits: list[Hit] = []
    texts = looks = 0
    last: Place | None = None
    more = False
    for place, is_message in places(connection, wanted, lambda text: query.match(text) is not None):
        more = (len(hits) == limit if is_message else looks == LOOKS_MAX) or texts == TEXTS_MAX
        if more:
            break
        last = place
        if not is_message:
            looks += 1
            continue
        texts += 1
        snippet = _judged(driver, query, authors, place)
        if snippet is not None:
            hits.append(_hit(reader, place, snippet))
    return Found(hits=hits, before=str(last) if more else None, complete=complete(connection, rooms))


def rooms_of(connection: Connection, person: str) -> list[str]:
    return list(connection.execute(ROOMS_OF, {"person": person}).scalars())


def people_named(connection: Connection, beginning: str, limit: int) -> list[str]:
    key = Folded(beginning).bare
    binds = {"key": key, "past": key + LAST_CHARACTER, "limit": limit}
    return list(connection.execute(NAMED, binds).scalars())


def _judged(driver: Driver, query: Query, authors: Collection[str] | None, place: Place) -> list[Piece] | None:
    [row] = TEXT.run(driver, {"room": place.room, "seq": place.seq})
    if row.deleted or (authors is not None and row.author not in authors):
        return None
    return query.match(row.text)


def _hit(reader: "SqlReader", place: Place, snippet: list[Piece]) -> Hit:
    message, room = reader.message(place.room, place.seq), reader.room(place.room)
    assert message is not None
    assert room is not None
    return Hit(message=message, room_name=room.name, snippet=snippet)
