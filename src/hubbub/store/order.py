"""What keeps order, in the database: who may not speak or come in, reports, slow mode, the audit log; and who is being
forgotten. Part of `hubbub.store.reader` and `hubbub.store.transaction`; the promises are in `hubbub.store`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, or_, select, update

from hubbub.core.models import FOREVER, AuditEntry, Author, Complaint, Message, Person, Reported, Sanction
from hubbub.store import Erasure
from hubbub.store.erasing import frames_naming, messages_by, past, rewrite_names
from hubbub.store.tables import (
    address_ban,
    audit,
    erasure,
    guest_address,
    membership,
    message,
    person,
    report,
    room,
    sanction,
    session,
    slow,
)

COMPLAINTS_MAX = 20

_who = bindparam("who", type_=person.c.id.type)
_in_room = bindparam("in_room", type_=room.c.id.type)
_now = bindparam("now", type_=sanction.c.until.type)
_limit = bindparam("limit", type_=message.c.seq.type)

_them, _moderator = person.alias(), person.alias()
SANCTIONS = (
    select(sanction, _them.c.name.label("name"), _moderator.c.name.label("by_name"))
    .join(_them, _them.c.id == sanction.c.person)
    .join(_moderator, _moderator.c.id == sanction.c.by)
    .where(sanction.c.until > _now)
    .order_by(sanction.c.at.desc(), sanction.c.person)
    .limit(_limit)
)
"""Reads them all: there are few."""
_open_to_all = select(room.c.id).where(room.c.kind == "public")
SANCTIONS_OF_ROOM = SANCTIONS.where(sanction.c.room == _in_room)
SANCTIONS_OF_PLACE = SANCTIONS.where(or_(sanction.c.room == "", sanction.c.room.in_(_open_to_all)))
BANNED_UNTIL = select(func.max(sanction.c.until)).where(
    sanction.c.person == _who, sanction.c.room == "", sanction.c.kind == "ban"
)
_this_sanction = and_(sanction.c.person == _who, sanction.c.room == _in_room, sanction.c.kind == bindparam("which"))
DROP_SANCTION = delete(sanction).where(_this_sanction)
IS_SIGNED_IN = select(session.c.person).where(session.c.person == _who).limit(1)
END_SESSIONS = delete(session).where(session.c.person == _who)
ADDRESS_BANNED_UNTIL = select(func.max(address_ban.c.until)).where(address_ban.c.address == bindparam("address"))
ADDRESS_OF = select(guest_address.c.address).where(guest_address.c.person == _who)
DROP_ADDRESS = delete(guest_address).where(guest_address.c.person == _who)
DROP_ADDRESS_BAN = delete(address_ban).where(address_ban.c.person == _who)

_this_slow = and_(slow.c.room == _in_room, slow.c.person == _who)
POSTED_AT = select(slow.c.at).where(_this_slow)
SLOWED = update(slow).where(_this_slow).values(at=_now)

_of_message = and_(report.c.room == _in_room, report.c.seq == bindparam("of_seq"))
IS_REPORTED = select(report.c.seq).where(_of_message, report.c.person == _who)
REPORTED = (
    select(report.c.room, report.c.seq, room.c.name)
    .join(room, room.c.id == report.c.room)
    .where(report.c.open)
    .group_by(report.c.room, report.c.seq, room.c.name)
    .order_by(func.min(report.c.at))
    .limit(_limit)
)
REPORTED_IN_ROOM = REPORTED.where(report.c.room == _in_room)
REPORTED_IN_PLACE = REPORTED.where(room.c.kind == "public")
COMPLAINTS = (
    select(report.c.person, person.c.name, report.c.at, report.c.reason)
    .join(person, person.c.id == report.c.person)
    .where(_of_message, report.c.open)
    .order_by(report.c.at)
    .limit(COMPLAINTS_MAX)
)
SETTLE = update(report).where(_of_message, report.c.open).values(open=False)

AUDIT = (
    select(audit, _them.c.name.label("name"), _moderator.c.name.label("by_name"))
    .outerjoin(_them, _them.c.id == audit.c.person)
    .outerjoin(_moderator, _moderator.c.id == audit.c.by)
    .where(audit.c.id < bindparam("before", type_=audit.c.at.type))
    .order_by(audit.c.id.desc())
    .limit(_limit)
)
_private_to_others = and_(
    room.c.id == audit.c.room,
    room.c.kind != "public",
    ~select(membership.c.person).where(membership.c.room == room.c.id, membership.c.person == _who).exists(),
)
AUDIT_OF_PLACE = AUDIT.where(~select(room.c.id).where(_private_to_others).exists())

SET_RETENTION = update(room).where(room.c.id == _in_room).values(retention_days=bindparam("days"))
ROOM_IDS = select(room.c.id).where(room.c.id > _in_room).order_by(room.c.id).limit(_limit)
ERASURES = select(erasure).order_by(erasure.c.person)
SET_ERASURE = update(erasure).where(erasure.c.person == _who).values(room=bindparam("at_room"), seq=bindparam("at_seq"))
DROP_ERASURE = delete(erasure).where(erasure.c.person == _who)
DROP_SLOW = delete(slow).where(slow.c.person == _who)
DROP_REPORTS = delete(report).where(report.c.person == _who)


class OrderReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def message(self, room: str, seq: int) -> Message | None: ...  # by SqlReader

    def is_signed_in(self, person: str) -> bool:
        return self._connection.execute(IS_SIGNED_IN, {"who": person}).first() is not None

    def banned_until(self, person: str) -> int:
        return self._connection.execute(BANNED_UNTIL, {"who": person}).scalar() or 0

    def address_banned_until(self, address: str) -> int:
        return self._connection.execute(ADDRESS_BANNED_UNTIL, {"address": address}).scalar() or 0

    def address_of(self, person: str) -> str | None:
        return self._connection.execute(ADDRESS_OF, {"who": person}).scalar()

    def sanctions(self, room: str | None, now: int, limit: int) -> list[Sanction]:
        statement = SANCTIONS_OF_PLACE if room is None else SANCTIONS_OF_ROOM
        rows = self._connection.execute(statement, _without_none(now=now, limit=limit, in_room=room)).all()
        return [_sanction_of(row) for row in rows]

    def posted_at(self, room: str, person: str) -> int:
        return self._connection.execute(POSTED_AT, {"in_room": room, "who": person}).scalar() or 0

    def reports(self, room: str | None, limit: int) -> list[Reported]:
        statement = REPORTED_IN_PLACE if room is None else REPORTED_IN_ROOM
        rows = self._connection.execute(statement, _without_none(limit=limit, in_room=room)).all()
        found = [(row.name, self.message(row.room, row.seq)) for row in rows]
        return [self._reported(name, message) for name, message in found if message]

    def audit(
        self,
        reader: str,
        *,
        room: str | None,
        person: str | None,
        action: str | None,
        before: int | None,
        limit: int,
    ) -> list[AuditEntry]:
        statement = AUDIT_OF_PLACE if room is None else AUDIT.where(audit.c.room == room)
        if person is not None:
            statement = statement.where(or_(audit.c.person == person, audit.c.by == person))
        if action is not None:
            statement = statement.where(audit.c.action == action)
        binds = {"who": reader, "before": FOREVER if before is None else before, "limit": limit}
        return [_entry_of(row) for row in self._connection.execute(statement, binds).all()]

    def room_ids(self, after: str, limit: int) -> list[str]:
        return list(self._connection.execute(ROOM_IDS, {"in_room": after, "limit": limit}).scalars())

    def past(self, room: str, before_at: int, limit: int) -> int:
        return past(self._connection, room, before_at, limit)

    def messages_by(self, person: str, room: str, after: int, up_to: int) -> list[Message]:
        seqs = messages_by(self._connection, person, room, after, up_to)
        return [found for seq in seqs if (found := self.message(room, seq))]

    def is_named(self, person: str, room: str, after: int, up_to: int) -> bool:
        return bool(frames_naming(self._connection, person, room, after, up_to))

    def erasures(self) -> list[Erasure]:
        rows = self._connection.execute(ERASURES).all()
        return [Erasure(row.person, row.messages, row.room, row.seq) for row in rows]

    def _reported(self, name: str, message: Message) -> Reported:
        binds = {"in_room": message.room, "of_seq": message.seq}
        rows = self._connection.execute(COMPLAINTS, binds).all()
        complaints = [Complaint(by=Author(id=r.person, name=r.name), at=r.at, reason=r.reason) for r in rows]
        return Reported(message=message, room_name=name, complaints=complaints)


class OrderWriter(OrderReader):
    def _change(self, statement: Any, binds: Mapping[str, object]) -> None: ...  # by SqlTransaction

    def set_sanction(self, sanctioned: Sanction) -> None:
        where = {"person": sanctioned.person.id, "room": sanctioned.room or "", "kind": sanctioned.kind}
        self.drop_sanction(*where.values())
        until = FOREVER if sanctioned.until is None else sanctioned.until
        more = {"until": until, "at": sanctioned.at, "by": sanctioned.by.id, "reason": sanctioned.reason}
        self._change(insert(sanction), where | more)

    def drop_sanction(self, person: str, room: str, kind: str) -> None:
        self._change(DROP_SANCTION, {"who": person, "in_room": room, "which": kind})
        if kind == "ban" and not room:
            self._change(DROP_ADDRESS_BAN, {"who": person})

    def remember_address(self, person: str, address: str) -> None:
        self._change(insert(guest_address), {"person": person, "address": address})

    def ban_address(self, address: str, person: str, until: int) -> None:
        self._change(DROP_ADDRESS_BAN, {"who": person})
        self._change(insert(address_ban), {"address": address, "person": person, "until": until})

    def set_posted_at(self, room: str, person: str, at: int) -> None:
        binds = {"in_room": room, "who": person}
        if self._connection.execute(POSTED_AT, binds).first():
            self._change(SLOWED, binds | {"now": at})
        else:
            self._change(insert(slow), {"room": room, "person": person, "at": at})

    def report(self, room: str, seq: int, person: str, at: int, reason: str) -> bool:
        if self._connection.execute(IS_REPORTED, {"in_room": room, "of_seq": seq, "who": person}).first():
            return False
        row = {"room": room, "seq": seq, "person": person, "at": at, "reason": reason, "open": True}
        self._change(insert(report), row)
        return True

    def settle(self, room: str, seq: int) -> bool:
        binds = {"in_room": room, "of_seq": seq}
        if not self._connection.execute(COMPLAINTS, binds).first():
            return False
        self._change(SETTLE, binds)
        return True

    def record(self, action: str, by: str, at: int, **about: Any) -> None:
        row = {"person": None, "room": None, "message": None, "until": None, "reason": ""} | about
        self._change(insert(audit), row | {"action": action, "by": by, "at": at})

    def set_retention(self, room: str, days: int | None) -> None:
        self._change(SET_RETENTION, {"in_room": room, "days": days})

    def begin_erasure(self, gone: Person, messages: str) -> None:
        for statement in (END_SESSIONS, DROP_ADDRESS, DROP_SLOW, DROP_REPORTS):
            self._change(statement, {"who": gone.id})
        self._change(insert(erasure), {"person": gone.id, "messages": messages, "room": "", "seq": 0})

    def go_on_erasing(self, person: str, room: str, seq: int) -> None:
        self._change(SET_ERASURE, {"who": person, "at_room": room, "at_seq": seq})

    def end_erasure(self, person: str) -> None:
        self._change(DROP_ERASURE, {"who": person})

    def rewrite_names(self, person: str, name: str, room: str, after: int, up_to: int) -> None:
        rewrite_names(self._connection, self._change, person, name, room, after, up_to)


def _without_none(**binds: object) -> dict[str, object]:
    return {name: value for name, value in binds.items() if value is not None}


def _sanction_of(row: Row[Any]) -> Sanction:
    return Sanction(
        person=Author(id=row.person, name=row.name),
        kind=row.kind,
        room=row.room or None,
        until=None if row.until >= FOREVER else row.until,
        at=row.at,
        by=Author(id=row.by, name=row.by_name),
        reason=row.reason,
    )


def _entry_of(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        by=Author(id=row.by, name=row.by_name or row.by),
        action=row.action,
        person=None if row.person is None else Author(id=row.person, name=row.name or row.person),
        room=row.room,
        message=row.message,
        until=row.until,
        reason=row.reason,
    )
