"""Writing, inside the writer's transaction. See `hubbub.store.Transaction` for the promises."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from hubbub.core.models import SERVER, Person, PersonKind, Place, Role
from hubbub.core.words import Folded
from hubbub.errors import Conflict
from hubbub.protocol import (
    EVENTS,
    Envelope,
    Event,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    MessagesErased,
    RoomCreated,
)
from hubbub.store import Committed, StoredFile, SweptFile
from hubbub.store.accounts import AccountWriter
from hubbub.store.erasing import EDITS_UP_TO, erase_up_to
from hubbub.store.files import add, forget, let_go_up_to, sweep
from hubbub.store.index import Block, add_block, reindex
from hubbub.store.order import OrderWriter
from hubbub.store.prepared import Driver, Prepared
from hubbub.store.projection import apply
from hubbub.store.reader import SqlReader
from hubbub.store.rooms import RoomWriter
from hubbub.store.sign_in import SignInWriter
from hubbub.store.tables import event as events
from hubbub.store.tables import membership, person, person_name, room, search_mark

_this_room = room.c.id == bindparam("in_room")
_now: BindParameter[int] = bindparam("now")
_last_at = case((room.c.last_at > _now, room.c.last_at), else_=_now)
_next_seq = update(room).where(_this_room).values(head=room.c.head + 1).returning(room.c.head)
NEXT_SEQ = Prepared(_next_seq)
NEXT_SEQ_OF_MESSAGE = Prepared(_next_seq.values(last_at=_last_at))
NEW_ROOM = insert(room)
NEW_EVENT = Prepared(insert(events))
_message: BindParameter[int] = bindparam("on_message")
_of_room = select(events.c.seq, events.c.frame).where(events.c.room == bindparam("in_room"))
_later = _of_room.where(events.c.message == _message).with_hint(events, "INDEXED BY ix_event_message", "sqlite")
WITH_TEXT_OF = _of_room.where(events.c.seq == _message).union_all(_later)
"""SQLite would read the whole room for one condition with OR, and also without being told of the index."""
REWRITE = (
    update(events)
    .where(events.c.room == bindparam("in_room"), events.c.seq == bindparam("at_seq"))
    .values(frame=bindparam("new_frame"))
)
NEW_PERSON = insert(person)
NEW_MARK = insert(search_mark)
NEW_NAME = insert(person_name)
DROP_NAME = delete(person_name).where(
    person_name.c.key == bindparam("old_key"), person_name.c.person == bindparam("who")
)
SET_ROLE = update(person).where(person.c.id == bindparam("who")).values(role=bindparam("new_role"))
RENAME_PERSON = update(person).where(person.c.id == bindparam("who")).values(name=bindparam("new_name"))
SET_READ = (
    update(membership)
    .where(membership.c.room == bindparam("in_room"), membership.c.person == bindparam("who"))
    .values(read=bindparam("up_to"))
)
SET_META = text(
    "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
TOUCH = text(
    "INSERT INTO meta (key, value) VALUES ('touched', '1') "
    "ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS VARCHAR)"
)


class SqlTransaction(AccountWriter, SignInWriter, OrderWriter, RoomWriter, SqlReader):
    """Implements `hubbub.store.Transaction`. `news` is what the commit will announce; `has_written` tells whether the
    database was given anything to change, accepted or not."""

    def __init__(self, connection: Connection, driver: Driver | None = None) -> None:
        super().__init__(connection, driver)
        self.news: list[Committed | Envelope] = []
        self.has_written = False

    def append(self, draft: Event) -> Event:
        self.has_written = True
        seq = self._next_seq(draft)
        event = draft if draft.seq == seq else draft.model_copy(update={"seq": seq})
        frame = encode(event)
        NEW_EVENT.run(self._driver, _row_of(event, frame))
        if isinstance(event, (MessageEdited, MessageDeleted)):
            new_text = event.text if isinstance(event, MessageEdited) else None
            reindex(self._connection, self._driver, event.room, event.message, new_text)
        try:
            apply(self._connection, self._driver, event)
        except IntegrityError as error:
            raise Conflict("This key was used for another message.", code="key_conflict") from error
        if isinstance(event, MessageDeleted):
            self._erase(event.room, event.message)
        elif isinstance(event, MessagesErased):
            self._erase_up_to(event.room, event.up_to)
        self.news.append(Committed(event, frame))
        return event

    def announce(self, envelope: Envelope) -> None:
        self.news.append(envelope)

    def set_place(self, place: Place) -> None:
        self._change(SET_META, {"key": "place", "value": place.model_dump_json()})

    def add_person(self, kind: PersonKind, person_id: str, name: str, at: int, role: Role = "guest") -> Person:
        added = Person(id=person_id, name=name, kind=kind, created_at=at, role=role)
        try:
            self._change(NEW_PERSON, added.model_dump())
        except IntegrityError as error:
            raise Conflict("There is somebody with this id already.", code="id_taken") from error
        self._change(NEW_NAME, {"key": Folded(name).bare, "person": person_id})
        return added

    def set_role(self, person: str, role: Role) -> None:
        self._change(SET_ROLE, {"who": person, "new_role": role})

    def rename_person(self, person: str, name: str) -> None:
        if before := self.person(person):
            self._change(DROP_NAME, {"old_key": Folded(before.name).bare, "who": person})
            self._change(NEW_NAME, {"key": Folded(name).bare, "person": person})
        self._change(RENAME_PERSON, {"who": person, "new_name": name})

    def set_read(self, room: str, person: str, seq: int) -> None:
        self._change(SET_READ, {"in_room": room, "who": person, "up_to": seq})

    def add_file(self, stored: StoredFile) -> None:
        self.has_written = True
        add(self._connection, stored)

    def sweep_files(self, before: int) -> list[SweptFile]:
        self.has_written = True
        return sweep(self._connection, before)

    def forget_files(self, files: Iterable[str]) -> None:
        self.has_written = True
        forget(self._connection, files)

    def _change(self, statement: Any, binds: Mapping[str, object]) -> None:
        self.has_written = True
        self._connection.execute(statement, binds)

    def add_to_index(self, block: Block) -> bool:
        """False: its messages were changed since they were read."""
        self.has_written = True
        return add_block(self._connection, self._driver, block)

    def touch(self) -> None:
        self._change(TOUCH, {})

    def _next_seq(self, draft: Event) -> int:
        if isinstance(draft, RoomCreated):
            self._change(NEW_ROOM, _room_row(draft))
            self._change(NEW_MARK, {"room": draft.room, "backlog": 0, "done": 0})
            return 1
        if isinstance(draft, MessagePosted):
            [row] = NEXT_SEQ_OF_MESSAGE.run(self._driver, {"in_room": draft.room, "now": draft.at})
        else:
            [row] = NEXT_SEQ.run(self._driver, {"in_room": draft.room})
        return int(row.head)

    def _erase(self, room: str, seq: int) -> None:
        """Takes a message's text and files out of the frames that hold them."""
        self._rewrite_bare(room, self._connection.execute(WITH_TEXT_OF, {"in_room": room, "on_message": seq}).all())

    def _erase_up_to(self, room: str, seq: int) -> None:
        """Takes out of everything what is not kept any longer, and its texts out of later edits."""
        let_go_up_to(self._connection, room, seq)
        floor = erase_up_to(self._connection, room, seq)
        binds = {"in_room": room, "after": floor, "up_to": seq}
        self._rewrite_bare(room, self._connection.execute(EDITS_UP_TO, binds).all())

    def _rewrite_bare(self, room: str, rows: Sequence[Any]) -> None:
        for row in rows:
            event = EVENTS.validate_json(row.frame)
            nothing = {"text": "", "html": None} | ({"files": None} if isinstance(event, MessagePosted) else {})
            bare = encode(event.model_copy(update=nothing))
            self._change(REWRITE, {"in_room": room, "at_seq": row.seq, "new_frame": bare})


def encode(event: Event) -> str:
    """The text that every client is sent for this event."""
    return event.model_dump_json(exclude_none=True)


def _row_of(event: Event, frame: str) -> dict[str, object]:
    return {
        "room": event.room,
        "seq": event.seq,
        "type": event.type,
        "at": event.at,
        "by": event.by.id,
        "message": event.message if isinstance(event, MessageEdited) else None,
        "frame": frame,
    }


def _room_row(draft: RoomCreated) -> dict[str, object]:
    return {
        "id": draft.room,
        "name": draft.name,
        "name_key": draft.name.casefold(),
        "created_at": draft.at,
        "created_by": None if draft.by.id == SERVER.id else draft.by.id,
        "archived": False,
        "kind": draft.kind,
        "topic": draft.topic,
        "head": 1,
        "last_at": draft.at,
    }
