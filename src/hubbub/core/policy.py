"""Who may do what.

`PERMISSIONS` is the one table; `docs/permissions.md` is generated from it, and a test tries each of its cells. Each
function below raises the error that the person is told; returning means yes.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, NamedTuple, TypeVar, get_args

from hubbub.core.lookalikes import mixes_scripts, skeleton
from hubbub.core.models import (
    FOREVER,
    LOBBY,
    Invite,
    Membership,
    Message,
    Person,
    Place,
    Profile,
    Role,
    Room,
    Standing,
)
from hubbub.errors import Conflict, Forbidden, HubbubError, Invalid, NotFound, RateLimited

M = TypeVar("M", bound=Membership | Person | Profile | Invite | int)
R = TypeVar("R", bound=Room | Standing)
ROLES: tuple[Role, ...] = get_args(Role)
REACTION_KINDS_MAX = 20


class Rule(NamedTuple):
    """What somebody has to be to do something."""

    what: str
    """Continues "You may not": the words of the error, and of the documentation."""
    place: Role = "guest"
    """The least role in the whole place."""
    room: Role | None = "guest"
    """The least role in the room: see `role_of`. None: it is not about one room."""
    joined: bool = True
    """Only for members of the room. Otherwise for everybody who may see it."""
    changes: bool = True
    """Not in an archived room, and not for guests in a place where guests may only read."""
    speaks: bool = False
    """Not for somebody who has been silenced."""
    direct: bool = True
    """Also in a direct conversation."""


def _look(what: str) -> Rule:
    return Rule(what, joined=False, changes=False)


PERMISSIONS: dict[str, Rule] = {
    # Reading
    "rooms": Rule("list rooms", room=None, changes=False),
    "search": Rule("search", room=None, changes=False),
    "history": _look("read this room"),
    "pins": _look("read this room"),
    "previews": _look("read this room"),
    "members": _look("see who is in this room"),
    "here": _look("see who is in this room"),
    "read": Rule("mark this room as read", changes=False),
    "unread": Rule("mark this room as unread", changes=False),
    # Speaking
    "post": Rule("post in this room", speaks=True),
    "announce": Rule("post in an announcement room", room="moderator", speaks=True),
    "edit": Rule("edit messages in this room", speaks=True),
    "delete": Rule("delete messages in this room", joined=False),
    "delete_others": Rule("delete other people's messages in this room", room="moderator", joined=False, direct=False),
    "react": Rule("react in this room", speaks=True),
    "unreact": Rule("react in this room"),
    "pin": Rule("pin messages in this room"),
    "unpin": Rule("pin messages in this room"),
    "upload": Rule("upload files", room=None),
    "typing": Rule("write in this room", speaks=True),
    # Rooms
    "join": Rule("join this room", joined=False, changes=False, direct=False),
    "leave": Rule("leave this room", joined=False, changes=False, direct=False),
    "create": Rule("create rooms", room=None),
    "create_private": Rule("create private rooms", place="member", room=None),
    "direct": Rule("begin a direct conversation", place="member", room=None),
    "rename": Rule("rename this room", room="owner", joined=False, direct=False),
    "archive": Rule("archive this room", room="owner", joined=False, changes=False, direct=False),
    "set_room": Rule("change this room's settings", room="moderator", joined=False, direct=False),
    "set_kind": Rule("make this room public or private", place="member", room="owner", direct=False),
    "add_member": Rule("add people to this room", place="member", room="moderator", direct=False),
    "set_role": Rule("decide on roles in this room", room="owner", joined=False, direct=False),
    # Invitations
    "invite": Rule("invite people to this room", room="moderator", direct=False),
    "invites": Rule("see the invitations to this room", room="moderator", changes=False, direct=False),
    "revoke_invite": Rule("revoke invitations to this room", room="moderator", changes=False, direct=False),
    "invite_to_place": Rule("invite people to this place", place="moderator", room=None),
    "accept_invite": Rule("accept invitations", room=None, changes=False),
    "find_people": Rule("look for people", place="member", room=None, changes=False),
    # Oneself
    "name": Rule("change your name", room=None, changes=False),
    "set_profile": Rule("have a profile", place="member", room=None),
    "set_avatar": Rule("have a profile", place="member", room=None),
    # People and the place
    "profile": Rule("see who somebody is", room=None, changes=False),
    "people": Rule("list the people of this place", place="member", room=None, changes=False),
    "waiting": Rule("see who waits to be let in", place="moderator", room=None, changes=False),
    "approve": Rule("let people in", place="moderator", room=None),
    "refuse": Rule("turn people away", place="moderator", room=None),
    "set_place_role": Rule("decide on roles in this place", place="owner", room=None),
    "reset_link": Rule("make links for a new password", place="owner", room=None),
    "set_place": Rule("change this place", place="owner", room=None),
    "forget_me": Rule("delete your account", room=None, changes=False),
    # Order
    "report": Rule("report messages in this room", joined=False, changes=False, direct=False),
    "mute": Rule("silence people in this room", room="moderator", joined=False, changes=False, direct=False),
    "unmute": Rule(
        "let silenced people speak in this room", room="moderator", joined=False, changes=False, direct=False
    ),
    "kick": Rule("remove people from this room", room="moderator", joined=False, changes=False, direct=False),
    "ban": Rule("ban people from this room", room="moderator", joined=False, changes=False, direct=False),
    "unban": Rule("let banned people into this room", room="moderator", joined=False, changes=False, direct=False),
    "sanctions": Rule(
        "see who is silenced or banned in this room", room="moderator", joined=False, changes=False, direct=False
    ),
    "reports": Rule("see what was reported in this room", room="moderator", joined=False, changes=False, direct=False),
    "resolve": Rule("settle reports in this room", room="moderator", joined=False, changes=False, direct=False),
    "audit": Rule("read the audit log of this room", room="moderator", joined=False, changes=False, direct=False),
    "retention": Rule(
        "decide how long this room keeps messages", room="owner", joined=False, changes=False, direct=False
    ),
    "mute_in_place": Rule("silence people in the whole place", place="moderator", room=None),
    "ban_in_place": Rule("ban people from the whole place", place="moderator", room=None),
    "moderate": Rule("look after the whole place", place="moderator", room=None),
    "rules": Rule("see the rules of this place", place="moderator", room=None),
    "set_rules": Rule("change the rules of this place", place="owner", room=None),
}
"""By the type of a command, or the name of what a command does in a special case."""


def role_of(membership: Role | None, place: Role) -> Role:
    """What a person is in a room: what they were made there (None: they are not in it), or more where the whole place
    trusts them more. A guest of the place is a guest in each room, unless they were made more than a member of it."""
    given = membership or "guest"
    if place == "guest":
        return "guest" if given == "member" else given
    return given if place == "member" else max(given, place, key=ROLES.index)


def permit(action: str, standing: Standing | None, place: Place, now: int) -> Standing:
    """Lets somebody do something in a room that they may see. `now`: milliseconds.
    Raises NotFound for a room that they may not know of, Forbidden, or Conflict for an archived one."""
    rule = PERMISSIONS[action]
    if standing is None or (standing.kind != "public" and standing.joined_at is None):
        raise NotFound("There is no such room.", code="room_not_found")
    must_not_be_banned(standing, now)
    if standing.kind == "direct" and not rule.direct:
        raise Forbidden(f"You may not {rule.what}: it is a direct conversation.", code="direct_stays")
    if rule.joined and standing.joined_at is None:
        raise Forbidden("You are not in this room. Join it first.", code="not_a_member")
    if rule.changes:
        must_be_open(standing)
    _must_be(standing.place, rule, place)
    if rule.room and ROLES.index(role_of(standing.membership, standing.place)) < ROLES.index(rule.room):
        raise Forbidden(f"You may not {rule.what}: only its {rule.room}s may.", code="role_needed")
    if rule.speaks and standing.muted_until > now:
        wait_s = _left_s(standing.muted_until, now)
        raise Forbidden("You have been silenced here for a while.", code="muted", retry_after_s=wait_s)
    return standing


def must_not_be_banned(standing: Standing, now: int, by: Person | None = None) -> None:
    """For whoever is in a room, or comes into it. `by`: who brings them, and is told then."""
    if standing.banned_until > now:
        words = "This person has been banned" if by else "You have been banned"
        wait_s = _left_s(standing.banned_until, now)
        raise Forbidden(f"{words} from this room.", code="banned", retry_after_s=wait_s)


def _left_s(until: int, now: int) -> float | None:
    """Seconds; None for what has no end."""
    return None if until >= FOREVER else (until - now) / 1000


def must_be_open(standing: Standing) -> None:
    if standing.archived:
        raise Conflict("This room is archived: it can be read, but nothing can be changed in it.", code="archived")


def permit_in_place(action: str, me: Person, place: Place) -> None:
    """Lets somebody do something that is not about one room. Raises Forbidden."""
    _must_be(me.role, PERMISSIONS[action], place)


def _must_be(role: Role, rule: Rule, place: Place) -> None:
    if ROLES.index(role) < ROLES.index(rule.place):
        who = "people with an account" if rule.place == "member" else f"this place's {rule.place}s"
        raise Forbidden(f"You may not {rule.what}: only {who} may.", code="role_needed")
    if rule.changes and role == "guest" and place.guests == "read_only":
        raise Forbidden("Guests may only read here. Sign up to take part.", code="guests_read_only")


def must_be_let_in(me: Person, place: Place) -> Person:
    """For everything that somebody asks for: not while their account waits, nor as a guest where there are none."""
    if me.waits:
        raise Forbidden("A moderator has to approve of your account first. Come back later.", code="waiting")
    if me.kind != "account" and place.guests == "no":
        raise Forbidden("Guests are not welcome here. Sign in, or sign up.", code="no_guests")
    return me


def must_keep_an_owner(where: Literal["place", "room"], before: Role | None, after: Role | None, owners: int) -> None:
    """For somebody who becomes something else there, or leaves it: it keeps somebody who decides. `owners`: now."""
    if before == "owner" and after != "owner" and owners <= 1:
        words = f"This would leave the {where} without an owner. Make somebody else its owner first."
        raise Conflict(words, code="last_owner")


def must_be_member(membership: M | None) -> M:
    """Takes the membership, or when it began."""
    if membership is None:
        raise Forbidden("You are not in this room. Join it first.", code="not_a_member")
    return membership


def must_exist(room: R | None) -> R:
    """Takes the room, or how somebody stands to it."""
    if room is None:
        raise NotFound("There is no such room.", code="room_not_found")
    return room


def person_must_exist(person: M | None) -> M:
    """Takes the person, or their membership where they have to be in the room."""
    if person is None:
        raise NotFound("There is no such person here.", code="person_not_found")
    return person


def invite_must_work(invite: M | None) -> M:
    """The same words for an invitation that never was, has been used up or revoked, or is too old."""
    if invite is None:
        words = "This invitation does not work, or not any more. Ask whoever sent it for a new one."
        raise NotFound(words, code="invite_not_found")
    return invite


def message_must_exist(message: Message | None) -> Message:
    if message is None:
        raise NotFound("There is no such message in this room.", code="message_not_found")
    return message


def message_must_stand(message: Message | None) -> Message:
    """For everything that is done to a message: it exists and has not been deleted."""
    found = message_must_exist(message)
    if found.deleted:
        raise NotFound("This message has been deleted.", code="message_deleted")
    return found


def may_sanction(me: str, mine: Role, them: str, theirs: Role) -> None:
    """Nobody acts against somebody of the same rank, or a higher one."""
    if me == them:
        raise Forbidden("You cannot do this to yourself.", code="not_to_yourself")
    if ROLES.index(theirs) >= ROLES.index(mine):
        raise Forbidden("You cannot do this to somebody who has your role or a higher one.", code="role_needed")


def must_be_welcome(banned_until: int, now: int) -> None:
    """For somebody, or an address, that wants to come into the place."""
    if banned_until > now:
        raise Forbidden("You have been banned here.", code="banned", retry_after_s=_left_s(banned_until, now))


def must_wait(last_at: int, slow_s: int, now: int) -> None:
    """In a room in slow mode. Raises RateLimited until so many seconds after one's last message have passed."""
    wait_s = last_at / 1000 + slow_s - now / 1000
    if wait_s > 0:
        words = f"This room is in slow mode: one message every {slow_s} s. Try again in {wait_s:.0f} s."
        raise RateLimited(words, code="slow_mode", retry_after_s=wait_s)


