"""Writing, inside the writer's transaction. See `hubbub.store.Transaction` for the promises."""

from sqlalchemy import Connection, bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from hubbub.core.models import Person, PersonKind
from hubbub.errors import Conflict
from hubbub.protocol import EVENTS, Envelope, Event, MessageDeleted, MessageEdited, MessagePosted, RoomCreated
from hubbub.store import Committed
from hubbub.store.projection import apply
from hubbub.store.reader import SqlReader
from hubbub.store.tables import event as events
from hubbub.store.tables import membership, person, room, session

SERVER_ID = "server-hubbub"

_this_room = room.c.id == bindparam("in_room")
NEXT_SEQ = update(room).where(_this_room).values(head=room.c.head + 1).returning(room.c.head)
NEXT_SEQ_OF_MESSAGE = NEXT_SEQ.values(last_at=func.max(room.c.last_at, bindparam("now")))
NEW_ROOM = insert(room)
NEW_EVENT = insert(events)
WITH_TEXT_OF = select(events.c.seq, events.c.frame).where(
    events.c.room == bindparam("in_room"), events.c.message == bindparam("on_message")
)
REWRITE = (
    update(events)
    .where(events.c.room == bindparam("in_room"), events.c.seq == bindparam("at_seq"))
    .values(frame=bindparam("new_frame"))
)
NEW_PERSON = insert(person)
NEW_SESSION = insert(session)
RENAME_PERSON = update(person).where(person.c.id == bindparam("who")).values(name=bindparam("new_name"))
SET_READ = (
    update(membership)
    .where(membership.c.room == bindparam("in_room"), membership.c.person == bindparam("who"))
    .values(read=bindparam("up_to"))
)
TOUCH = text(
    "INSERT INTO meta (key, value) VALUES ('touched', '1') "
    "ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS VARCHAR)"
)


class SqlTransaction(SqlReader):
    """Implements `hubbub.store.Transaction`. `news` is what the commit will announce."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.news: list[Committed | Envelope] = []

    def append(self, draft: Event) -> Event:
        event = draft.model_copy(update={"seq": self._next_seq(draft)})
        frame = encode(event)
        row = {"room": event.room, "seq": event.seq, "type": event.type, "at": event.at, "by": event.by.id}
        self._connection.execute(NEW_EVENT, row | {"message": _text_of(event), "frame": frame})
        try:
            apply(self._connection, event)
        except IntegrityError as error:
            raise Conflict("This key was used for another message.", code="key_conflict") from error
        if isinstance(event, MessageDeleted):
            self._erase(event.room, event.message)
        self.news.append(Committed(event, frame))
        return event

    def announce(self, envelope: Envelope) -> None:
        self.news.append(envelope)

    def add_person(self, kind: PersonKind, person_id: str, name: str, at: int) -> Person:
        added = Person(id=person_id, name=name, kind=kind, created_at=at)
        try:
            self._connection.execute(NEW_PERSON, added.model_dump())
        except IntegrityError as error:
            raise Conflict("There is somebody with this id already.", code="id_taken") from error
        return added

    def rename_person(self, person: str, name: str) -> None:
        self._connection.execute(RENAME_PERSON, {"who": person, "new_name": name})

    def add_session(self, token_hash: str, person: str, at: int) -> None:
        self._connection.execute(NEW_SESSION, {"token_hash": token_hash, "person": person, "created_at": at})

    def set_read(self, room: str, person: str, seq: int) -> None:
        self._connection.execute(SET_READ, {"in_room": room, "who": person, "up_to": seq})

    def touch(self) -> None:
        self._connection.execute(TOUCH)

    def _next_seq(self, draft: Event) -> int:
        if isinstance(draft, RoomCreated):
            self._connection.execute(NEW_ROOM, _room_row(draft))
            return 1
        if isinstance(draft, MessagePosted):
            return self._seq_from(NEXT_SEQ_OF_MESSAGE, {"in_room": draft.room, "now": draft.at})
        return self._seq_from(NEXT_SEQ, {"in_room": draft.room})

    def _seq_from(self, statement: object, binds: dict[str, object]) -> int:
        return int(self._connection.execute(statement, binds).scalar_one())  # type: ignore[call-overload]

    def _erase(self, room: str, seq: int) -> None:
        """Takes a message's text out of the frames that hold it."""
        binds = {"in_room": room, "on_message": seq}
        for row in self._connection.execute(WITH_TEXT_OF, binds).all():
            bare = encode(EVENTS.validate_json(row.frame).model_copy(update={"text": "", "html": None}))
            self._connection.execute(REWRITE, {"in_room": room, "at_seq": row.seq, "new_frame": bare})


def encode(event: Event) -> str:
    """The text that every client is sent for this event."""
    return event.model_dump_json(exclude_none=True)


def _text_of(event: Event) -> int | None:
    """The message whose text this event holds."""
    if isinstance(event, MessagePosted):
        return event.seq
    return event.message if isinstance(event, MessageEdited) else None


def _room_row(draft: RoomCreated) -> dict[str, object]:
    return {
        "id": draft.room,
        "name": draft.name,
        "name_key": draft.name.casefold(),
        "created_at": draft.at,
        "created_by": None if draft.by.id == SERVER_ID else draft.by.id,
        "archived": False,
        "head": 1,
        "last_at": draft.at,
    }
