"""The table of verbs, and the door to them."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from hubbub.core import policy
from hubbub.core.limits import Meter, Rate, when_to_try
from hubbub.core.models import Found, History, Person, Place, Profile, RoomSummary
from hubbub.core.shedding import Shed
from hubbub.errors import HubbubError, RateLimited
from hubbub.protocol import (
    AcceptInvite,
    AddMember,
    AnyCommand,
    Applied,
    Approve,
    ArchiveRoom,
    AuditPage,
    Ban,
    ChangeName,
    Command,
    CreateInvite,
    CreateRoom,
    Delete,
    Edit,
    FindPeople,
    ForgetMe,
    FoundPeople,
    GetHistory,
    GetPreviews,
    GetProfile,
    GetRules,
    Here,
    Invitation,
    Invites,
    Join,
    Kick,
    Leave,
    LinkPreviews,
    ListInvites,
    ListMembers,
    ListPeople,
    ListPins,
    ListReports,
    ListRooms,
    ListSanctions,
    ListWaiting,
    MakeResetLink,
    MarkRead,
    MarkUnread,
    MemberPage,
    Mute,
    Nothing,
    OpenDirect,
    PeoplePage,
    Pin,
    Pins,
    Post,
    React,
    ReadAudit,
    ReadState,
    Refuse,
    RenameRoom,
    Report,
    ReportPage,
    ResetLink,
    Resolve,
    RevokeInvite,
    RoomPage,
    Rules,
    SanctionPage,
    SayTyping,
    Search,
    SetAvatar,
    SetMemberRole,
    SetPlace,
    SetPlaceRole,
    SetProfile,
    SetRetention,
    SetRoom,
    SetRules,
    Unban,
    Unmute,
    Unpin,
    Unreact,
    Value,
    WhoIsHere,
)
from hubbub.service import (
    audit,
    invites,
    membership,
    messages,
    moderation,
    my_data,
    people,
    place,
    previews,
    reading,
    reports,
    rooms,
    rules,
    search,
)
from hubbub.service.context import Context


class Verb(NamedTuple):
    run: Callable[[Context, Person, Any], Awaitable[Value]]
    answer: type
    """What a `result` carries as its `value`."""
    shed: Shed = Shed.POSTING
    """From which step of shedding on it is not done. Signals are dropped, everything else is refused."""
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
    GetHistory: Verb(messages.history, History, Shed.READING),
    ListPins: Verb(messages.pins, Pins, Shed.READING),
    GetPreviews: Verb(previews.previews, LinkPreviews, Shed.READING),
    Search: Verb(search.search, Found, Shed.READING),
    CreateRoom: Verb(rooms.create, RoomSummary, posts=True),
    RenameRoom: Verb(rooms.rename, Applied),
    ArchiveRoom: Verb(rooms.archive, Applied),
    Join: Verb(rooms.join, Applied),
    Leave: Verb(rooms.leave, Applied),
    ListRooms: Verb(rooms.directory, RoomPage, Shed.READING),
    ListMembers: Verb(rooms.members, MemberPage, Shed.READING),
    WhoIsHere: Verb(rooms.here, Here, Shed.READING),
    MarkRead: Verb(reading.mark_read, ReadState),
    MarkUnread: Verb(reading.mark_unread, ReadState),
    SayTyping: Verb(reading.say_typing, Nothing, Shed.SIGNALS),
    ChangeName: Verb(people.change_name, Person),
    OpenDirect: Verb(membership.open_direct, RoomSummary, posts=True),
    SetRoom: Verb(rooms.change_settings, Applied, posts=True),
    AddMember: Verb(membership.add_member, Applied, posts=True),
    SetMemberRole: Verb(membership.set_role, Applied),
    FindPeople: Verb(membership.find_people, FoundPeople, Shed.READING),
    CreateInvite: Verb(invites.create, Invitation, posts=True),
    ListInvites: Verb(invites.listed, Invites, Shed.READING),
    RevokeInvite: Verb(invites.revoke, Nothing),
    AcceptInvite: Verb(invites.accept_it, RoomSummary),
    SetProfile: Verb(place.set_profile, Profile),
    SetAvatar: Verb(place.set_avatar, Profile),
    GetProfile: Verb(place.profile, Profile),
    ListPeople: Verb(place.people, PeoplePage),
    ListWaiting: Verb(place.waiting, PeoplePage),
    Approve: Verb(place.approve, Nothing),
    Refuse: Verb(place.refuse, Nothing),
    SetPlaceRole: Verb(place.set_place_role, Nothing),
    MakeResetLink: Verb(place.make_reset_link, ResetLink),
    SetPlace: Verb(place.set_place, Place),
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


ADD_TO_A_ROOM = (Post, Edit, React, Join, AddMember)
"""What counts against the limit for a room. What takes something back or slows it down does not: it must be possible in
a flood."""


class Service:
    """`clock` gives seconds that never go backwards, for the limits."""

    def __init__(self, context: Context, *, clock: Callable[[], float]) -> None:
        settings = context.settings
        self._context = context
        self._clock = clock
        self._commands = Meter(Rate(settings.commands_per_second, settings.commands_burst))
        self._posts = Meter(Rate(settings.posts_per_second, settings.posts_burst))
        self._rooms = Meter(Rate(settings.room_posts_per_second, settings.room_posts_burst))

    async def perform(self, me: Person, command: AnyCommand) -> Value:
        """Does what the command says, in the name of `me`; returns when it is durable.
        Raises HubbubError; RateLimited and Unavailable say when to come back."""
        verb = VERBS[type(command)]
        policy.must_be_let_in(me, self._context.place())
        self.take_turn(me)
        if verb.posts:
            self._take(self._posts, me.id)
        if verb.shed is Shed.SIGNALS and self._context.shedding.drops(Shed.SIGNALS):
            return Nothing()
        self._context.shedding.check(verb.shed)
        room = command.room if isinstance(command, ADD_TO_A_ROOM) else None
        if room:
            self._take(self._rooms, room, "Much is written in this room now.")
        try:
            return await verb.run(self._context, me, command)
        except HubbubError:
            if room:  # or they who may not write there could use it up
                self._rooms.give_back(room, self._clock())
            raise

    def take_turn(self, me: Person) -> None:
        """Counts one request against the limit for commands. Raises RateLimited."""
        self._take(self._commands, me.id)

    def _take(self, meter: Meter, key: str, words: str = "That was too fast.") -> None:
        wait_s = meter.take(key, self._clock())
        if wait_s:
            raise RateLimited(f"{words} {when_to_try(wait_s)}", retry_after_s=wait_s)
