"""The index for search, in three plain tables, so that every database can have it and nothing of a text stays behind.

Messages are put into it in blocks of some thousands. In a block each message has a number, and each term a list of
the numbers of the messages that have it. What is asked for is looked up block by block, the newest first, until there
is enough: so a common word costs no more than a rare one. Messages that are in no block yet are read one by one.

SQLite's own full-text index was not taken: before SQLite 3.42 it keeps the words of deleted messages.
"""

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from hubbub.core.search import Place, Term
from hubbub.core.words import terms_of
from hubbub.store.packed import BLOCK_MAX, numbers_of, pack, pack_places, places_of, unpack
from hubbub.store.prepared import Driver, Prepared
from hubbub.store.tables import message, search_block, search_mark, search_term

ROOM_SIGN, AUTHOR_SIGN = "\x01", "\x02"
"""Rooms and authors are terms too; no word begins so."""
LAST_CHARACTER = "\U0010ffff"
ALL = 2**BLOCK_MAX - 1
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
TEXT = Prepared(
    select(message.c.author, message.c.at, message.c.text, message.c.deleted).where(
        message.c.room == bindparam("room"), message.c.seq == bindparam("seq")
    )
)
_is_deleted = type_coerce(message.c.deleted, Integer).label("deleted")
_row: list[Any] = [*search_mark.c, message.c.seq, message.c.text, _is_deleted, message.c.at, message.c.author]
_new = and_(message.c.room == search_mark.c.room, message.c.seq > search_mark.c.done)
_old = and_(message.c.room == search_mark.c.room, message.c.seq <= search_mark.c.backlog)
_all_new = select(*_row).join_from(search_mark, message, _new)
_all_old = select(*_row).join_from(search_mark, message, _old)
NOT_INDEXED = _all_new.where(search_mark.c.room.in_(_rooms), ~message.c.deleted).order_by(search_mark.c.room)
NEXT_NEW = Prepared(_all_new.order_by(search_mark.c.room, message.c.seq).limit(_limit))
NEXT_OLD = Prepared(
    _all_old.where(search_mark.c.backlog > 0).order_by(search_mark.c.room, message.c.seq.desc()).limit(_limit)
)
"""In the order of the marks' primary key, so that nothing has to be sorted."""
_as_before = [search_mark.c[name] == bindparam(name) for name in ("room", "backlog", "done")]
_within = and_(
    message.c.room == search_mark.c.room, message.c.seq > bindparam("after"), message.c.seq <= bindparam("end")
)
STRETCH = Prepared(
    select(message.c.seq, message.c.text, _is_deleted)
    .join_from(search_mark, message, _within)
    .where(*_as_before)
    .order_by(message.c.seq)
)


# Asking ----------------------------------------------------------------------------------------------------------


Key = tuple[int, str, int]
"""`Place.key`."""
Ahead = tuple[Key, list[Key], int]
"""The next one of a list of keys, the list, and how many were taken before it."""


class Wanted(NamedTuple):
    """Messages in one of `rooms`, of this time, with one term of each choice. What it gives has to be read before it
    is believed: an index knows words, not their order."""

    rooms: frozenset[str]
    choices: list[list[Term]]
    since: int
    until: int
    after: Place | None
    """Only what comes after this in the order of answers."""


def places(connection: Connection, wanted: Wanted, fits: Callable[[str], bool]) -> Iterator[tuple[Place, bool]]:
    """Newest first. True: of a message that may be wanted; False: everything before this place has been given, and the
    next blocks are about to be looked into. `fits` reads the texts of messages that are not in the index yet."""
    heap: list[Ahead] = []
    _put(heap, sorted(_not_indexed(connection, wanted, fits)))
    heads = [
        head
        for head in connection.execute(BLOCKS).all()
        if head.first_at < wanted.until and head.last_at >= wanted.since
        if wanted.after is None or head.first_at <= wanted.after.at
    ]
    for some in _growing(heads):
        yield from _newer_than(some[0].last_at, heap)
        yield Place(some[0].last_at, "", 0), False
        found = _candidates(connection, wanted.choices, [head.id for head in some])
        contents = {row.id: row for row in connection.execute(CONTENTS, {"blocks": list(found)}).all()} if found else {}
        for head in some:
            yield from _newer_than(head.last_at, heap)
            if head.id in contents:
                _put(heap, _of_block(contents[head.id], found[head.id], wanted))
    yield from _newer_than(-1, heap)


def complete(connection: Connection, rooms: Iterable[str]) -> bool:
    """Whether all messages of these rooms can be found."""
    return connection.execute(BACKLOG_OF, {"rooms": list(rooms)}).first() is None