def may_read_file(by: str, me: Person, standings: Sequence[Standing | None], place: Place, now: int) -> None:
    """A file is for everybody who may read one of the messages that hold it, and while none does for its uploader, who
    is asked like all others from then on. `standings`: in the rooms of those messages."""
    if by == me.id and not standings:
        return
    for standing in standings:
        with suppress(HubbubError):
            permit("history", standing, place, now)
            return
    raise NotFound("There is no such file, or it has been deleted.", code="file_not_found")


def may_edit(message: Message, me: Person) -> None:
    if message.author.id != me.id:
        raise Forbidden("Only its author may change a message.", code="not_the_author")


def may_close(room: str) -> None:
    """The lobby stays as it is."""
    if room == LOBBY:
        raise Forbidden("The lobby stays: it cannot be renamed, archived, left or made private.", code="lobby_stays")


def may_react(message: Message, emoji: str) -> None:
    kinds = {reaction.emoji for reaction in message.reactions}
    if emoji not in kinds and len(kinds) >= REACTION_KINDS_MAX:
        raise Conflict(f"A message holds at most {REACTION_KINDS_MAX} kinds of reactions.", code="too_many_reactions")


def must_be_nobody_elses(name: str, taken: bool) -> None:
    """`taken`: somebody with an account has this name. Guests' names may be had twice: ids are what counts."""
    if taken:
        raise Conflict(f"Somebody with an account is called “{name}”. Choose another name.", code="name_taken")


def may_be_called(name: str, me: Person) -> None:
    """`Client #7` is how tutorial clients are called: nobody else may look like one. And nobody may write a name in
    letters of several alphabets, which look like another name to a reader."""
    if skeleton(name[:8]) == skeleton("client #") and me.kind != "client":
        raise Conflict(
            "Names that begin with “Client #” belong to tutorial clients. Choose another.", code="name_taken"
        )
    if mixes_scripts(name):
        raise Invalid("A word of a name has letters of one alphabet. This one mixes several.", code="bad_name")
