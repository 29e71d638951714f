"""The index for search, in three plain tables, so that every database can have it and nothing of a text stays behind.

Messages are put into it in blocks of some thousands. In a block each message has a number, and each term a list of
the numbers of the messages that have it. What is asked for is looked up block by block, the newest first, until there
is enough: so a common word costs no more than a rare one. Messages that are in no block yet are read one by one.

SQLite's own full-text index was not taken: before SQLite 3.42 it keeps the words of deleted messages.
"""

import heapq
import json
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, Select, and_, bindparam, delete, func, insert, select, update

from hubbub.core.search import Place, Term
from hubbub.core.words import terms_of
from hubbub.store.tables import message, search_block, search_mark, search_term

LAST_CHARACTER = "\U0010ffff"
BLOCKS_AT_ONCE = 4
BLOCKS_AT_ONCE_MAX = 256

_block: BindParameter[int] = bindparam("in_block")
_blocks: BindParameter[Sequence[int]] = bindparam("blocks", expanding=True)
_rooms: BindParameter[Sequence[str]] = bindparam("rooms", expanding=True)
_limit: BindParameter[int] = bindparam("limit")

BLOCKS = select(search_block.c.id, search_block.c.first_at, search_block.c.last_at).order_by(
    search_block.c.last_at.desc()
)
BLOCKS_OF_TIME = select(search_block.c.id).where(
    search_block.c.last_at >= bindparam("at"), search_block.c.first_at <= bindparam("at")
)
CONTENTS = select(search_block).where(search_block.c.id.in_(_blocks))
WITH_TERM = select(search_term.c.block, search_term.c.docs).where(
    search_term.c.block.in_(_blocks), search_term.c.term == bindparam("term")
)
WITH_BEGINNING = select(search_term.c.block, search_term.c.docs).where(
    search_term.c.block.in_(_blocks), search_term.c.term >= bindparam("term"), search_term.c.term < bindparam("past")
)
NEW_BLOCK = insert(search_block)
NEXT_BLOCK = select(func.coalesce(func.max(search_block.c.id), 0) + 1)
NEW_TERM = insert(search_term)
_this_term = and_(search_term.c.block == _block, search_term.c.term == bindparam("which"))
NUMBERS = select(search_term.c.term, search_term.c.docs).where(
    search_term.c.block == _block, search_term.c.term.in_(bindparam("terms", expanding=True))
)
SET_NUMBERS = update(search_term).where(_this_term).values(docs=bindparam("numbers"))
DROP_TERM = delete(search_term).where(_this_term)

MARK = select(search_mark).where(search_mark.c.room == bindparam("room"))
SET_MARK = (
    update(search_mark)
    .where(search_mark.c.room == bindparam("in_room"))
    .values(backlog=bindparam("new_backlog"), done=bindparam("new_done"))
)
BACKLOG_ENDS = update(search_mark).where(search_mark.c.backlog > 0).values(backlog=0)
BACKLOG_LEFT = select(search_mark.c.room).where(search_mark.c.backlog > 0).limit(1)
BACKLOG_OF = BACKLOG_LEFT.where(search_mark.c.room.in_(_rooms))
TEXT = select(message.c.author, message.c.at, message.c.text, message.c.deleted).where(
    message.c.room == bindparam("room"), message.c.seq == bindparam("seq")
)
_of_mark = [search_mark.c.room, message.c.seq, message.c.at, message.c.author, message.c.text, message.c.deleted]
_new = select(*_of_mark, message.c.edited_at, search_mark.c.backlog, search_mark.c.done).join_from(
    search_mark, message, and_(message.c.room == search_mark.c.room, message.c.seq > search_mark.c.done)
)
_old = select(*_of_mark, message.c.edited_at, search_mark.c.backlog, search_mark.c.done).join_from(
    search_mark, message, and_(message.c.room == search_mark.c.room, message.c.seq <= search_mark.c.backlog)
)
NOT_INDEXED = _new.where(search_mark.c.room.in_(_rooms), ~message.c.deleted).order_by(search_mark.c.room)
NEXT_NEW = _new.order_by(search_mark.c.room, message.c.seq).limit(_limit)
NEXT_OLD = _old.where(search_mark.c.backlog > 0).order_by(search_mark.c.room, message.c.seq.desc()).limit(_limit)
"""In the order of the marks' primary key, so that nothing has to be sorted."""