def room_term(room: str) -> Term:
    return Term(ROOM_SIGN + room)


def author_term(person: str) -> Term:
    return Term(AUTHOR_SIGN + person)


def _not_indexed(connection: Connection, wanted: Wanted, fits: Callable[[str], bool]) -> Iterator[Key]:
    for row in connection.execute(NOT_INDEXED, {"rooms": list(wanted.rooms)}):
        key = (-row.at, row.room, -row.seq)
        if _in_time(key, wanted) and fits(row.text):
            yield key


def _put(heap: list[Ahead], keys: list[Key]) -> None:
    if keys:
        heapq.heappush(heap, (keys[0], keys, 0))


def _growing(heads: list[Any]) -> Iterator[list[Any]]:
    """Few blocks first, which are enough for a common word; then more and more at once."""
    start, size = 0, BLOCKS_AT_ONCE
    while start < len(heads):
        yield heads[start : start + size]
        start, size = start + size, min(size * 4, BLOCKS_AT_ONCE_MAX)


def _candidates(connection: Connection, choices: list[list[Term]], blocks: list[int]) -> dict[int, int]:
    """For each block that may have an answer, which of its messages: the bits of a number."""
    found = dict.fromkeys(blocks, ALL)
    for choice in choices:
        having: dict[int, int] = defaultdict(int)
        for term in choice:
            binds: dict[str, object] = {"blocks": list(found), "term": term.text}
            statement = WITH_TERM
            if term.prefix:
                statement, binds["past"] = WITH_BEGINNING, term.text + LAST_CHARACTER
            for block, docs in connection.execute(statement, binds):
                having[block] |= unpack(docs)
        found = {block: both for block, bits in found.items() if (both := bits & having[block])}
        if not found:
            break
    return found


def _of_block(row: Row[Any], bits: int, wanted: Wanted) -> list[Key]:
    """Of these messages those that are wanted, in the order of answers."""
    rooms = [room if room in wanted.rooms else None for room in json.loads(row.rooms)]
    if not any(rooms):
        return []
    of_room, seqs, times = places_of(row.places)
    keys = [(-times[n], room, -seqs[n]) for n in numbers_of(bits, len(seqs)) if (room := rooms[of_room[n]]) is not None]
    return sorted(key for key in keys if _in_time(key, wanted))


def _in_time(key: Key, wanted: Wanted) -> bool:
    return wanted.since <= -key[0] < wanted.until and (wanted.after is None or key > wanted.after.key)


def _newer_than(at: int, heap: list[Ahead]) -> Iterator[tuple[Place, bool]]:
    """Takes from the heap what no block that ends at this time can come before."""
    while heap and -heap[0][0][0] > at:
        (at_negative, room, seq_negative), keys, taken = heap[0]
        yield Place(-at_negative, room, -seq_negative), True
        if taken + 1 < len(keys):
            heapq.heapreplace(heap, (keys[taken + 1], keys, taken + 1))
        else:
            heapq.heappop(heap)


# Making ----------------------------------------------------------------------------------------------------------


class Stretch(NamedTuple):
    """Messages of one room that follow each other, as they stood when they were read."""

    binds: dict[str, object]
    """Of STRETCH."""
    state: list[tuple[int, str, int]]
    mark: dict[str, object]
    """Of SET_MARK: when they are in the index."""


class Block(NamedTuple):
    """Messages made ready for the index."""

    stretches: list[Stretch]
    row: dict[str, object]
    terms: list[dict[str, object]]
    ends_backlog: bool


def next_block(connection: Connection, driver: Driver, size: int) -> Block | None:
    """What is to be indexed next: `size` new messages, if there are so many; else old ones of a database that is
    older than its index."""
    rows = NEXT_NEW.run(driver, {"limit": size})
    if len(rows) == size:
        return _made(rows, [_new_stretch(some) for some in _by_room(rows)])
    if connection.execute(BACKLOG_LEFT).first() is None:
        return None
    rows = NEXT_OLD.run(driver, {"limit": size})
    return _made(rows, [_old_stretch(some) for some in _by_room(rows)], ends_backlog=len(rows) < size)


def add_block(connection: Connection, driver: Driver, block: Block) -> bool:
    """False: something in it was changed since it was read. Make it anew."""
    if any(STRETCH.run(driver, stretch.binds) != stretch.state for stretch in block.stretches):
        return False
    if block.stretches:
        number = connection.execute(NEXT_BLOCK).scalar_one()
        connection.execute(NEW_BLOCK, {"id": number, **block.row})
        _run(connection, NEW_TERM, [{"block": number, **term} for term in block.terms])
        connection.execute(SET_MARK, [stretch.mark for stretch in block.stretches])
    if block.ends_backlog:
        connection.execute(BACKLOG_ENDS)
    return True


