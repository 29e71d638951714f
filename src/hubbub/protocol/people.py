"""Commands about people, and the place as a whole."""

from typing import Annotated, Literal

from pydantic import Field

from hubbub.core.models import (
    FileId,
    PersonId,
)
from hubbub.protocol.talking import Command
from hubbub.protocol.values import PAGE_MAX, Name, Status, TimeZone


class SetProfile(Command):
    """Changes what one's profile says; what is left out is taken out. Only with an account."""

    type: Literal["set_profile"] = "set_profile"
    status: Status | None = None
    time_zone: TimeZone | None = None


class SetAvatar(Command):
    """Chooses one's picture. Only with an account."""

    type: Literal["set_avatar"] = "set_avatar"
    file: FileId | None = None
    """A picture that one has uploaded; null: none."""


class GetProfile(Command):
    """What is known of a person."""

    type: Literal["profile"] = "profile"
    person: PersonId


class ListPeople(Command):
    """Lists the people who have an account, in the order of their ids."""

    type: Literal["people"] = "people"
    after: PersonId | None = None
    """The last person of the page before."""
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE_MAX
    """How many entries at most."""


class ListWaiting(Command):
    """Lists the accounts that wait for approval, the first that came first: at most 100."""

    type: Literal["waiting"] = "waiting"


class Approve(Command):
    """Lets somebody in whose account waits for approval."""

    type: Literal["approve"] = "approve"
    person: PersonId


class Refuse(Command):
    """Turns somebody away whose account waits for approval: the account is deleted."""

    type: Literal["refuse"] = "refuse"
    person: PersonId


class SetPlaceRole(Command):
    """Makes somebody with an account an owner or a moderator of the place, or only a member. They have to sign in
    again, because what was trusted before must not be trusted more."""

    type: Literal["set_place_role"] = "set_place_role"
    person: PersonId
    role: Literal["member", "moderator", "owner"]


class MakeResetLink(Command):
    """Makes a link by which somebody chooses a new password, for an owner to hand out. It works once and for an
    hour; one that was made before does not any more."""

    type: Literal["reset_link"] = "reset_link"
    person: PersonId


class SetPlace(Command):
    """Changes how the place is: what is left out stays."""

    type: Literal["set_place"] = "set_place"
    name: Name | None = None
    joining: Literal["open", "invite", "approval"] | None = None
    """Who may make an account: everybody, whoever was invited, or whoever a moderator approves of."""
    guests: Literal["yes", "read_only", "no"] | None = None
    """What somebody without an account may do."""
