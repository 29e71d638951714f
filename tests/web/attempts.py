"""All that there is to try: each command, each route of the API and each page, and by which rules it is judged."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hubbub.testing.people import Json
from tests.web.cells import CODE, Cell, Stage, Who, verdict

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
    _on_message("previews"),
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
    Attempt("set_avatar", ("set_avatar",), lambda cell, stage: {}, "no_account"),
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
    "GET /api/rooms/{room}/messages/{message}/previews": Route(("previews",)),
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
    "GET /api/me/passkeys": Route(SIGNED_IN, ends="no_passkeys"),
    "POST /api/me/passkeys": Route(SIGNED_IN, ends="invalid"),
    "POST /api/me/passkeys/options": Route(SIGNED_IN, ends="no_passkeys"),
    "DELETE /api/me/passkeys/{passkey}": Route(SIGNED_IN, ends="no_passkeys"),
    "POST /api/sessions/passkey": Route(ANYBODY, ends="invalid"),
    "POST /api/sessions/passkey/options": Route(ANYBODY, ends="no_passkeys"),
    "POST /api/me/identity": Route(SIGNED_IN, ends="no_account"),
    "DELETE /api/me/identity": Route(SIGNED_IN, ends="no_account"),
    "GET /api/me/export": Route(SIGNED_IN),
    "DELETE /api/me": Route(SIGNED_IN, ends="invalid"),
    "PUT /api/me/profile": Route(("set_profile",), lambda cell, stage: {"status": "away"}),
    "PUT /api/me/avatar": Route(("set_avatar",), ends="no_account"),
    "GET /api/people/{person}/avatar": Route(SIGNED_IN, ends="avatar_not_found"),
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
    "POST /forgot": REFUSED,
    "GET /reset/{code}": REFUSED,
    "POST /reset/{code}": REFUSED,
    "GET /setup/{code}": REFUSED,
    "POST /setup/{code}": REFUSED,
    "GET /oidc": REFUSED,
    "GET /oidc/{invite}": REFUSED,
    "GET /oidc/callback": REFUSED,
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
