"""The best single check: state before + the events of what happened = state fetched afterwards."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubbub.app import Chat
from hubbub.core.models import Person, RoomSummary
from hubbub.errors import HubbubError
from hubbub.protocol import (
    AnyCommand,
    ArchiveRoom,
    ChangeName,
    CreateRoom,
    Delete,
    Edit,
    Join,
    Leave,
    Pin,
    Post,
    React,
    RenameRoom,
    SetRoom,
    Unpin,
    Unreact,
)
from hubbub.service import VERBS
from hubbub.settings import Settings
from hubbub.testing.mirror import Mirror
from hubbub.testing.process import UNLIMITED

ROOM = "plans"
texts = st.sampled_from(["hi", "*bold* https://example.org", "one\ntwo", "`code`", "naïve ✓"])
emoji = st.sampled_from(["👍", "🌊", "🎉"])
seqs = st.integers(1, 25)
base: dict[str, Any] = {"id": st.just(0), "room": st.just(ROOM)}

commands = st.one_of(
    st.builds(Post, **base, text=texts, key=st.none() | st.sampled_from(["a", "b"]), reply_to=st.none() | seqs),
    st.builds(Post, **base, text=texts),
    st.builds(Edit, **base, message=seqs, text=texts),
    st.builds(Delete, **base, message=seqs),
    st.builds(React, **base, message=seqs, emoji=emoji),
    st.builds(Unreact, **base, message=seqs, emoji=emoji),
    st.builds(Pin, **base, message=seqs),
    st.builds(Unpin, **base, message=seqs),
    st.builds(Join, **base),
    st.builds(Leave, **base),
    st.builds(RenameRoom, **base, name=st.sampled_from(["Plans", "More plans"])),
    st.builds(SetRoom, **base, topic=st.sampled_from(["", "Tea"]), slow_s=st.sampled_from([0, 9])),
    st.builds(ChangeName, id=st.just(0), name=st.sampled_from(["Ann", "Bob", "Zoë"])),
)
steps = st.lists(st.tuples(st.integers(0, 2), commands), min_size=1, max_size=40)
CHANGES_NOTHING_IN_A_ROOM = {
    "history", "pins", "previews", "search", "rooms", "members", "here", "read", "unread", "typing",
    "find_people", "invite", "invites", "revoke_invite",
}  # fmt: skip
CHANGES_NOTHING_IN_A_ROOM |= {
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
ELSEWHERE = {"direct", "add_member", "set_role", "accept_invite"}
"""Guests may not, or need others for it: tests/journeys/test_rooms.py."""
ELSEWHERE |= {"mute", "unmute", "ban", "unban", "kick", "sanctions", "report", "reports", "resolve", "audit", "rules"}
ELSEWHERE |= {"set_rules", "retention", "forget_me"}
"""Only moderators may, or it ends the connection: test_moderation.py, test_retention.py, test_my_data.py."""


def test_every_verb_that_changes_a_room_is_in_the_property() -> None:
    tried = {Post, Edit, Delete, React, Unreact, Pin, Unpin, Join, Leave, RenameRoom, ChangeName, SetRoom}
    tried |= {CreateRoom, ArchiveRoom}
    assert {
        verb for verb in VERBS if verb.model_fields["type"].default not in CHANGES_NOTHING_IN_A_ROOM | ELSEWHERE
    } == tried


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=steps, after=steps, archive=st.booleans())
def test_state_before_and_the_events_make_the_state_after(
    before: list[tuple[int, AnyCommand]], after: list[tuple[int, AnyCommand]], archive: bool
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(compare(Path(folder), before, after, archive))


async def compare(
    folder: Path, before: list[tuple[int, AnyCommand]], after: list[tuple[int, AnyCommand]], archive: bool
) -> None:
    chat = Chat(Settings.model_validate({"data": folder, **UNLIMITED}))
    await chat.start()
    try:
        people = [(await chat.people.arrive(name))[0] for name in ("Ann", "Bob", "Cleo")]
        created = await chat.perform(people[0], CreateRoom(id=0, name="Plans"))
        assert isinstance(created, RoomSummary)
        await act(chat, people, before)
        mirror = await chat.store.read(lambda reader: Mirror.fetched(reader, ROOM))
        head = await chat.store.read(lambda reader: reader.heads([ROOM])[ROOM])
        await act(chat, people, after)
        if archive:
            await act(chat, people, [(0, ArchiveRoom(id=0, room=ROOM))])
        for _, frame in await chat.store.read(lambda reader: reader.frames_after(ROOM, head, 1000)):
            mirror.take(frame)
        fetched = await chat.store.read(lambda reader: Mirror.fetched(reader, ROOM))
        assert mirror.known() == fetched.known()
    finally:
        await chat.stop()


async def act(chat: Chat, people: list[Person], steps: list[tuple[int, AnyCommand]]) -> None:
    for who, command in steps:
        try:
            await chat.perform(people[who], command)
        except HubbubError:
            continue  # refused: then nothing must have changed, which the comparison shows
