"""The table of verbs, and the door to them."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from hubbub.core.limits import Meter, Rate
from hubbub.core.models import Found, History, Person, RoomSummary
from hubbub.errors import RateLimited
from hubbub.protocol import (
    AnyCommand,
    Applied,
    ArchiveRoom,
    AuditPage,
    Ban,
    ChangeName,
    Command,
    CreateRoom,
    Delete,
    Edit,
    ForgetMe,
    GetHistory,
    GetRules,
    Here,
    Join,
    Kick,
    Leave,
    ListMembers,
    ListPins,
    ListReports,
    ListRooms,
    ListSanctions,
    MarkRead,
    MarkUnread,
    MemberPage,
    Mute,
    Nothing,
    Pin,
    Pins,
    Post,
    React,
    ReadAudit,
    ReadState,
    RenameRoom,
    Report,
    ReportPage,
    Resolve,
    RoomPage,
    Rules,
    SanctionPage,
    SayTyping,
    Search,
    SetRetention,
    SetRules,
    Unban,
    Unmute,
    Unpin,
    Unreact,
    Value,
    WhoIsHere,
)
from hubbub.service import audit, messages, moderation, my_data, people, reading, reports, rooms, rules, search
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
    Mute: Verb(moderation.mute, Nothing),
    Unmute: Verb(moderation.unmute, Nothing),
    Ban: Verb(moderation.ban, Nothing),
    Unban: Verb(moderation.unban, Nothing),
    Kick: Verb(moderation.kick, Applied),
    ListSanctions: Verb(moderation.sanctions, SanctionPage),
    Report: Verb(reports.report, Nothing, posts=True),
    ListReports: Verb(reports.reports, ReportPage),
    Resolve: Verb(reports.resolve, Nothing),
    ReadAudit: Verb(audit.audit, AuditPage),
    GetRules: Verb(rules.rules, Rules),
    SetRules: Verb(rules.set_rules, Rules),
    SetRetention: Verb(rules.set_retention, Applied),
    ForgetMe: Verb(my_data.forget_me, Nothing),
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
        self.take_turn(me)
        if verb.posts:
            self._take(self._posts, me)
        return await verb.run(self._context, me, command)

    def take_turn(self, me: Person) -> None:
        """Counts one request against the limit for commands. Raises RateLimited."""
        self._take(self._commands, me)

    def _take(self, meter: Meter, me: Person) -> None:
        wait_s = meter.take(me.id, self._clock())
        if wait_s:
            raise RateLimited(f"That was too fast. Try again in {wait_s:.1f} s.", retry_after_s=wait_s)
