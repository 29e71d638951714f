"""What the matrix of tests/web/test_matrix.py is made of: kinds of people, kinds of rooms, and what each may do.

The verdicts come from `PERMISSIONS`, read once more and otherwise than the program reads it.
"""

import hashlib
import json
from collections.abc import Callable
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
STATUS |= {f"{what}_not_found": 404 for what in ("room", "file", "person", "session")} | {"nobody_waits": 404}
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


Fields = Callable[[Cell, Stage], Json]


class Attempt(NamedTuple):
    """A command, and by which rules it is judged, one after the other."""

    command: str
    rules: tuple[str, ...]
    fields: Fields
    ends: str = "ok"
    """What comes of it where the rules allow it."""


def _in_room(command: str, *rules: str, **fields: Any) -> Attempt:
    return Attempt(command, rules or (command,), lambda cell, stage: {"room": cell.room, **fields})


def _on_message(command: str, *, others: bool = True, rules: tuple[str, ...] = (), **fields: Any) -> Attempt:
    def made(cell: Cell, stage: Stage) -> Json:
        return {"room": cell.room, "message": cell.others if others else cell.mine, **fields}

    return Attempt(command, rules or (command,), made)


def _against(command: str, *, in_room: bool) -> Attempt:
    def made(cell: Cell, stage: Stage) -> Json:
        return {"person": stage.friend.id} | ({"room": cell.room} if in_room else {})

    in_place = "mute_in_place" if "mute" in command else "ban_in_place"
    return Attempt(command, (command if in_room else in_place,), made)


def _other_kind(cell: Cell) -> str:
    return "private" if cell.room.startswith("public") else "public"


ATTEMPTS = [
    _in_room("post", text="x"),
    Attempt("post", ("post",), lambda cell, stage: {"room": cell.room, "text": "", "files": [cell.draft]}),
    _on_message("edit", others=False, text="x"),
    _on_message("delete", others=False),
    _on_message("delete", rules=("delete", "delete_others")),
    _on_message("react", emoji="👍"),
    _on_message("unreact", emoji="👍"),
    _on_message("pin"),
    _on_message("unpin"),
    Attempt("create", ("create",), lambda cell, stage: {"name": f"Room {cell.number}"}),
    Attempt("create", ("create_private",), lambda cell, stage: {"name": "Mine", "kind": "private"}),
    Attempt("rename", ("rename",), lambda cell, stage: {"room": cell.room, "name": f"New {cell.number}"}),
    _in_room("archive"),
    _in_room("join"),
    _in_room("leave"),
    Attempt("rooms", ("rooms",), lambda cell, stage: {}),
    _in_room("members"),
    _in_room("here"),
    _in_room("history"),
    _in_room("pins"),
    Attempt("search", ("search",), lambda cell, stage: {"text": "word words"}),
    _in_room("search", "search", "history", text="word"),
    _in_room("read", seq=2),
    _in_room("unread", seq=2),
    _in_room("typing"),
    Attempt("name", ("name",), lambda cell, stage: {"name": "Somebody"}),
    Attempt("direct", ("direct",), lambda cell, stage: {"people": [stage.friend.id]}),
    _in_room("set_room", topic="x"),
    Attempt("set_room", ("set_room", "set_kind"), lambda cell, stage: {"room": cell.room, "kind": _other_kind(cell)}),
    Attempt("add_member", ("add_member",), lambda cell, stage: {"room": cell.room, "person": stage.friend.id}),
    Attempt(
        "set_role", ("set_role",), lambda cell, stage: {"room": cell.room, "person": stage.second.id, "role": "member"}
    ),
    Attempt("find_people", ("find_people",), lambda cell, stage: {"name": "Fr"}),
    Attempt("invite", ("invite_to_place",), lambda cell, stage: {}),
    _in_room("invite"),
    Attempt("invites", ("invite_to_place",), lambda cell, stage: {}),
    _in_room("invites"),
    Attempt("revoke_invite", ("revoke_invite",), lambda cell, stage: {"room": cell.room, "invite": cell.invite}),
    Attempt("accept_invite", ("accept_invite",), lambda cell, stage: {"code": CODE}),
    # People and the place: the friend is a guest, who has no account and waits for nothing
    Attempt("set_profile", ("set_profile",), lambda cell, stage: {"status": "away"}),
    Attempt("profile", ("profile",), lambda cell, stage: {"person": stage.friend.id}),
    Attempt("people", ("people",), lambda cell, stage: {}),
    Attempt("waiting", ("waiting",), lambda cell, stage: {}),
    Attempt("approve", ("approve",), lambda cell, stage: {"person": stage.friend.id}, "nobody_waits"),
    Attempt("refuse", ("refuse",), lambda cell, stage: {"person": stage.friend.id}, "nobody_waits"),
    Attempt(
        "set_place_role",
        ("set_place_role",),
        lambda cell, stage: {"person": stage.friend.id, "role": "moderator"},
        "person_not_found",
    ),
    Attempt("reset_link", ("reset_link",), lambda cell, stage: {"person": stage.friend.id}, "person_not_found"),
    Attempt("set_place", ("set_place",), lambda cell, stage: {"name": "Place"}),
    # Order
    _on_message("report"),
    _on_message("resolve"),
    *[_against(command, in_room=True) for command in ("mute", "unmute", "kick", "ban", "unban")],
    *[_against(command, in_room=False) for command in ("mute", "unmute", "ban", "unban")],
    *[_in_room(command) for command in ("sanctions", "reports", "audit")],
    *[Attempt(command, ("moderate",), lambda cell, stage: {}) for command in ("sanctions", "reports", "audit")],
    _in_room("retention", days=36_500),
    Attempt("rules", ("rules",), lambda cell, stage: {}),
    Attempt("set_rules", ("set_rules",), lambda cell, stage: {}),
]
CASES_OF_OTHERS = {"announce", "upload", "forget_me"}
"""Rules for what needs a room of its own: tests/journeys/test_rooms.py; for what is no command: the routes; and for
what ends the matrix for whoever does it: tests/journeys/test_my_data.py."""
LEFT_OUT = {"forget_me"}
"""Commands of those."""


