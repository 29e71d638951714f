"""docs/permissions.md: who may do what, from the table that decides it."""

from hubbub.core.models import Role
from hubbub.core.policy import PERMISSIONS, ROLES, Rule

HEAD = """\
<!-- Made by scripts/generate-docs from src/hubbub/core/policy.py. Change that file, then run the script. -->
# Permissions

There are four roles: {roles}. Everybody has one in the whole place, and one in each room that they are in.

* A **guest** has no account. In a place where guests may only read, they do what is marked with ○ alone.
* A **member** has an account.
* A **moderator** looks after what others write: nobody acts against somebody of the same role or a higher one.
* An **owner** decides how a room, or the place, is.

Who creates a room owns it. A moderator or an owner of the place is at least that in every public room, and in the
others that they are in. Nobody sees a private room or a conversation of others, whatever their role: for them there is
no such room.

In the columns of a room: ✓ may, ● only as a member of that room, – may not. `archived`: also in an archived room.
`silenced`: also while silenced. `direct`: also in a direct conversation, where everybody is a member.

## In a room

| What | {room_columns} | archived | silenced | direct |
|---|{room_lines}|---|---|---|
"""

PLACE = """
## In the place

| What | {place_columns} |
|---|{place_lines}|
"""


def permissions_page() -> str:
    in_rooms = "".join(_room_row(name, rule) for name, rule in PERMISSIONS.items() if rule.room)
    in_place = "".join(_place_row(name, rule) for name, rule in PERMISSIONS.items() if not rule.room)
    columns, lines = " | ".join(ROLES), "|".join("---" for _ in ROLES)
    head = HEAD.format(roles=", ".join(ROLES), room_columns=columns, room_lines=lines)
    return head + in_rooms + PLACE.format(place_columns=columns, place_lines=lines) + in_place


def _room_row(name: str, rule: Rule) -> str:
    assert rule.room
    cells = " | ".join(_cell(role, rule.room, joined=rule.joined) for role in ROLES)
    also = " | ".join(_yes(value) for value in (not rule.changes, not rule.speaks, rule.direct))
    return f"| {_what(name, rule)} | {cells} | {also} |\n"


def _place_row(name: str, rule: Rule) -> str:
    cells = " | ".join(_cell(role, rule.place) for role in ROLES)
    return f"| {_what(name, rule)} | {cells} |\n"


def _what(name: str, rule: Rule) -> str:
    mark = "" if rule.changes else " ○"
    return f"`{name}`: {rule.what}{mark}"


def _cell(role: Role, least: Role, *, joined: bool = False) -> str:
    if ROLES.index(role) < ROLES.index(least):
        return "–"
    return "●" if joined else "✓"


def _yes(value: bool) -> str:
    return "✓" if value else "–"