def reindex(connection: Connection, driver: Driver, room: str, seq: int, text: str | None) -> None:
    """Before a message is given another text, or is deleted (None). Afterwards nothing of the old text is left."""
    mark = connection.execute(MARK, {"room": room}).one()
    if mark.backlog < seq <= mark.done:
        [row] = TEXT.run(driver, {"room": room, "seq": seq})
        old = set() if row.deleted else _terms(room, row.author, row.text)
        new = set() if text is None else _terms(room, row.author, text)
        for block in connection.execute(BLOCKS_OF_TIME, {"at": row.at}).scalars().all():
            number = _number_in(connection, block, room, seq)
            if number is not None:
                _change(connection, block, number, old - new, new - old)
                return


def _by_room(rows: list[Any]) -> list[list[Any]]:
    return [list(some) for _, some in groupby(rows, key=attrgetter("room"))]


def _new_stretch(rows: list[Any]) -> Stretch:
    """What comes later does not change it: others may post while the block is made."""
    first, last = rows[0], rows[-1]
    mark = {"in_room": first.room, "new_backlog": first.backlog, "new_done": last.seq}
    return _stretch(rows, first.done, last.seq, mark)


def _old_stretch(rows: list[Any]) -> Stretch:
    """Of rows that come backwards."""
    newest, oldest = rows[0], rows[-1]
    mark = {"in_room": newest.room, "new_backlog": oldest.seq - 1, "new_done": newest.done}
    return _stretch(rows[::-1], oldest.seq - 1, newest.backlog, mark)


def _stretch(rows: list[Any], after: int, end: int, mark: dict[str, object]) -> Stretch:
    first = rows[0]
    binds = {"room": first.room, "backlog": first.backlog, "done": first.done, "after": after, "end": end}
    return Stretch(binds, [(row.seq, row.text, row.deleted) for row in rows], mark)


def _made(rows: list[Any], stretches: list[Stretch], *, ends_backlog: bool = False) -> Block:
    rooms = {stretch.binds["room"]: at for at, stretch in enumerate(stretches)}
    having: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if not row.deleted:
            for term in _terms(row.room, row.author, row.text):
                having[term].append(number)
    block = {
        "first_at": min((row.at for row in rows), default=0),
        "last_at": max((row.at for row in rows), default=0),
        "rooms": json.dumps(list(rooms)),
        "places": pack_places([(rooms[row.room], row.seq, row.at) for row in rows]),
    }
    terms: list[dict[str, object]] = [{"term": term, "docs": pack(docs)} for term, docs in sorted(having.items())]
    return Block(stretches, block, terms, ends_backlog)


def _terms(room: str, author: str, text: str) -> set[str]:
    terms = terms_of(text)
    terms.add(ROOM_SIGN + room)
    terms.add(AUTHOR_SIGN + author)
    return terms


def _number_in(connection: Connection, block: int, room: str, seq: int) -> int | None:
    row = connection.execute(CONTENTS, {"blocks": [block]}).one()
    rooms = json.loads(row.rooms)
    of_room, seqs, _ = places_of(row.places)
    return next((n for n, one in enumerate(seqs) if one == seq and rooms[of_room[n]] == room), None)


def _change(connection: Connection, block: int, number: int, gone: set[str], come: set[str]) -> None:
    known = connection.execute(NUMBERS, {"in_block": block, "terms": sorted(gone | come)}).all()
    before = {row.term: unpack(row.docs) for row in known}
    after = {term: before.get(term, 0) & ~(1 << number) for term in gone}
    after |= {term: before.get(term, 0) | 1 << number for term in come}
    _run(connection, DROP_TERM, [{"in_block": block, "which": term} for term, bits in after.items() if not bits])
    left = [(term, pack(numbers_of(bits))) for term, bits in after.items() if bits]
    _run(
        connection,
        SET_NUMBERS,
        [{"in_block": block, "which": term, "numbers": docs} for term, docs in left if term in before],
    )
    _run(
        connection,
        NEW_TERM,
        [{"block": block, "term": term, "docs": docs} for term, docs in left if term not in before],
    )


def _run(connection: Connection, statement: Any, rows: list[dict[str, object]]) -> None:
    """For each of these rows; there may be none."""
    if rows:
        connection.execute(statement, rows)
