"""Roles in rooms, direct conversations, and invitations: parts of the reader and of the transaction."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from hubbub.core.models import Author, Invite
from hubbub.store.tables import conversation, invite, membership, person, room

INVITES_MAX = 100

OWNER_COUNT = (
    select(func.count())
    .select_from(membership)
    .where(membership.c.room == bindparam("room"), membership.c.role == "owner")
)
IS_OWNER = select(membership.c.role).where(
    membership.c.room == bindparam("room"), membership.c.person == bindparam("person"), membership.c.role == "owner"
)
OTHER_MEMBERS = (
    select(person.c.id, person.c.name, membership.c.role)
    .join(person, person.c.id == membership.c.person)
    .where(membership.c.room == bindparam("room"), membership.c.person != bindparam("person"))
    .order_by(membership.c.role != "owner", membership.c.role != "moderator", membership.c.joined_at, person.c.id)
    .limit(1)
)
MINE_NAMED = (
    select(room.c.id)
    .join(membership, (membership.c.room == room.c.id) & (membership.c.person == bindparam("person")))
    .where(room.c.name_key == bindparam("key"), room.c.kind == "private")
    .order_by(room.c.id)
)
CONVERSATION = select(conversation.c.room).where(conversation.c.key == bindparam("key"))
TOGETHER = (
    select(membership.c.room, person.c.id, person.c.name)
    .join(person, person.c.id == membership.c.person)
    .where(membership.c.room.in_(bindparam("rooms", expanding=True)), membership.c.person != bindparam("person"))
    .order_by(membership.c.room, membership.c.person)
)
_lasting = or_(invite.c.expires_at.is_(None), invite.c.expires_at > bindparam("now"))
_works = [_lasting, or_(invite.c.uses_left.is_(None), invite.c.uses_left > 0)]
_INVITES = select(invite, person.c.name).join(person, person.c.id == invite.c.created_by)
INVITE = _INVITES.where(invite.c.code_hash == bindparam("code_hash"), *_works)
INVITES = (
    _INVITES.where(invite.c.room == bindparam("room"), *_works)
    .order_by(invite.c.created_at.desc(), invite.c.id.desc())
    .limit(INVITES_MAX)
)
NEW_CONVERSATION = insert(conversation)
NEW_INVITE = insert(invite)
USE_INVITE = (
    update(invite)
    .where(invite.c.id == bindparam("which"), invite.c.uses_left.is_not(None))
    .values(uses_left=invite.c.uses_left - 1)
)
DROP_INVITE = delete(invite).where(invite.c.id == bindparam("which"))
DROP_USELESS = delete(invite).where(
    invite.c.room == bindparam("of_room"), or_(invite.c.expires_at <= bindparam("now"), invite.c.uses_left <= 0)
)
PLACE = ""
"""Stands for the room of an invitation into the whole place."""


class RoomReader:
    """See `hubbub.store.Reader` for the promises."""

    _connection: Connection

    def owner_count(self, room: str) -> int:
        return int(self._connection.execute(OWNER_COUNT, {"room": room}).scalar_one())

    def heir(self, room: str, owner: str) -> Author | None:
        binds = {"room": room, "person": owner}
        if self._connection.execute(IS_OWNER, binds).first() is None:
            return None
        first = self._connection.execute(OTHER_MEMBERS, binds).first()
        return Author(id=first.id, name=first.name) if first and first.role != "owner" else None

    def private_rooms_named(self, person: str, name: str) -> list[str]:
        binds = {"person": person, "key": name.casefold()}
        return list(self._connection.execute(MINE_NAMED, binds).scalars())

    def conversation(self, key: str) -> str | None:
        return self._connection.execute(CONVERSATION, {"key": key}).scalar()

    def others_in(self, rooms: Iterable[str], person: str) -> dict[str, list[Author]]:
        found: dict[str, list[Author]] = {room: [] for room in rooms}
        if found:
            for row in self._connection.execute(TOGETHER, {"rooms": list(found), "person": person}).all():
                found[row.room].append(Author(id=row.id, name=row.name))
        return found

    def invite(self, code_hash: str, now: int) -> Invite | None:
        row = self._connection.execute(INVITE, {"code_hash": code_hash, "now": now}).first()
        return None if row is None else _invite_of(row)

    def invites(self, room: str | None, now: int) -> list[Invite]:
        rows = self._connection.execute(INVITES, {"room": room or PLACE, "now": now}).all()
        return [_invite_of(row) for row in rows]


class RoomWriter:
    """See `hubbub.store.Transaction` for the promises."""

    _change: Callable[[Any, Mapping[str, object]], None]

    def add_conversation(self, key: str, room: str) -> None:
        self._change(NEW_CONVERSATION, {"key": key, "room": room})

    def add_invite(self, added: Invite, code_hash: str) -> None:
        self._change(DROP_USELESS, {"of_room": added.room or PLACE, "now": added.created_at})
        row = added.model_dump(exclude={"by"}) | {"room": added.room or PLACE, "created_by": added.by.id}
        self._change(NEW_INVITE, row | {"code_hash": code_hash})

    def use_invite(self, invite: str) -> None:
        self._change(USE_INVITE, {"which": invite})

    def drop_invite(self, invite: str) -> None:
        self._change(DROP_INVITE, {"which": invite})


def _invite_of(row: Any) -> Invite:
    return Invite(
        id=row.id,
        room=row.room or None,
        by=Author(id=row.created_by, name=row.name),
        created_at=row.created_at,
        expires_at=row.expires_at,
        uses_left=row.uses_left,
    )