# Asking ----------------------------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """Messages in one of `rooms`, of this time, with one term of each choice. What it gives has to be read before it
    is believed: an index knows words, not their order."""

    rooms: frozenset[str]
    choices: list[list[Term]]
    since: int
    until: int
    after: Place | None
    """Only what comes after this in the order of answers."""


def places(connection: Connection, wanted: Wanted, fits: Callable[[str], bool]) -> Iterator[Place | None]:
    """Newest first. None: many blocks have been looked into without finding anything. `fits` reads the texts of
    messages that are not in the index yet."""
    heap = [place.key for place in _not_indexed(connection, wanted, fits)]
    heapq.heapify(heap)
    heads = [
        head
        for head in connection.execute(BLOCKS).all()
        if head.first_at < wanted.until and head.last_at >= wanted.since
        if wanted.after is None or head.first_at <= wanted.after.at
    ]
    for some in _growing(heads):
        found = _candidates(connection, wanted.choices, [head.id for head in some])
        contents = {row.id: row for row in connection.execute(CONTENTS, {"blocks": list(found)}).all()} if found else {}
        for head in some:
            while heap and -heap[0][0] > head.last_at:
                yield _place(heapq.heappop(heap))
            if head.id in contents:
                for place in _of_block(contents[head.id], found[head.id], wanted):
                    heapq.heappush(heap, place.key)
        yield None
    while heap:
        yield _place(heapq.heappop(heap))


def complete(connection: Connection, rooms: Iterable[str]) -> bool:
    """Whether all messages of these rooms can be found."""
    return connection.execute(BACKLOG_OF, {"rooms": list(rooms)}).first() is None


def room_term(room: str) -> Term:
    return Term(f"\x01{room}")


def author_term(person: str) -> Term:
    return Term(f"\x02{person}")


def _not_indexed(connection: Connection, wanted: Wanted, fits: Callable[[str], bool]) -> Iterator[Place]:
    for row in connection.execute(NOT_INDEXED, {"rooms": list(wanted.rooms)}):
        place = Place(row.at, row.room, row.seq)
        if _in_time(place, wanted) and fits(row.text):
            yield place


def _growing(heads: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    """Few blocks first, which are enough for a common word; then more and more at once."""
    start, size = 0, BLOCKS_AT_ONCE
    while start < len(heads):
        yield heads[start : start + size]
        start, size = start + size, min(size * 4, BLOCKS_AT_ONCE_MAX)


def _candidates(connection: Connection, choices: list[list[Term]], blocks: list[int]) -> dict[int, set[int] | None]:
    """For each block that may have an answer, the numbers of the messages; None: all of them."""
    found: dict[int, set[int] | None] = dict.fromkeys(blocks)
    for choice in choices:
        having: dict[int, set[int]] = defaultdict(set)
        for term in choice:
            binds: dict[str, object] = {"blocks": list(found), "term": term.text}
            statement = WITH_TERM
            if term.open:
                statement, binds["past"] = WITH_BEGINNING, term.text + LAST_CHARACTER
            for block, docs in connection.execute(statement, binds):
                having[block].update(_unpack(docs))
        found = {
            block: numbers
            for block, before in found.items()
            if (numbers := having[block] if before is None else before & having[block])
        }
        if not found:
            break
    return found


def _of_block(row: Row[Any], numbers: set[int] | None, wanted: Wanted) -> Iterator[Place]:
    """The places of these messages that are wanted."""
    rooms, block = json.loads(row.rooms), _Places(row.places)
    wanted_rooms = {at for at, room in enumerate(rooms) if room in wanted.rooms}
    for number in range(block.count) if numbers is None else numbers:
        room = block.room(number)
        if room in wanted_rooms:
            place = Place(block.at(number), rooms[room], block.seq(number))
            if _in_time(place, wanted):
                yield place


def _in_time(place: Place, wanted: Wanted) -> bool:
    return wanted.since <= place.at < wanted.until and (wanted.after is None or place.key > wanted.after.key)


def _place(key: tuple[int, str, int]) -> Place:
    return Place(-key[0], key[1], -key[2])


# Making ----------------------------------------------------------------------------------------------------------


class Block(NamedTuple):
    """Messages made ready for the index, as they stood when they were read."""

    statement: Select[Any]
    """What gave them."""
    size: int
    state: list[tuple[Any, ...]]
    row: dict[str, object]
    terms: list[dict[str, object]]
    marks: list[dict[str, object]]


def next_block(connection: Connection, size: int) -> Block | None:
    """What is to be indexed next: `size` new messages, if there are so many; else old ones of a database that is
    older than its index."""
    rows = connection.execute(NEXT_NEW, {"limit": size}).all()
    if len(rows) == size:
        marks = {row.room: {"in_room": row.room, "new_backlog": row.backlog, "new_done": row.seq} for row in rows}
        return _made(NEXT_NEW, size, rows, marks)
    if connection.execute(BACKLOG_LEFT).first() is None:
        return None
    rows = connection.execute(NEXT_OLD, {"limit": size}).all()
    marks = {row.room: {"in_room": row.room, "new_backlog": row.seq - 1, "new_done": row.done} for row in rows}
    return _made(NEXT_OLD, size, rows, marks)


def add_block(connection: Connection, block: Block) -> bool:
    """False: something was changed since the block was read. Make it anew."""
    if _state_of(connection.execute(block.statement, {"limit": block.size}).all()) != block.state:
        return False
    if block.state:
        number = connection.execute(NEXT_BLOCK).scalar_one()
        connection.execute(NEW_BLOCK, {"id": number, **block.row})
        connection.execute(NEW_TERM, [{"block": number, **term} for term in block.terms])
        connection.execute(SET_MARK, block.marks)
    if block.statement is NEXT_OLD and len(block.state) < block.size:
        connection.execute(BACKLOG_ENDS)
    return True


def reindex(connection: Connection, room: str, seq: int, text: str | None) -> None:
    """Before a message is given another text, or is deleted (None). Afterwards nothing of the old text is left."""
    mark = connection.execute(MARK, {"room": room}).one()
    if mark.backlog < seq <= mark.done:
        row = connection.execute(TEXT, {"room": room, "seq": seq}).one()
        old = set() if row.deleted else _terms(room, row.author, row.text)
        new = set() if text is None else _terms(room, row.author, text)
        for block in connection.execute(BLOCKS_OF_TIME, {"at": row.at}).scalars().all():
            number = _number_in(connection, block, room, seq)
            if number is not None:
                _change(connection, block, number, old - new, new - old)
                return


def _made(statement: Select[Any], size: int, rows: Sequence[Row[Any]], marks: dict[str, dict[str, object]]) -> Block:
    rooms = {room: at for at, room in enumerate(dict.fromkeys(row.room for row in rows))}
    having: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if not row.deleted:
            for term in _terms(row.room, row.author, row.text):
                having[term].append(number)
    block = {
        "first_at": min((row.at for row in rows), default=0),
        "last_at": max((row.at for row in rows), default=0),
        "rooms": json.dumps(list(rooms)),
        "places": _Places.pack([(rooms[row.room], row.seq, row.at) for row in rows]),
    }
    terms: list[dict[str, object]] = [{"term": term, "docs": _pack(docs)} for term, docs in sorted(having.items())]
    return Block(statement, size, _state_of(rows), block, terms, list(marks.values()))


def _state_of(rows: Sequence[Row[Any]]) -> list[tuple[Any, ...]]:
    return [(row.room, row.seq, row.edited_at, row.deleted) for row in rows]


def _terms(room: str, author: str, text: str) -> set[str]:
    return terms_of(text) | {room_term(room).text, author_term(author).text}


def _number_in(connection: Connection, block: int, room: str, seq: int) -> int | None:
    row = connection.execute(CONTENTS, {"blocks": [block]}).one()
    rooms, found = json.loads(row.rooms), _Places(row.places)
    if room not in rooms:
        return None
    at = rooms.index(room)
    return next((n for n in range(found.count) if found.seq(n) == seq and found.room(n) == at), None)


def _change(connection: Connection, block: int, number: int, gone: set[str], come: set[str]) -> None:
    known = connection.execute(NUMBERS, {"in_block": block, "terms": sorted(gone | come)}).all()
    numbers = {row.term: set(_unpack(row.docs)) for row in known}
    lists = {term: sorted(numbers.get(term, set()) - {number}) for term in gone}
    lists |= {term: sorted(numbers.get(term, set()) | {number}) for term in come}

    def run(statement: Any, rows: list[dict[str, object]]) -> None:
        if rows:
            connection.execute(statement, rows)

    run(DROP_TERM, [{"in_block": block, "which": term} for term, left in lists.items() if not left])
    there = [(term, _pack(left)) for term, left in lists.items() if left]
    run(SET_NUMBERS, [{"in_block": block, "which": t, "numbers": n} for t, n in there if t in numbers])
    run(NEW_TERM, [{"block": block, "term": t, "docs": n} for t, n in there if t not in numbers])


# Bytes -----------------------------------------------------------------------------------------------------------


class _Places:
    """Of each message in a block: which of the block's rooms, `seq`, time."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self.count = len(packed) // 18

    @staticmethod
    def pack(places: list[tuple[int, int, int]]) -> bytes:
        longs = [seq for _, seq, _ in places] + [at for _, _, at in places]
        return _pack([room for room, _, _ in places]) + struct.pack(f"<{len(longs)}Q", *longs)

    def room(self, number: int) -> int:
        return int.from_bytes(self._packed[2 * number : 2 * number + 2], "little")

    def seq(self, number: int) -> int:
        return self._long(2 * self.count + 8 * number)

    def at(self, number: int) -> int:
        return self._long(10 * self.count + 8 * number)

    def _long(self, start: int) -> int:
        return int.from_bytes(self._packed[start : start + 8], "little")


def _pack(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


def _unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 2}H", packed)
