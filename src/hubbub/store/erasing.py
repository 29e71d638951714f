"""Taking things out of the database for good: old messages that a room does not keep, and people who want to be
forgotten. All of it in steps of bounded size."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select, update

from hubbub.store.index import unindex
from hubbub.store.tables import event, message, reaction, report, room

_room: BindParameter[str] = bindparam("in_room")
_after: BindParameter[int] = bindparam("after")
_up_to: BindParameter[int] = bindparam("up_to")

OLDEST = (
    select(message.c.seq, message.c.at).where(message.c.room == _room).order_by(message.c.seq).limit(bindparam("limit"))
)
MESSAGES_UP_TO = select(message.c.seq, message.c.author, message.c.at, message.c.text, message.c.deleted).where(
    message.c.room == _room, message.c.seq <= _up_to
)
DROP = [
    delete(table).where(table.c.room == _room, table.c.seq <= _up_to) for table in (reaction, report, message, event)
]
FLOOR = select(room.c.floor).where(room.c.id == _room)
RAISE_FLOOR = update(room).where(room.c.id == _room).values(floor=_up_to)
EDITS_UP_TO = (
    select(event.c.seq, event.c.frame)
    .where(event.c.room == _room, event.c.message > _after, event.c.message <= _up_to)
    .with_hint(event, "INDEXED BY ix_event_message", "sqlite")
    .where(event.c.message.is_not(None))
)
"""Later edits of messages that are gone."""
MESSAGES_BY = (
    select(message.c.seq)
    .where(message.c.room == _room, message.c.seq > _after, message.c.seq <= _up_to)
    .where(message.c.author == bindparam("who"), ~message.c.deleted)
    .order_by(message.c.seq)
)
NAMING = select(event.c.seq, event.c.frame).where(
    event.c.room == _room,
    event.c.seq > _after,
    event.c.seq <= _up_to,
    func.instr(event.c.frame, bindparam("quoted")) > 0,
)
REWRITE = update(event).where(event.c.room == _room, event.c.seq == bindparam("at_seq")).values(frame=bindparam("new"))


def past(connection: Connection, room: str, before_at: int, limit: int) -> int:
    """Up to which `seq` a room's oldest messages, at most so many, are older than this time; 0: none is."""
    up_to = 0
    for row in connection.execute(OLDEST, {"in_room": room, "limit": limit}):
        if row.at >= before_at:
            break
        up_to = row.seq
    return up_to


def erase_up_to(connection: Connection, room: str, seq: int) -> int:
    """Messages, reactions, reports, events, and what the index for search has of them. Returns up to where that had
    been done before."""
    floor: int = connection.execute(FLOOR, {"in_room": room}).scalar_one()
    binds = {"in_room": room, "up_to": seq}
    unindex(connection, room, connection.execute(MESSAGES_UP_TO, binds).all())
    for statement in DROP:
        connection.execute(statement, binds)
    if seq > floor:
        connection.execute(RAISE_FLOOR, binds)
    return floor


def messages_by(connection: Connection, person: str, room: str, after: int, up_to: int) -> Sequence[int]:
    """What a person has written in this stretch of a room, and not deleted."""
    binds = {"who": person, "in_room": room, "after": after, "up_to": up_to}
    return connection.execute(MESSAGES_BY, binds).scalars().all()


def frames_naming(connection: Connection, person: str, room: str, after: int, up_to: int) -> Sequence[Any]:
    """Of this stretch of a room, by `seq`."""
    binds = {"in_room": room, "after": after, "up_to": up_to, "quoted": json.dumps(person)}
    return connection.execute(NAMING, binds).all()


def rewrite_names(
    connection: Connection,
    change: Callable[[Any, dict[str, object]], None],
    person: str,
    name: str,
    room: str,
    after: int,
    up_to: int,
) -> None:
    """Calls a person so wherever the frames of this stretch name them."""
    for row in frames_naming(connection, person, room, after, up_to):
        frame = json.loads(row.frame)
        for value in frame.values():
            if isinstance(value, dict) and value.get("id") == person:
                value["name"] = name
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        change(REWRITE, {"in_room": room, "at_seq": row.seq, "new": text})
