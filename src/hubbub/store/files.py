"""What the database knows of uploaded files: whose they are, which messages hold them, and which ones nobody needs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Delete,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from hubbub.core.models import FileInfo
from hubbub.protocol import MessagePosted
from hubbub.store import StoredFile, SweptFile
from hubbub.store.tables import account, attachment, file

GONE = 0
"""The `unused_since` of a file that nobody may have any more."""
ROOMS_MAX = 100
SWEPT_MAX = 100

_id: BindParameter[str] = bindparam("file")
_at_message = and_(attachment.c.room == bindparam("in_room"), attachment.c.seq == bindparam("on_message"))
_there = or_(file.c.unused_since.is_(None), file.c.unused_since > GONE)
_info = [file.c.id, file.c.name, file.c.type, file.c.size, file.c.width, file.c.height]

FILE = select(file).where(file.c.id == _id, _there)
ROOMS_WITH = select(attachment.c.room).where(attachment.c.file == _id).distinct().limit(ROOMS_MAX)
UPLOADED = select(func.coalesce(func.sum(file.c.size), 0)).where(
    file.c.by == bindparam("person"), file.c.at > bindparam("since")
)
FILES_OF = (
    select(attachment.c.seq, *_info)
    .join(file, file.c.id == attachment.c.file)
    .where(attachment.c.room == bindparam("in_room"), attachment.c.seq.in_(bindparam("seqs", expanding=True)))
    .order_by(attachment.c.seq, attachment.c.place)
)
NEW_FILE = insert(file)
NEW_ATTACHMENT = insert(attachment)
IS_USED = update(file).where(file.c.id == _id).values(unused_since=None)
HELD = select(attachment.c.file).where(_at_message)
LET_GO = delete(attachment).where(_at_message)
_up_to_message = and_(attachment.c.room == bindparam("in_room"), attachment.c.seq <= bindparam("up_to"))
HELD_UP_TO = select(attachment.c.file).where(_up_to_message)
LET_GO_UP_TO = delete(attachment).where(_up_to_message)
_posted = select(literal(1)).where(attachment.c.file == file.c.id).exists()
_is_avatar = select(literal(1)).where(account.c.avatar == file.c.id).exists()
IS_GONE = update(file).where(file.c.id == _id, ~_posted, ~_is_avatar).values(unused_since=GONE)
NEVER_USED = (
    update(file).where(file.c.unused_since > GONE, file.c.unused_since < bindparam("before")).values(unused_since=GONE)
)
ALL_GONE = select(file.c.id, file.c.sha256, file.c.thumbnail).where(file.c.unused_since == GONE).limit(SWEPT_MAX)
_hash: BindParameter[str] = bindparam("hash")
STILL_NEEDED = (
    select(file.c.id)
    .where(file.c.sha256 == _hash, _there)
    .union_all(select(file.c.id).where(file.c.thumbnail == _hash, _there))
)
FORGET = delete(file).where(file.c.id == _id, file.c.unused_since == GONE)


def find(connection: Connection, file_id: str) -> StoredFile | None:
    row = connection.execute(FILE, {"file": file_id}).first()
    return None if row is None else StoredFile(_info_of(row), row.by, row.at, row.sha256, row.thumbnail)


def rooms_with(connection: Connection, file_id: str) -> list[str]:
    return list(connection.execute(ROOMS_WITH, {"file": file_id}).scalars())


def uploaded_since(connection: Connection, person: str, since: int) -> int:
    return int(connection.execute(UPLOADED, {"person": person, "since": since}).scalar_one())


def files_of(connection: Connection, room: str, seqs: Sequence[int]) -> Mapping[int, list[FileInfo]]:
    """By the `seq` of the message."""
    found: dict[int, list[FileInfo]] = defaultdict(list)
    if seqs:
        for row in connection.execute(FILES_OF, {"in_room": room, "seqs": seqs}).all():
            found[row.seq].append(_info_of(row))
    return found


def add(connection: Connection, stored: StoredFile) -> None:
    rest = {"sha256": stored.sha256, "thumbnail": stored.thumbnail, "by": stored.by, "at": stored.at}
    connection.execute(NEW_FILE, stored.info.model_dump() | rest | {"unused_since": stored.at})


def attach(connection: Connection, event: MessagePosted) -> None:
    """The message holds its files from now on."""
    for place, info in enumerate(event.files or []):
        row = {"room": event.room, "seq": event.seq, "place": place, "file": info.id}
        connection.execute(NEW_ATTACHMENT, row)
        hold(connection, info.id)


def hold(connection: Connection, file_id: str) -> None:
    """A message or an account has it from now on."""
    connection.execute(IS_USED, {"file": file_id})


def release(connection: Connection, file_id: str) -> None:
    """It is gone, unless a message or an account still has it."""
    connection.execute(IS_GONE, {"file": file_id})


def let_go(connection: Connection, room: str, seq: int) -> None:
    """The message holds no files any more. Those that no other message holds are gone."""
    _let_go(connection, HELD, LET_GO, {"in_room": room, "on_message": seq})


def let_go_up_to(connection: Connection, room: str, seq: int) -> None:
    """The same of all messages of a room up to this one."""
    _let_go(connection, HELD_UP_TO, LET_GO_UP_TO, {"in_room": room, "up_to": seq})


def sweep(connection: Connection, before: int) -> list[SweptFile]:
    connection.execute(NEVER_USED, {"before": before})
    return [
        SweptFile(row.id, [h for h in (row.sha256, row.thumbnail) if h and not _needed(connection, h)])
        for row in connection.execute(ALL_GONE).all()
    ]


def forget(connection: Connection, file_ids: Iterable[str]) -> None:
    for file_id in file_ids:
        connection.execute(FORGET, {"file": file_id})


def _let_go(connection: Connection, those: Select[Any], drop: Delete, binds: Mapping[str, Any]) -> None:
    held = list(connection.execute(those, binds).scalars())
    if held:
        connection.execute(drop, binds)
    for file_id in held:
        release(connection, file_id)


def _needed(connection: Connection, digest: str) -> bool:
    return connection.execute(STILL_NEEDED, {"hash": digest}).first() is not None


def _info_of(row: Any) -> FileInfo:
    return FileInfo(id=row.id, name=row.name, type=row.type, size=row.size, width=row.width, height=row.height)