class Route(NamedTuple):
    """A route of the API: by which rules it is judged, and what it is sent."""

    rules: tuple[str, ...]
    body: Fields = lambda cell, stage: {}
    query: Fields = lambda cell, stage: {}
    ends: str = "ok"
    """What comes of it where the rules allow it."""


def _room_in_query(cell: Cell, stage: Stage) -> Json:
    return {"room": cell.room}


def _room_in_body(cell: Cell, stage: Stage) -> Json:
    return {"room": cell.room}


ANYBODY, SIGNED_IN, READS_FILE = ("anybody",), ("signed in",), ("reads the file",)
ROUTES = {
    "POST /api/guests": Route(ANYBODY),
    "GET /api/me": Route(SIGNED_IN),
    "PATCH /api/me": Route(("name",), lambda cell, stage: {"name": "Somebody"}),
    "GET /api/emoji": Route(ANYBODY),
    "GET /api/people/find": Route(("find_people",)),
    "GET /api/rooms": Route(("rooms",)),
    "POST /api/rooms": Route(("create",), lambda cell, stage: {"name": f"Room {cell.number}"}),
    "PATCH /api/rooms/{room}": Route(("rename",), lambda cell, stage: {"name": f"New {cell.number}"}),
    "PATCH /api/rooms/{room}/settings": Route(("set_room",), lambda cell, stage: {"topic": "x"}),
    "POST /api/rooms/{room}/archive": Route(("archive",)),
    "PUT /api/rooms/{room}/membership": Route(("join",)),
    "DELETE /api/rooms/{room}/membership": Route(("leave",)),
    "GET /api/rooms/{room}/members": Route(("members",)),
    "PUT /api/rooms/{room}/members/{person}": Route(("add_member",)),
    "PUT /api/rooms/{room}/members/{person}/role": Route(("set_role",), lambda cell, stage: {"role": "member"}),
    "GET /api/rooms/{room}/here": Route(("here",)),
    "PUT /api/rooms/{room}/read": Route(("read",), lambda cell, stage: {"seq": 2}),
    "PUT /api/rooms/{room}/unread": Route(("unread",), lambda cell, stage: {"seq": 2}),
    "POST /api/rooms/{room}/typing": Route(("typing",)),
    "GET /api/rooms/{room}/messages": Route(("history",)),
    "POST /api/rooms/{room}/messages": Route(("post",), lambda cell, stage: {"text": "x"}),
    "POST /api/files": Route(("upload",), query=lambda cell, stage: {"name": "a.txt"}),
    "GET /api/files/{file}/thumbnail": Route(READS_FILE),
    "GET /api/files/{file}/{name}": Route(READS_FILE),
    "PATCH /api/rooms/{room}/messages/{message}": Route(("edit",), lambda cell, stage: {"text": "x"}),
    "DELETE /api/rooms/{room}/messages/{message}": Route(("delete",)),
    "PUT /api/rooms/{room}/messages/{message}/reactions/{emoji}": Route(("react",)),
    "DELETE /api/rooms/{room}/messages/{message}/reactions/{emoji}": Route(("unreact",)),
    "PUT /api/rooms/{room}/messages/{message}/pin": Route(("pin",)),
    "DELETE /api/rooms/{room}/messages/{message}/pin": Route(("unpin",)),
    "GET /api/rooms/{room}/pins": Route(("pins",)),
    "GET /api/search": Route(("search", "history"), query=lambda cell, stage: {"text": "word", "room": cell.room}),
    "POST /api/direct": Route(("direct",), lambda cell, stage: {"people": [stage.friend.id]}),
    "POST /api/invites": Route(("invite",), lambda cell, stage: {"room": cell.room}),
    "GET /api/invites": Route(("invites",), query=lambda cell, stage: {"room": cell.room}),
    "DELETE /api/invites/{invite}": Route(("revoke_invite",), query=lambda cell, stage: {"room": cell.room}),
    "POST /api/invites/accept": Route(("accept_invite",), lambda cell, stage: {"code": CODE}),
    "POST /api/accounts": Route(ANYBODY, ends="invalid"),
    "POST /api/sessions": Route(ANYBODY, ends="invalid"),
    "GET /api/sessions": Route(SIGNED_IN),
    "DELETE /api/sessions": Route(SIGNED_IN),
    "DELETE /api/sessions/{session}": Route(SIGNED_IN, ends="session_not_found"),
    "GET /api/me/account": Route(SIGNED_IN, ends="no_account"),
    "PUT /api/me/password": Route(SIGNED_IN, ends="invalid"),
    "PUT /api/me/email": Route(SIGNED_IN, ends="invalid"),
    "GET /api/me/export": Route(SIGNED_IN),
    "DELETE /api/me": Route(SIGNED_IN, ends="invalid"),
    "PUT /api/me/profile": Route(("set_profile",), lambda cell, stage: {"status": "away"}),
    "GET /api/people": Route(("people",)),
    "GET /api/people/{person}": Route(("profile",)),
    "PUT /api/people/{person}/role": Route(
        ("set_place_role",), lambda cell, stage: {"role": "member"}, ends="person_not_found"
    ),
    "POST /api/people/{person}/reset-link": Route(("reset_link",), ends="person_not_found"),
    "GET /api/waiting": Route(("waiting",)),
    "PUT /api/waiting/{person}": Route(("approve",), ends="nobody_waits"),
    "DELETE /api/waiting/{person}": Route(("refuse",), ends="nobody_waits"),
    "PATCH /api/place": Route(("set_place",), lambda cell, stage: {"name": "Place"}),
    "PUT /api/people/{person}/mute": Route(("mute",), _room_in_body),
    "DELETE /api/people/{person}/mute": Route(("unmute",), query=_room_in_query),
    "PUT /api/people/{person}/ban": Route(("ban",), _room_in_body),
    "DELETE /api/people/{person}/ban": Route(("unban",), query=_room_in_query),
    "DELETE /api/rooms/{room}/members/{person}": Route(("kick",)),
    "GET /api/sanctions": Route(("sanctions",), query=_room_in_query),
    "POST /api/rooms/{room}/messages/{message}/reports": Route(("report",)),
    "POST /api/rooms/{room}/messages/{message}/resolve": Route(("resolve",)),
    "GET /api/reports": Route(("reports",), query=_room_in_query),
    "GET /api/audit": Route(("audit",), query=_room_in_query),
    "GET /api/rules": Route(("rules",)),
    "PUT /api/rules": Route(("set_rules",)),
    "PUT /api/rooms/{room}/retention": Route(("retention",), lambda cell, stage: {"days": 36_500}),
}
"""By method and path: each route of the API."""


