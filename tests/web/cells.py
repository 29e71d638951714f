"""What the matrix of tests/web/test_matrix.py is made of: kinds of people, kinds of rooms, and what each may do.

The verdicts come from `PERMISSIONS`, read once more and otherwise than the program reads it.
"""

import hashlib
import json
from typing import Any, NamedTuple

from hubbub.core.files import UNKNOWN
from hubbub.core.models import Author, FileInfo, Invite, Role, RoomKind
from hubbub.core.policy import PERMISSIONS
from hubbub.protocol import MemberJoined, MemberLeft, MessagePosted, RoomCreated
from hubbub.service.context import token_hash
from hubbub.store import StoredFile, Transaction
from hubbub.testing.people import Guest, Json

CANARY = "Xanthophyll"
"""In the names, topics and messages of rooms that outsiders must not know of."""
KINDS: tuple[RoomKind, ...] = ("public", "private", "direct")
RANK = {"guest": 0, "member": 1, "moderator": 2, "owner": 3}
STATUS = {"ok": 200, "sign_in_needed": 401, "invalid": 422}
STATUS |= {f"{what}_not_found": 404 for what in ("room", "file", "person", "session", "avatar")} | {
    "nobody_waits": 404,
    "no_passkeys": 404,
}
"""Of a verdict; every other is 403."""
AT = 1_700_000_000_000
MISSING = "0" * 32
CODE = "the-code-of-an-invitation"


class Who(NamedTuple):
    """Somebody who tries everything."""

    name: str
    place: Role | None
    """None: nobody is signed in."""
    room: Role | None
    """None: outside."""
    was_inside: bool = False


WHO = [
    Who("anonymous", None, None),
    Who("a guest outside", "guest", None),
    Who("a guest inside", "guest", "member"),
    Who("a member outside", "member", None),
    Who("a member inside", "member", "member"),
    Who("a moderator of the room", "member", "moderator"),
    Who("somebody removed", "member", None, was_inside=True),
    Who("a moderator of the place", "moderator", None),
    Who("an owner of the place", "owner", None),
    Who("an owner of the room", "member", "owner"),  # the last: makes a private room public
]


def verdict(action: str, who: Who, kind: str) -> str:
    """`ok`, or the code of the error."""
    rule = PERMISSIONS[action]
    if who.place is None:
        return "sign_in_needed"
    if rule.room is not None:
        if kind != "public" and who.room is None:
            return "room_not_found"
        if kind == "direct" and not rule.direct:
            return "direct_stays"
        if rule.joined and who.room is None:
            return "not_a_member"
    if RANK[who.place] < RANK[rule.place]:
        return "role_needed"
    return "role_needed" if rule.room and _rank_in_room(who, kind) < RANK[rule.room] else "ok"


def _rank_in_room(who: Who, kind: str) -> int:
    given = "guest" if who.room is None else "member" if kind == "direct" else who.room
    place = RANK[who.place or "guest"]
    if place == RANK["guest"] and given == "member":
        return place
    return RANK[given] if place <= RANK["member"] else max(RANK[given], place)


class Cell(NamedTuple):
    """A room in which one attempt is made."""

    room: str
    mine: int
    """A message by whoever tries."""
    others: int
    """A message by somebody else."""
    number: int
    file: str
    """A file of that message."""
    draft: str
    """A file that whoever tries has uploaded, and that is in no message yet."""

    @property
    def invite(self) -> str:
        return f"{self.number:016x}"


class Stage(NamedTuple):
    """Who else is there."""

    keeper: Author
    second: Author
    friend: Author


def contents_of(kind: str) -> bytes:
    """Of the files of a room of this kind."""
    return f"{CANARY if kind != 'public' else 'Open'} in a file".encode()


def file_by(tx: Transaction, person: Author, kind: str, number: int) -> FileInfo:
    """A file that this person has uploaded, whose bytes are those for rooms of this kind."""
    contents = contents_of(kind)
    info = FileInfo(id=f"{number:032x}", name="a.txt", type=UNKNOWN, size=len(contents))
    tx.add_file(StoredFile(info, person.id, AT, hashlib.sha256(contents).hexdigest(), None))
    return info


def make_cell(tx: Transaction, stage: Stage, me: Author, who: Who, kind: RoomKind, number: int) -> Cell:
    """A new room with two owners, in which `me` is what `who` says."""
    room, keeper = f"{kind}-{number}", stage.keeper
    secret = CANARY if kind != "public" else "Open"
    about: dict[str, Any] = {"room": room, "seq": 0, "at": AT, "by": keeper}
    tx.append(RoomCreated(**about, name=f"{secret} {number}", kind=kind, topic=f"{secret} matters"))
    role: Role = "member" if kind == "direct" else "owner"
    for person in (keeper, stage.second):
        tx.append(MemberJoined(**about, person=person, role=role))
    is_known = who.room is not None or who.was_inside
    given: Role = "member" if kind == "direct" else who.room or "member"
    if is_known:
        tx.append(MemberJoined(**about, person=me, role=given))
    file, draft = file_by(tx, keeper, kind, 2 * number), file_by(tx, me, kind, 2 * number + 1)
    others = tx.append(MessagePosted(**about, text=f"{secret} is the word", files=[file])).seq
    mine = tx.append(MessagePosted(**about | {"by": me}, text="my own words")).seq
    if who.was_inside:
        tx.append(MemberLeft(**about | {"by": me}, person=me))
    cell = Cell(room, mine, others, number, file.id, draft.id)
    invite = Invite(id=cell.invite, room=room, by=keeper, created_at=AT, expires_at=None, uses_left=None)
    tx.add_invite(invite, token_hash(f"code-{number}"))
    return cell


class Ear(Guest):
    """Keeps all that comes over its socket."""

    heard: list[str]

    def _take(self, frame: Json) -> None:
        self.__dict__.setdefault("heard", []).append(json.dumps(frame, ensure_ascii=False))
        super()._take(frame)
