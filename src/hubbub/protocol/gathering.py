"""Commands about rooms for some, and ways into them."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from hubbub.core.models import (
    PersonId,
    RoomId,
)
from hubbub.core.text import NAME_MAX_CHARS
from hubbub.protocol.talking import Command, InRoom
from hubbub.protocol.values import InviteAddress, InviteCode, InviteHours, InviteUses, OtherPeople, SlowMode, Topic


class OpenDirect(Command):
    """Opens the conversation of oneself and these people: the same one for the same people for ever. All of them are
    in it at once, and nobody can leave it."""

    type: Literal["direct"] = "direct"
    people: OtherPeople
    """The others. At most 8 people are in one conversation."""


class SetRoom(InRoom):
    """Changes how a room is: what is left out stays. Moderators may, but only owners make it public or private."""

    type: Literal["set_room"] = "set_room"
    topic: Topic | None = None
    announcement: bool | None = None
    """Whether only moderators post."""
    slow_s: SlowMode | None = None
    kind: Literal["public", "private"] | None = None
    """Whoever is not in a room that becomes private sees nothing of it any more, and whoever sees one that becomes
    public can read all that was said in it."""


class AddMember(InRoom):
    """Puts somebody into a room."""

    type: Literal["add_member"] = "add_member"
    person: PersonId


class SetMemberRole(InRoom):
    """Makes a member of a room its owner, its moderator, or only a member."""

    type: Literal["set_role"] = "set_role"
    person: PersonId
    role: Literal["member", "moderator", "owner"]


class FindPeople(Command):
    """Finds people whose name begins so, without regard to case and accents: at most 20."""

    type: Literal["find_people"] = "find_people"
    name: Annotated[str, StringConstraints(max_length=NAME_MAX_CHARS)]


class CreateInvite(Command):
    """Makes a link by which people come into a room, or into the place. The answer alone has it: it is not kept."""

    type: Literal["invite"] = "invite"
    room: RoomId | None = None
    """Null: into the place."""
    uses: InviteUses | None = None
    """How many people may come by it; null: any number."""
    hours: InviteHours | None = 24 * 7
    """For how long; null: until it is revoked."""
    address: InviteAddress | None = None
    """How people reach this server: the beginning of the link. Null: the link is a path alone, and there is no QR
    code."""


class ListInvites(Command):
    """The invitations that can still be accepted, newest first."""

    type: Literal["invites"] = "invites"
    room: RoomId | None = None
    """Null: those into the place."""


class RevokeInvite(Command):
    """Ends an invitation: nobody comes by its link any more."""

    type: Literal["revoke_invite"] = "revoke_invite"
    room: RoomId | None = None
    invite: Annotated[str, StringConstraints(max_length=64)]
    """Its `id`."""


class AcceptInvite(Command):
    """Goes where an invitation leads. The answer is that room."""

    type: Literal["accept_invite"] = "accept_invite"
    code: InviteCode
    """The end of the link."""