def judged(rules: tuple[str, ...], who: Who, kind: str, ends: str) -> str:
    """The first refusal of these rules, or what it ends with."""
    if rules == ANYBODY:
        return ends
    if rules == SIGNED_IN:
        return ends if who.place else "sign_in_needed"
    if rules == READS_FILE:  # as whoever may read the room, in words that tell of no room
        found = verdict("history", who, kind)
        return "file_not_found" if found == "room_not_found" else found
    return next((found for rule in rules if (found := verdict(rule, who, kind)) != "ok"), ends)


# Of the page, with its forms: what somebody gets who ...
FREE, SHOWN, FORM_POST, FORM_JOIN, INVITED = "anybody", "sees the room", "posts in it", "joins it", "is invited"
REFUSED, GONE = "gives nothing that is right", "goes"
PAGES = {
    "GET /": FREE,
    "GET /r/{room}": SHOWN,
    "GET /r/{room}/{seq}": SHOWN,
    "POST /r/{room}/post": FORM_POST,
    "POST /r/{room}/join": FORM_JOIN,
    "GET /i/{code}": FREE,
    "POST /i/{code}": INVITED,
    "GET /sign-in": FREE,
    "POST /sign-in": REFUSED,
    "GET /sign-in/{invite}": FREE,
    "POST /sign-in/{invite}": REFUSED,
    "GET /sign-up": FREE,
    "POST /sign-up": REFUSED,
    "GET /sign-up/{invite}": FREE,
    "POST /sign-up/{invite}": REFUSED,
    "GET /forgot": FREE,
    "POST /forgot": FREE,
    "GET /reset/{code}": REFUSED,
    "POST /reset/{code}": REFUSED,
    "GET /setup/{code}": REFUSED,
    "POST /setup/{code}": REFUSED,
    "GET /static/{digest}/{name}": FREE,
    "GET /favicon.ico": FREE,
    "GET /manifest.webmanifest": FREE,
    "GET /healthz": FREE,
    "GET /readyz": FREE,
    "GET /metrics": FREE,
    "GET /tutorial": FREE,
    "GET /tutorial.js": FREE,
    "GET /api/openapi.json": FREE,
    "POST /sign-out": GONE,  # the last
}
"""Every route that is not of the API. Whoever comes to a page without a session is made a guest."""
SOCKETS = {"/ws", "/ws/{client_id}"}


def page_status(rule: str, who: Who, kind: str) -> int:
    sees = kind == "public" or who.room is not None
    match rule:
        case "sees the room":
            return 200 if sees else 404
        case "posts in it":
            return 404 if not sees else 303 if who.place and who.room else 422
        case "joins it":
            if who.place is None:
                return 303  # to the room, which decides
            return 404 if not sees else 422 if kind == "direct" else 303
        case "is invited" | "goes":
            return 303
    return 200


class Ear(Guest):
    """Keeps all that comes over its socket."""

    heard: list[str]

    def _take(self, frame: Json) -> None:
        self.__dict__.setdefault("heard", []).append(json.dumps(frame, ensure_ascii=False))
        super()._take(frame)
