"""The whole service as a state machine: several people in several rooms do anything in any order.

After each step the state before plus the events of the step is the state read afresh; every log counts on without a
gap; what was refused, and what was done, is what the rules in `house.py` say.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar, get_args

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from hubbub.bus.local import LocalBus
from hubbub.core.models import Person, Place
from hubbub.errors import HubbubError
from hubbub.hub.presence import PresenceBoard
from hubbub.protocol import (
    AnyCommand,
    Applied,
    ArchiveRoom,
    ChangeName,
    CreateRoom,
    Delete,
    Edit,
    Envelope,
    Event,
    Join,
    Leave,
    MarkRead,
    MarkUnread,
    MemberRole,
    MessagePosted,
    MessagesErased,
    Pin,
    Post,
    React,
    ReadState,
    RenameRoom,
    RoomCreated,
    SetRoom,
    Unpin,
    Unreact,
)
from hubbub.service import VERBS, Service
from hubbub.service.context import Context
from hubbub.service.people import People
from hubbub.settings import Settings
from hubbub.store import Committed, Reader
from hubbub.store.sqlite import SqliteStore
from hubbub.testing.mirror import Mirror
from hubbub.testing.process import UNLIMITED
from tests.journeys.house import MAKES, House

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
STEPS = 30
PEOPLE_MAX = 4
READS_ONLY = {"history", "pins", "previews", "search", "rooms", "members", "here", "typing", "invites", "find_people"}
ELSEWHERE = {"direct", "add_member", "set_role", "invite", "revoke_invite", "accept_invite"}
"""What guests may not do, or need an invitation for: tests/journeys/test_rooms.py."""
OF_THE_PLACE = {
    "set_profile",
    "set_avatar",
    "profile",
    "people",
    "waiting",
    "approve",
    "refuse",
    "set_place_role",
    "reset_link",
    "set_place",
}
"""They change no room: tests/web/test_place.py tries them."""
BY_MODERATORS = {"mute", "unmute", "ban", "unban", "kick", "sanctions", "reports", "resolve", "audit", "rules"}
BY_MODERATORS |= {"set_rules", "retention", "report", "forget_me"}
"""Tried in test_moderation.py, test_my_data.py and test_retention.py."""

T = TypeVar("T")

seqs = st.integers(1, 15)
whose = st.integers(0, PEOPLE_MAX - 1)
texts = st.sampled_from(["hi", "*bold* https://example.org", "one\ntwo", "`code`", "naïve ✓"])
emoji = st.sampled_from(["👍", "🌊", "🎉"])
names = st.sampled_from(["Plans", "plans", "Ideas", "Client #9", "Zoë", "Lobby"])
place: dict[str, Any] = {"id": st.just(0), "room": st.sampled_from(["lobby", "lobby", "plans", "plans", "ideas", "no"])}
keys = st.none() | st.sampled_from(["a", "b"])

said = st.one_of(
    st.builds(Post, **place, text=texts, key=keys, reply_to=st.none() | seqs),
    st.builds(Edit, **place, message=seqs, text=texts),
    st.builds(Delete, **place, message=seqs),
    st.builds(React, **place, message=seqs, emoji=emoji),
    st.builds(Unreact, **place, message=seqs, emoji=emoji),
    st.builds(Pin, **place, message=seqs),
    st.builds(Unpin, **place, message=seqs),
)
ordered = st.one_of(
    st.builds(CreateRoom, id=st.just(0), name=names),
    st.builds(RenameRoom, **place, name=names),
    st.builds(ArchiveRoom, **place),
    st.builds(
        SetRoom, **place, topic=st.sampled_from(["", "Tea"]), announcement=st.none(), slow_s=st.sampled_from([0, 9])
    ),
    st.builds(Join, **place),
    st.builds(Leave, **place),
    st.builds(MarkRead, **place, seq=st.integers(0, 20)),
    st.builds(MarkUnread, **place, seq=st.integers(0, 20)),
    st.builds(ChangeName, id=st.just(0), name=names),
)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class WholeService(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.house = House()
        self.people: list[Person] = []
        self.news: list[Committed | Envelope] = []
        self._start()
        [(_, lobby)] = self._read(lambda reader: reader.frames_after("lobby", 0, 100))
        self.house.take("lobby", 1, lobby)
        self.arrive()

    def _start(self) -> None:
        """As `Chat` does; its routes, which take most of the time, are not needed here."""
        data = Path(self.folder.name) / "chat.db"
        bus = LocalBus()
        self.store = SqliteStore(data, now=now_ms, new_epoch=lambda: "epoch")
        self.store.on_commit = self.news.extend
        self.runner.run(self.store.start())
        context = Context(
            store=self.store,
            bus=bus,
            presence=PresenceBoard(
                call_later=lambda _, work: None, publish=bus.publish, grace_s=0, is_held=lambda: False
            ),
            settings=Settings(**UNLIMITED),
            now=now_ms,
            place=lambda: Place(name="Tea house"),
            new_token=lambda: secrets.token_urlsafe(32),
        )
        self.desk = People(context)
        self.service = Service(context, clock=time.monotonic)

    def teardown(self) -> None:
        self.runner.run(self.store.stop())
        self.runner.close()
        self.folder.cleanup()

    # What can happen -----------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.people) < PEOPLE_MAX)
    @rule()
    def arrive(self) -> None:
        person, _ = self.runner.run(self.desk.arrive())
        self.people.append(person)
        [event] = self._hear()
        assert (event.type, event.room, event.by) == ("member.joined", "lobby", person.author)

    @rule(who=whose, command=said)
    def say(self, who: int, command: AnyCommand) -> None:
        self._perform(self.people[who % len(self.people)], command)

    @rule(who=whose, command=ordered)
    def order(self, who: int, command: AnyCommand) -> None:
        self._perform(self.people[who % len(self.people)], command)

    @rule(everything=st.lists(st.tuples(whose, said), min_size=2, max_size=5))
    def say_at_once(self, everything: list[tuple[int, AnyCommand]]) -> None:
        """In an order that nobody knows: so only the events tell what was done."""
        asked = [(self.people[who % len(self.people)], command) for who, command in everything]

        async def all_at_once() -> list[Any]:
            return await asyncio.gather(*[self.service.perform(*one) for one in asked], return_exceptions=True)

        answers = self.runner.run(all_at_once())
        happened = {(event.room, event.seq): event for event in self._hear()}
        for (me, command), answer in zip(asked, answers, strict=True):
            assert isinstance(answer, Applied | HubbubError)
            event = happened.get((answer.room, answer.seq)) if isinstance(answer, Applied) else None
            if isinstance(command, Post) and isinstance(event, MessagePosted):
                assert (event.by.id, event.text, event.key) == (me.id, command.text, command.key)

    @precondition(lambda self: len(self.house.mirrors) == 2)
    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.stop())
        self._start()

    def _perform(self, me: Person, command: AnyCommand) -> None:
        refusal = self.house.refusal(me, command)
        before = self.house.heads.get(getattr(command, "room", ""), 0)
        try:
            answer = self.runner.run(self.service.perform(me, command))
        except HubbubError as error:
            assert error.code == refusal
            assert self._hear() == []
            return
        assert refusal is None
        self.house.must_be_right(me, command, answer, self._hear(), before)
        if isinstance(answer, Person):
            self.people[self.people.index(me)] = answer
        if isinstance(command, MarkRead | MarkUnread):
            self.house.mark(me, command)
            assert answer == ReadState(
                room=command.room,
                read=self.house.read[command.room, me.id],
                unread=self.house.unread(command.room, me),
                head=before,
            )

    def _read(self, look: Callable[[Reader], T]) -> T:
        return self.runner.run(self.store.read(look))

    def _hear(self) -> list[Event]:
        """What has happened since the last time. What the store has announced is what it has kept, in its order."""

        def look(reader: Reader) -> dict[str, list[int]]:
            rooms = [room.id for room in reader.directory("", after=None, limit=100)]
            heads = self.house.heads
            return {room: [kept.seq for kept in reader.frames_after(room, heads.get(room, 0), 100)] for room in rooms}

        kept = self._read(look)
        news = [item for item in self.news if isinstance(item, Committed)]
        self.news.clear()
        assert kept == {room: [item.event.seq for item in news if item.event.room == room] for room in kept}
        return [self.house.take(item.event.room, item.event.seq, item.frame) for item in news]

    # What always holds ---------------------------------------------------------------------------------------

    @invariant()
    def state_before_and_the_events_are_the_state_now(self) -> None:
        def look(reader: Reader) -> None:
            for room, mirror in self.house.mirrors.items():
                now = Mirror.fetched(reader, room).known()
                assert mirror.known() == now
                told_anew = Mirror(room)
                for _, frame in reader.frames_after(room, 0, 1000):
                    told_anew.take(frame)
                assert told_anew.known() == now

        self._read(look)

    @invariant()
    def everybody_sees_their_rooms_and_what_is_new_in_them(self) -> None:
        def look(reader: Reader) -> None:
            for me in self.people:
                seen = {
                    room.id: (room.name, room.archived, room.head, room.read, room.unread)
                    for room in reader.rooms_of(me.id)
                }
                assert seen == self.house.rooms_of(me)

        self._read(look)


def test_anything_in_any_order_keeps_the_rules_and_loses_nothing() -> None:
    run_state_machine_as_test(
        WholeService,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a failure would take minutes
        ),
    )


def test_every_verb_that_changes_something_is_tried() -> None:
    tried = {*MAKES, CreateRoom, MarkRead, MarkUnread}
    elsewhere = READS_ONLY | ELSEWHERE | OF_THE_PLACE | BY_MODERATORS
    assert {verb for verb in VERBS if verb.model_fields["type"].default not in elsewhere} == tried
    assert {*MAKES.values(), RoomCreated, MemberRole, MessagesErased} == set(get_args(Event))
