"""The table of verbs, and the door to them."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from hubbub.core.limits import Meter, Rate
from hubbub.core.models import Found, History, Person, RoomSummary
from hubbub.errors import RateLimited
from hubbub.protocol import (
    AcceptInvite,
    AddMember,
    AnyCommand,
    Applied,
    ArchiveRoom,
    ChangeName,
    Command,
    CreateInvite,
    CreateRoom,
    Delete,
    Edit,
    FindPeople,
    FoundPeople,
    GetHistory,
    Here,
    Invitation,
    Invites,
    Join,
    Leave,
    ListInvites,
    ListMembers,
    ListPins,
    ListRooms,
    MarkRead,
    MarkUnread,
    MemberPage,
    Nothing,
    OpenDirect,
    Pin,
    Pins,
    Post,
    React,
    ReadState,
    RenameRoom,
    RevokeInvite,
    RoomPage,
    SayTyping,
    Search,
    SetMemberRole,
    SetRoom,
    Unpin,
    Unreact,
    Value,
    WhoIsHere,
)
from hubbub.service import invites, membership, messages, people, reading, rooms, search
from hubbub.service.context import Context


class Verb(NamedTuple):
    run: Callable[[Context, Person, Any], Awaitable[Value]]
    answer: type
    """What a `result` carries as its `value`."""
    posts: bool = False
    """Whether it counts against the limit for messages, beside the one for commands."""


VERBS: dict[type[Command], Verb] = {
    Post: Verb(messages.post, Applied, posts=True),
    Edit: Verb(messages.edit, Applied, posts=True),
    Delete: Verb(messages.delete, Applied),
    React: Verb(messages.react, Applied),
    Unreact: Verb(messages.unreact, Applied),
    Pin: Verb(messages.pin, Applied),
    Unpin: Verb(messages.unpin, Applied),
    GetHistory: Verb(messages.history, History),
    ListPins: Verb(messages.pins, Pins),
    Search: Verb(search.search, Found),
    CreateRoom: Verb(rooms.create, RoomSummary, posts=True),
    RenameRoom: Verb(rooms.rename, Applied),
    ArchiveRoom: Verb(rooms.archive, Applied),
    Join: Verb(rooms.join, Applied),
    Leave: Verb(rooms.leave, Applied),
    ListRooms: Verb(rooms.directory, RoomPage),
    ListMembers: Verb(rooms.members, MemberPage),
    WhoIsHere: Verb(rooms.here, Here),
    MarkRead: Verb(reading.mark_read, ReadState),
    MarkUnread: Verb(reading.mark_unread, ReadState),
    SayTyping: Verb(reading.say_typing, Nothing),
    ChangeName: Verb(people.change_name, Person),
    OpenDirect: Verb(membership.open_direct, RoomSummary, posts=True),
    SetRoom: Verb(rooms.change_settings, Applied, posts=True),
    AddMember: Verb(membership.add_member, Applied, posts=True),
    SetMemberRole: Verb(membership.set_role, Applied),
    FindPeople: Verb(membership.find_people, FoundPeople),
    CreateInvite: Verb(invites.create, Invitation, posts=True),
    ListInvites: Verb(invites.listed, Invites),
    RevokeInvite: Verb(invites.revoke, Nothing),
    AcceptInvite: Verb(invites.accept_it, RoomSummary),
}


class Service:
    """`clock` gives seconds that never go backwards, for the limits."""

    def __init__(self, context: Context, *, clock: Callable[[], float]) -> None:
        settings = context.settings
        self._context = context
        self._clock = clock
        self._commands = Meter(Rate(settings.commands_per_second, settings.commands_burst))
        self._posts = Meter(Rate(settings.posts_per_second, settings.posts_burst))

    async def perform(self, me: Person, command: AnyCommand) -> Value:
        """Does what the command says, in the name of `me`; returns when it is durable.
        Raises HubbubError; RateLimited says when to come back."""
        verb = VERBS[type(command)]
        self._take(self._commands, me)
        if verb.posts:
            self._take(self._posts, me)
        return await verb.run(self._context, me, command)

    def _take(self, meter: Meter, me: Person) -> None:
        wait_s = meter.take(me.id, self._clock())
        if wait_s:
            raise RateLimited(f"That was too fast. Try again in {wait_s:.1f} s.", retry_after_s=wait_s)
