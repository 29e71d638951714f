"""Who may do what. Each rule raises the error that the person is told; returning means yes."""

from typing import TypeVar

from hubbub.core.models import LOBBY, Membership, Message, Person, Room, Standing
from hubbub.errors import Conflict, Forbidden, NotFound

R = TypeVar("R", bound=Room | Standing)
M = TypeVar("M", bound=Membership | int)


def must_exist(room: R | None) -> R:
    if room is None:
        raise NotFound("There is no such room.", code="room_not_found")
    return room


def must_be_open(room: Room | Standing) -> None:
    if room.archived:
        raise Conflict("This room is archived: it can be read, but nothing can be changed in it.", code="archived")


def must_be_member(membership: M | None) -> M:
    """Takes the membership, or when it began."""
    if membership is None:
        raise Forbidden("You are not in this room. Join it first.", code="not_a_member")
    return membership


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


def may_change_message(message: Message, me: Person) -> None:
    if message.author.id != me.id:
        raise Forbidden("Only its author may change or delete a message.", code="not_the_author")


def may_rename_or_archive(room: Room, me: Person) -> None:
    """The lobby stays as it is; any other room belongs to the one who created it."""
    if room.id == LOBBY:
        raise Forbidden("The lobby stays: it cannot be renamed, archived or left.", code="lobby_stays")
    if room.created_by != me.id:
        raise Forbidden("Only the person who created this room may do that.", code="not_the_creator")


def may_leave(room: Room) -> None:
    if room.id == LOBBY:
        raise Forbidden("The lobby stays: it cannot be renamed, archived or left.", code="lobby_stays")


def may_react(message: Message, emoji: str) -> None:
    kinds = {reaction.emoji for reaction in message.reactions}
    if emoji not in kinds and len(kinds) >= REACTION_KINDS_MAX:
        raise Conflict(f"A message holds at most {REACTION_KINDS_MAX} kinds of reactions.", code="too_many_reactions")


def may_be_called(name: str, me: Person) -> None:
    """`Client #7` is how tutorial clients are called: nobody else may look like one."""
    if name.casefold().startswith("client #") and me.kind != "client":
        raise Conflict(
            "Names that begin with “Client #” belong to tutorial clients. Choose another.", code="name_taken"
        )


REACTION_KINDS_MAX = 20
