"""Reading, in one snapshot. Every statement is made once, below; see `hubbub.store.Reader` for the promises."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, and_, bindparam, func, literal, or_, select, text

from hubbub.core import policy
from hubbub.core import search as searching
from hubbub.core.models import (
    Author,
    FileInfo,
    Found,
    History,
    Member,
    Membership,
    Message,
    Person,
    Place,
    Quote,
    Reaction,
    Room,
    RoomSummary,
    Standing,
)
from hubbub.core.text import excerpt
from hubbub.store import UNREAD_CAP, StoredFile, StoredFrame, files
from hubbub.store.accounts import AccountReader
from hubbub.store.index import Block, next_block
from hubbub.store.order import OrderReader
from hubbub.store.prepared import Driver, Prepared
from hubbub.store.rooms import RoomReader
from hubbub.store.search import find, people_named, rooms_of
from hubbub.store.sign_in import SignInReader
from hubbub.store.tables import event, membership, message, meta, person, reaction, room, sanction

QUOTE_MAX_CHARS = 200
ROOMS_MAX = 500

_room: BindParameter[str] = bindparam("room")
_seq: BindParameter[int] = bindparam("seq")
_person: BindParameter[str] = bindparam("person")
_limit: BindParameter[int] = bindparam("limit")

META = select(meta.c.value).where(meta.c.key == bindparam("key"))
ROOM_COLUMNS = [c for c in room.c if c.name not in ("name_key", "floor")]
ROOM = Prepared(select(*ROOM_COLUMNS).where(room.c.id == _room))
ROOM_NAMED = select(*ROOM_COLUMNS).where(room.c.name_key == bindparam("key"), ~room.c.archived, room.c.kind == "public")
HEADS = select(room.c.id, room.c.head).where(room.c.id.in_(bindparam("rooms", expanding=True)))
PERSON = Prepared(select(person).where(person.c.id == _person))
MEMBERSHIP = select(membership).where(membership.c.room == _room, membership.c.person == _person)
MEMBERS = (
    select(person.c.id, person.c.name, person.c.kind, membership.c.joined_at, membership.c.role)
    .join(person, person.c.id == membership.c.person)
    .where(membership.c.room == _room, membership.c.person > bindparam("after"))
    .order_by(membership.c.person)
    .limit(_limit)
)
MEMBER_COUNT = select(func.count()).select_from(membership).where(membership.c.room == _room)
_mine = and_(membership.c.room == room.c.id, membership.c.person == _person)
_in_room = sanction.c.room + ""
"""So that SQLite looks at the person's few rows: for the column alone it would make a table of the two rooms first, at
each post, which costs more than the rest of STANDING."""
_here_or_everywhere = and_(sanction.c.person == _person, _in_room.in_([literal(""), room.c.id]))
_until = select(func.max(sanction.c.until)).where(_here_or_everywhere)
_muted = _until.where(sanction.c.kind == "mute").correlate(room).scalar_subquery().label("muted_until")
_banned = _until.where(sanction.c.kind == "ban").correlate(room).scalar_subquery().label("banned_until")
_about = [room.c.head, room.c.archived, room.c.kind, room.c.announcement, room.c.slow_s]
STANDING = Prepared(
    select(
        *_about,
        room.c.created_by,
        membership.c.joined_at,
        membership.c.role.label("membership"),
        person.c.name,
        person.c.role.label("place"),
        _muted,
        _banned,
    )
    .select_from(room)
    .outerjoin(person, person.c.id == _person)
    .outerjoin(membership, _mine)
    .where(room.c.id == _room)
)
_seen = [
    *(room.c.id, room.c.name, room.c.topic, room.c.created_by, room.c.retention_days, room.c.last_at, *_about),
    *(membership.c.joined_at, membership.c.read, membership.c.role.label("membership"), person.c.role.label("place")),
    _muted,
]
_visible = or_(room.c.kind == "public", membership.c.person.is_not(None))
_with_me = room.outerjoin(membership, _mine).outerjoin(person, person.c.id == _person)
ROOMS_OF = Prepared(
    select(*_seen)
    .select_from(room.join(membership, _mine).join(person, person.c.id == _person))
    .order_by(room.c.last_at.desc(), room.c.id)
    .limit(ROOMS_MAX)
)
SUMMARY = Prepared(select(*_seen).select_from(_with_me).where(room.c.id == _room, _visible))
DIRECTORY = (
    select(*_seen)
    .select_from(_with_me)
    .where(room.c.id > bindparam("after"), or_(~room.c.archived, membership.c.person.is_not(None)), _visible)
    .order_by(room.c.id)
    .limit(_limit)
)
_unread = (
    select(literal(1).label("one"))
    .where(message.c.room == _room, message.c.seq > _seq, message.c.author != _person, ~message.c.deleted)
    .limit(UNREAD_CAP)
    .subquery()
)
UNREAD = Prepared(select(func.count().label("unread")).select_from(_unread))
MESSAGES = (
    select(*[c for c in message.c if c.name != "key"], person.c.name.label("author_name"))
    .join(person, person.c.id == message.c.author)
    .where(message.c.room == _room)
)
MESSAGE = MESSAGES.where(message.c.seq == _seq)
POSTED_WITH = Prepared(MESSAGES.where(message.c.author == _person, message.c.key == bindparam("key")))
NEWEST = MESSAGES.order_by(message.c.seq.desc()).limit(_limit)
BEFORE = MESSAGES.where(message.c.seq < _seq).order_by(message.c.seq.desc()).limit(_limit)
AFTER = MESSAGES.where(message.c.seq > _seq).order_by(message.c.seq).limit(_limit)
_by_pins = "INDEXED BY ix_message_pinned"
PINS = MESSAGES.where(text("message.pinned")).with_hint(message, _by_pins, "sqlite").order_by(message.c.seq.desc())
PINS = PINS.limit(_limit)
"""SQLite takes a partial index only for its very words, and this one only when told: it would read the whole room."""
SOME = MESSAGES.where(message.c.seq.in_(bindparam("seqs", expanding=True)))
REACTIONS = (
    select(reaction.c.seq, reaction.c.emoji, reaction.c.person)
    .where(reaction.c.room == _room, reaction.c.seq.in_(bindparam("seqs", expanding=True)))
    .order_by(reaction.c.seq, reaction.c.emoji, reaction.c.since)
)
_frames = select(event.c.seq, event.c.frame).where(event.c.room == _room)
FRAMES_AFTER = _frames.where(event.c.seq > _seq).order_by(event.c.seq).limit(_limit)
NEWEST_FRAMES = _frames.order_by(event.c.seq.desc()).limit(_limit)

Rows = Sequence[Any]
"""Rows of one statement."""


class SqlReader(AccountReader, SignInReader, OrderReader, RoomReader):
    """Implements `hubbub.store.Reader` on a connection that is in a transaction."""

    def __init__(self, connection: Connection, driver: Driver | None = None) -> None:
        super().__init__(connection)
        self._driver = driver or Driver(connection)

    def epoch(self) -> str:
        return str(self._connection.execute(META, {"key": "epoch"}).scalar_one())

    def place(self) -> Place | None:
        value = self._connection.execute(META, {"key": "place"}).scalar()
        return None if value is None else Place.model_validate_json(value)

    def room(self, room: str) -> Room | None:
        return _room_of(self._one(ROOM, room=room))

    def room_named(self, name: str) -> Room | None:
        return _room_of(self._connection.execute(ROOM_NAMED, {"key": name.casefold()}).first())

    def person(self, person: str) -> Person | None:
        return _person_of(self._one(PERSON, person=person))

    def membership(self, room: str, person: str) -> Membership | None:
        row = self._connection.execute(MEMBERSHIP, {"room": room, "person": person}).first()
        if row is None:
            return None
        return Membership(room=row.room, person=row.person, joined_at=row.joined_at, read=row.read, role=row.role)

    def standing(self, room: str, person: str) -> Standing | None:
        for row in STANDING.run(self._driver, {"room": room, "person": person}):
            return Standing(
                room=room,
                head=row.head,
                archived=row.archived,
                kind=row.kind,
                announcement=row.announcement,
                slow_s=row.slow_s,
                joined_at=row.joined_at,
                membership=row.membership,
                author=None if row.name is None else Author(id=person, name=row.name),
                place=row.place or "guest",
                muted_until=row.muted_until or 0,
                banned_until=row.banned_until or 0,
                created_by=row.created_by,
            )
        return None

    def rooms_of(self, person: str) -> list[RoomSummary]:
        rows = ROOMS_OF.run(self._driver, {"person": person})
        return self._summaries(rows, person)

    def summary(self, room: str, person: str) -> RoomSummary | None:
        row = self._one(SUMMARY, room=room, person=person)
        return None if row is None else self._summaries([row], person)[0]

    def directory(self, person: str, *, after: str | None, limit: int) -> list[RoomSummary]:
        binds = {"person": person, "after": after or "", "limit": limit}
        return self._summaries(self._connection.execute(DIRECTORY, binds).all(), person)

    def members(self, room: str, *, after: str | None, limit: int) -> list[Member]:
        rows = self._connection.execute(MEMBERS, {"room": room, "after": after or "", "limit": limit}).all()
        return [Member(id=r.id, name=r.name, kind=r.kind, joined_at=r.joined_at, role=r.role) for r in rows]

    def member_count(self, room: str) -> int:
        return int(self._connection.execute(MEMBER_COUNT, {"room": room}).scalar_one())

    def message(self, room: str, seq: int) -> Message | None:
        rows = self._connection.execute(MESSAGE, {"room": room, "seq": seq}).all()
        return next(iter(self._messages_of(room, rows)), None)

    def posted_with(self, room: str, person: str, key: str) -> Message | None:
        rows = POSTED_WITH.run(self._driver, {"room": room, "person": person, "key": key})
        return next(iter(self._messages_of(room, rows)), None)

    def history(
        self,
        room: str,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> History:
        rows = self._stretch(room, before, after, around, limit)
        found = self.room(room)
        first, last = (rows[0].seq, rows[-1].seq) if rows else _edges_of_nothing(before, after)
        return History(
            room=room,
            head=found.head if found else 0,
            messages=self._messages_of(room, rows),
            quotes=self._quotes(room, rows),
            more_before=bool(self._page(BEFORE, room, first, 1)),
            more_after=bool(self._page(AFTER, room, last, 1)),
        )

    def pins(self, room: str, limit: int = 100) -> list[Message]:
        return self._messages_of(room, self._page(PINS, room, None, limit))

    def unread(self, room: str, person: str, read: int) -> int:
        binds = {"room": room, "person": person, "seq": read}
        ((count,),) = UNREAD.run(self._driver, binds)
        return int(count)

    def frames_after(self, room: str, seq: int, limit: int) -> list[StoredFrame]:
        return [StoredFrame(row.seq, row.frame) for row in self._page(FRAMES_AFTER, room, seq, limit)]

    def newest_frames(self, room: str, limit: int) -> list[StoredFrame]:
        rows = self._page(NEWEST_FRAMES, room, None, limit)
        return [StoredFrame(row.seq, row.frame) for row in reversed(rows)]

    def heads(self, rooms: Iterable[str]) -> Mapping[str, int]:
        rows = self._connection.execute(HEADS, {"rooms": list(rooms)}).all()
        return {row.id: row.head for row in rows}

    def people_named(self, beginning: str, limit: int) -> list[str]:
        return people_named(self._connection, beginning, limit)

    def file(self, file: str) -> StoredFile | None:
        return files.find(self._connection, file)

    def rooms_with(self, file: str) -> list[str]:
        return files.rooms_with(self._connection, file)

    def uploaded_since(self, person: str, since: int) -> int:
        return files.uploaded_since(self._connection, person, since)

    def search(
        self,
        person: str,
        query: searching.Query,
        *,
        rooms: Collection[str] | None = None,
        authors: Collection[str] | None = None,
        before: searching.Place | None = None,
        limit: int = 20,
    ) -> Found:
        asked = rooms_of(self._connection, person) if rooms is None else rooms
        return find(self, self._connection, self._driver, query, asked, authors, before, limit)

    def next_block(self, size: int) -> Block | None:
        """What the index lacks."""
        return next_block(self._connection, self._driver, size)

    def _stretch(self, room: str, before: int | None, after: int | None, around: int | None, limit: int) -> Rows:
        """Rows of messages, oldest first."""
        if after is not None:
            return self._page(AFTER, room, after, limit)
        if around is None:
            return self._page(NEWEST if before is None else BEFORE, room, before, limit)[::-1]
        older = self._page(BEFORE, room, around + 1, limit)[::-1]
        newer = self._page(AFTER, room, around, limit)
        half = limit // 2 + 1 if older else 0
        taken = max(half, limit - len(newer))
        rows = [*older[-taken:], *newer] if taken else newer
        return rows[:limit]

    def _one(self, statement: Prepared, **binds: object) -> Any:
        """The first row, or None."""
        return next(iter(statement.run(self._driver, binds)), None)

    def _page(self, statement: Select[Any], room: str, seq: int | None, limit: int) -> Rows:
        binds = {"room": room, "limit": limit} | ({} if seq is None else {"seq": seq})
        return self._connection.execute(statement, binds).all()

    def _summaries(self, rows: Rows, person: str) -> list[RoomSummary]:
        others = self.others_in([row.id for row in rows if row.kind == "direct"], person)
        return [self._summary_of(row, person, others.get(row.id)) for row in rows]

    def _summary_of(self, row: Any, person: str, others: list[Author] | None) -> RoomSummary:
        joined = row.read is not None
        unread = self.unread(row.id, person, row.read) if joined and row.head > row.read else 0
        return RoomSummary(
            id=row.id,
            name=", ".join(other.name for other in others) if others else row.name,
            archived=row.archived,
            kind=row.kind,
            topic=row.topic,
            announcement=row.announcement,
            slow_s=row.slow_s,
            role=policy.role_of(row.membership, row.place or "guest"),
            people=others,
            retention_days=row.retention_days,
            muted_until=row.muted_until or 0,
            head=row.head,
            last_at=row.last_at,
            joined=joined,
            read=row.read or 0,
            unread=unread,
        )

    def _messages_of(self, room: str, rows: Rows) -> list[Message]:
        seqs = [row.seq for row in rows]
        chosen: dict[int, dict[str, list[str]]] = defaultdict(dict)
        if seqs:
            for row in self._connection.execute(REACTIONS, {"room": room, "seqs": seqs}).all():
                chosen[row.seq].setdefault(row.emoji, []).append(row.person)
        held = files.files_of(self._connection, room, seqs)
        return [_message_of(row, chosen.get(row.seq, {}), held.get(row.seq, [])) for row in rows]

    def _quotes(self, room: str, rows: Rows) -> list[Quote]:
        seqs = sorted({row.reply_to for row in rows if row.reply_to is not None})
        if not seqs:
            return []
        quoted = self._connection.execute(SOME.order_by(message.c.seq), {"room": room, "seqs": seqs}).all()
        held = files.files_of(self._connection, room, [row.seq for row in quoted if not row.text])
        return [
            Quote(
                seq=row.seq,
                author=Author(id=row.author, name=row.author_name),
                text=excerpt(row.text or ", ".join(one.name for one in held.get(row.seq, [])), QUOTE_MAX_CHARS),
                deleted=row.deleted,
            )
            for row in quoted
        ]


def _edges_of_nothing(before: int | None, after: int | None) -> tuple[int, int]:
    """Where an empty stretch begins and ends: what is before the first and after the second lies outside of it."""
    if after is not None:
        return after + 1, after
    return (before, before - 1) if before is not None else (0, 0)


def _room_of(row: Any) -> Room | None:
    return None if row is None else Room(**row._asdict())


def _person_of(row: Any) -> Person | None:
    return None if row is None else Person.model_validate(row, from_attributes=True)


def _message_of(row: Row[Any], chosen: dict[str, list[str]], held: list[FileInfo]) -> Message:
    return Message(
        room=row.room,
        seq=row.seq,
        at=row.at,
        author=Author(id=row.author, name=row.author_name),
        text=row.text,
        html=row.html,
        reply_to=row.reply_to,
        edited_at=row.edited_at,
        deleted=row.deleted,
        reason=row.reason,
        pinned=row.pinned,
        reactions=[Reaction(emoji=emoji, people=people) for emoji, people in chosen.items()],
        files=held,
    )
