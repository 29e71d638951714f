"""Who may do what: each rule once with yes, and once with no and the code that says why; and the whole table."""

import itertools
from collections.abc import Callable, Iterator
from typing import get_args

import pytest

from hubbub.core import policy
from hubbub.core.models import (
    FOREVER,
    LOBBY,
    Author,
    Invite,
    Membership,
    Message,
    Person,
    Place,
    Reaction,
    Role,
    Room,
    Standing,
)
from hubbub.core.policy import PERMISSIONS, ROLES, permit, permit_in_place, role_of
from hubbub.errors import Conflict, Forbidden, HubbubError, Invalid, NotFound, RateLimited
from hubbub.protocol import AnyCommand

ANN = Person(id="guest-1", name="Ann", kind="guest", created_at=1)
BOB = Person(id="guest-2", name="Bob", kind="guest", created_at=2)
CLIENT = Person(id="client-7", name="Client #7", kind="client", created_at=3)
MEG = Person(id="account-4", name="Meg", kind="account", created_at=4, role="member")
PLACE = Place(name="Tea house")
NO_GUESTS = Place(name="Tea house", guests="no")
READ_ONLY = Place(name="Tea house", guests="read_only")
ROOM = Room(id="tea", name="Tea", created_at=1, created_by=ANN.id, archived=False, head=9, last_at=1)
MEMBERSHIP = Membership(room="tea", person=ANN.id, joined_at=1, read=1)
MEMBER = Standing("tea", 9, False, "public", False, 0, 1, "member", ANN.author, "guest", 0)
OUTSIDE = MEMBER._replace(joined_at=None, membership=None)
ARCHIVED = MEMBER._replace(archived=True)
MESSAGE = Message(room="tea", seq=3, at=1, author=Author(id=ANN.id, name="Ann"), text="hi")
INVITE = Invite(id="0" * 16, room="tea", by=ANN.author, created_at=1, expires_at=None, uses_left=None)
DELETED = MESSAGE.model_copy(update={"text": "", "deleted": True})
NOW = 1000


def with_reactions(kinds: int) -> Message:
    reactions = [Reaction(emoji=chr(0x1F600 + n), people=[BOB.id]) for n in range(kinds)]
    return MESSAGE.model_copy(update={"reactions": reactions})


YES: dict[str, Callable[[], object]] = {
    "a room that is there": lambda: policy.must_exist(ROOM),
    "an open room": lambda: policy.must_be_open(MEMBER),
    "a member": lambda: policy.must_be_member(MEMBERSHIP),
    "a person": lambda: policy.person_must_exist(ANN),
    "an invitation": lambda: policy.invite_must_work(INVITE),
    "an owner of two": lambda: policy.must_keep_an_owner("room", "owner", None, 2),
    "a moderator under one owner": lambda: policy.must_keep_an_owner("room", "moderator", None, 1),
    "a message": lambda: policy.message_must_exist(MESSAGE),
    "a deleted message is there": lambda: policy.message_must_exist(DELETED),
    "a message that stands": lambda: policy.message_must_stand(MESSAGE),
    "one's own message": lambda: policy.may_edit(MESSAGE, ANN),
    "one's own file": lambda: policy.may_read_file(ANN.id, ANN, [], PLACE, NOW),
    "a file in a public room": lambda: policy.may_read_file(BOB.id, ANN, [None, OUTSIDE], PLACE, NOW),
    "closing a room": lambda: policy.may_close("tea"),
    "a reaction": lambda: policy.may_react(MESSAGE, "👍"),
    "the twentieth kind of reaction": lambda: policy.may_react(with_reactions(19), "👍"),
    "a kind that is there already": lambda: policy.may_react(with_reactions(20), "\U0001f600"),
    "a name": lambda: policy.may_be_called("Ann", ANN),
    "a name like a client's": lambda: policy.may_be_called("My client #7", ANN),
    "a client's name": lambda: policy.may_be_called("Client #7", CLIENT),
    "reading a public room from outside": lambda: permit("history", OUTSIDE, PLACE, NOW),
    "reading a private room from inside": lambda: permit("history", MEMBER._replace(kind="private"), PLACE, NOW),
    "reading an archived room": lambda: permit("history", ARCHIVED, PLACE, NOW),
    "reading where guests may only read": lambda: permit("history", MEMBER, READ_ONLY, NOW),
    "posting": lambda: permit("post", MEMBER, PLACE, NOW),
    "posting once one's silence is over": lambda: permit("post", MEMBER._replace(muted_until=NOW), PLACE, NOW),
    "reading in silence": lambda: permit("history", MEMBER._replace(muted_until=NOW + 1), PLACE, NOW),
    "posting where guests may only read": lambda: permit("post", MEMBER._replace(place="member"), READ_ONLY, NOW),
    "a moderator from outside": lambda: permit("delete_others", OUTSIDE._replace(place="moderator"), PLACE, NOW),
    "one's own room": lambda: permit("rename", MEMBER._replace(membership="owner"), PLACE, NOW),
    "an archived room once more": lambda: permit("archive", ARCHIVED._replace(membership="owner"), PLACE, NOW),
    "a guest where there are guests": lambda: policy.must_be_let_in(ANN, PLACE),
    "a member where there are no guests": lambda: policy.must_be_let_in(MEG, NO_GUESTS),
    "an owner of two who steps down": lambda: policy.must_keep_an_owner("place", "owner", "member", 2),
    "the only owner who stays one": lambda: policy.must_keep_an_owner("place", "owner", "owner", 1),
    "a person who is there": lambda: policy.person_must_exist(ANN),
    "a name that nobody with an account has": lambda: policy.must_be_nobody_elses("Ann", False),
    "creating": lambda: permit_in_place("create", ANN, PLACE),
    "coming in once one's ban is over": lambda: permit("history", MEMBER._replace(banned_until=NOW), PLACE, NOW),
    "somebody whose ban is over": lambda: policy.must_not_be_banned(MEMBER._replace(banned_until=NOW), NOW),
    "a welcome": lambda: policy.must_be_welcome(NOW, NOW),
    "a turn in slow mode": lambda: policy.must_wait(NOW - 5_000, 5, NOW),
    "acting against somebody of a lower role": lambda: policy.may_sanction(ANN.id, "moderator", BOB.id, "member"),
}

NO: dict[str, tuple[Callable[[], object], type[HubbubError], str]] = {
    "an account that waits": (
        lambda: policy.must_be_let_in(MEG.model_copy(update={"role": "guest"}), PLACE),
        Forbidden,
        "waiting",
    ),
    "a guest where there are none": (lambda: policy.must_be_let_in(ANN, NO_GUESTS), Forbidden, "no_guests"),
    "a client where there are no guests": (lambda: policy.must_be_let_in(CLIENT, NO_GUESTS), Forbidden, "no_guests"),
    "the only owner": (lambda: policy.must_keep_an_owner("place", "owner", "moderator", 1), Conflict, "last_owner"),
    "nobody": (lambda: policy.person_must_exist(None), NotFound, "person_not_found"),
    "a member's name": (lambda: policy.must_be_nobody_elses("Ann", True), Conflict, "name_taken"),
    "no room": (lambda: policy.must_exist(None), NotFound, "room_not_found"),
    "banned": (lambda: policy.must_not_be_banned(MEMBER._replace(banned_until=NOW + 1), NOW), Forbidden, "banned"),
    "bringing somebody who is banned": (
        lambda: policy.must_not_be_banned(MEMBER._replace(banned_until=NOW + 1), NOW, ANN),
        Forbidden,
        "banned",
    ),
    "no invitation": (lambda: policy.invite_must_work(None), NotFound, "invite_not_found"),
    "the last owner": (lambda: policy.must_keep_an_owner("room", "owner", None, 1), Conflict, "last_owner"),
    "leaving a conversation": (
        lambda: permit("leave", MEMBER._replace(kind="direct", membership="owner", place="owner"), PLACE, NOW),
        Forbidden,
        "direct_stays",
    ),
    "a private room of a guest": (lambda: permit_in_place("create_private", ANN, PLACE), Forbidden, "role_needed"),
    "archived": (lambda: policy.must_be_open(ARCHIVED), Conflict, "archived"),
    "not in the room": (lambda: policy.must_be_member(None), Forbidden, "not_a_member"),
    "no message": (lambda: policy.message_must_exist(None), NotFound, "message_not_found"),
    "no message that stands": (lambda: policy.message_must_stand(None), NotFound, "message_not_found"),
    "deleted": (lambda: policy.message_must_stand(DELETED), NotFound, "message_deleted"),
    "another's message": (lambda: policy.may_edit(MESSAGE, BOB), Forbidden, "not_the_author"),
    "another's file that is in no room": (
        lambda: policy.may_read_file(BOB.id, ANN, [], PLACE, NOW),
        NotFound,
        "file_not_found",
    ),
    "one's own file in a private room that one has left": (
        lambda: policy.may_read_file(ANN.id, ANN, [OUTSIDE._replace(kind="private")], PLACE, NOW),
        NotFound,
        "file_not_found",
    ),
    "a file in a private room": (
        lambda: policy.may_read_file(BOB.id, ANN, [OUTSIDE._replace(kind="private")], PLACE, NOW),
        NotFound,
        "file_not_found",
    ),
    "the lobby": (lambda: policy.may_close(LOBBY), Forbidden, "lobby_stays"),
    "the twenty-first kind": (lambda: policy.may_react(with_reactions(20), "👍"), Conflict, "too_many_reactions"),
    "a client's name": (lambda: policy.may_be_called("Client #7", ANN), Conflict, "name_taken"),
    "a client's name in capitals": (lambda: policy.may_be_called("CLIENT #x", ANN), Conflict, "name_taken"),
    "a client's name in other letters": (lambda: policy.may_be_called("Сlіеnt #7", ANN), Conflict, "name_taken"),
    "a name of several alphabets": (lambda: policy.may_be_called("pаypal", ANN), Invalid, "bad_name"),
    "a room that is not there": (lambda: permit("history", None, PLACE, NOW), NotFound, "room_not_found"),
    "a private room": (
        lambda: permit("history", OUTSIDE._replace(kind="private", place="owner"), PLACE, NOW),
        NotFound,
        "room_not_found",
    ),
    "posting from outside": (lambda: permit("post", OUTSIDE, PLACE, NOW), Forbidden, "not_a_member"),
    "posting in an archived room": (lambda: permit("post", ARCHIVED, PLACE, NOW), Conflict, "archived"),
    "posting in silence": (
        lambda: permit("post", MEMBER._replace(muted_until=NOW + 1), PLACE, NOW),
        Forbidden,
        "muted",
    ),
    "posting as a guest who may only read": (
        lambda: permit("post", MEMBER, READ_ONLY, NOW),
        Forbidden,
        "guests_read_only",
    ),
    "a room that one is banned from": (
        lambda: permit("history", OUTSIDE._replace(banned_until=NOW + 1), PLACE, NOW),
        Forbidden,
        "banned",
    ),
    "a place that one is banned from": (lambda: policy.must_be_welcome(FOREVER, NOW), Forbidden, "banned"),
    "too soon in slow mode": (lambda: policy.must_wait(NOW - 4_999, 5, NOW), RateLimited, "slow_mode"),
    "acting against oneself": (
        lambda: policy.may_sanction(ANN.id, "owner", ANN.id, "owner"),
        Forbidden,
        "not_to_yourself",
    ),
    "acting against an equal": (
        lambda: policy.may_sanction(ANN.id, "moderator", BOB.id, "moderator"),
        Forbidden,
        "role_needed",
    ),
    "another's room": (lambda: permit("rename", MEMBER, PLACE, NOW), Forbidden, "role_needed"),
    "creating as a guest who may only read": (
        lambda: permit_in_place("create", ANN, READ_ONLY),
        Forbidden,
        "guests_read_only",
    ),
}


@pytest.mark.parametrize("what", YES)
def test_it_is_allowed(what: str) -> None:
    YES[what]()


@pytest.mark.parametrize("what", NO)
def test_it_is_refused_with_words_and_a_code(what: str) -> None:
    rule, kind, code = NO[what]
    with pytest.raises(HubbubError) as refused:
        rule()
    assert type(refused.value) is kind
    assert refused.value.code == code
    assert refused.value.words.endswith(".")


def test_a_rule_that_looks_something_up_gives_it_back() -> None:
    assert policy.must_exist(ROOM) is ROOM
    assert policy.must_be_member(MEMBERSHIP) is MEMBERSHIP
    assert policy.message_must_exist(DELETED) is DELETED
    assert policy.message_must_stand(MESSAGE) is MESSAGE
    assert permit("history", MEMBER, PLACE, NOW) is MEMBER


def test_every_rule_is_tried() -> None:
    rules = {
        name
        for name, value in vars(policy).items()
        if name.startswith(("must_", "may_", "message_must_", "person_must_", "permit")) and callable(value)
    }
    tried = {name for check in [*YES.values(), *(no[0] for no in NO.values())] for name in check.__code__.co_names}
    assert rules <= tried


def test_a_silenced_person_is_told_when_it_is_over() -> None:
    with pytest.raises(Forbidden) as refused:
        permit("post", MEMBER._replace(muted_until=NOW + 2500), PLACE, NOW)
    assert refused.value.retry_after_s == 2.5


def test_somebody_who_is_silenced_or_banned_for_good_is_told_no_end() -> None:
    for standing in (MEMBER._replace(muted_until=FOREVER), MEMBER._replace(banned_until=FOREVER)):
        with pytest.raises(Forbidden) as refused:
            permit("post", standing, PLACE, NOW)
        assert refused.value.retry_after_s is None


@pytest.mark.parametrize(
    ("membership", "place", "role"),
    [
        (None, "guest", "guest"),
        (None, "member", "guest"),
        (None, "moderator", "moderator"),
        (None, "owner", "owner"),
        ("member", "guest", "guest"),
        ("owner", "guest", "owner"),
        ("member", "member", "member"),
        ("moderator", "member", "moderator"),
        ("owner", "moderator", "owner"),
        ("member", "owner", "owner"),
    ],
)
def test_one_is_in_a_room_what_one_was_made_there_or_what_the_place_trusts_one_with(
    membership: Role | None, place: Role, role: Role
) -> None:
    assert role_of(membership, place) == role


# The whole table ---------------------------------------------------------------------------------------------


def commands() -> set[str]:
    [union, *_] = get_args(AnyCommand)
    return {command.model_fields["type"].default for command in get_args(union)}


def test_every_command_has_a_rule() -> None:
    assert commands() <= PERMISSIONS.keys()


def standings() -> Iterator[Standing]:
    memberships: list[Role | None] = [None, "guest", "member", "moderator", "owner"]
    for membership, place, kind, archived, muted in itertools.product(
        memberships, ROLES, ("public", "private", "direct"), (False, True), (0, NOW + 1)
    ):
        joined = None if membership is None else 1
        yield Standing("tea", 9, archived, kind, False, 0, joined, membership, ANN.author, place, muted)  # type: ignore[arg-type]


def allowed(action: str, standing: Standing, place: Place) -> bool:
    """As docs/permissions.md says it, written once more and otherwise."""
    rule = PERMISSIONS[action]
    inside = standing.joined_at is not None
    rank = {"guest": 0, "member": 1, "moderator": 2, "owner": 3}
    given, trusted = rank[standing.membership or "guest"], rank[standing.place]
    in_room = given if trusted == 1 else 0 if trusted == 0 and given == 1 else max(given, trusted)
    return not (
        (standing.kind != "public" and not inside)
        or (rule.joined and not inside)
        or (rule.changes and standing.archived)
        or (rule.changes and trusted == 0 and place.guests == "read_only")
        or (rule.speaks and standing.muted_until > NOW)
        or (standing.kind == "direct" and not rule.direct)
        or trusted < rank[rule.place]
        or (rule.room is not None and in_room < rank[rule.room])
    )


@pytest.mark.parametrize("action", [name for name, rule in PERMISSIONS.items() if rule.room])
def test_every_cell_of_the_table_is_as_it_says(action: str) -> None:
    seen = set()
    for standing, place in itertools.product(standings(), (PLACE, READ_ONLY)):
        try:
            permit(action, standing, place, NOW)
            verdict = True
        except HubbubError:
            verdict = False
        assert verdict == allowed(action, standing, place), (standing, place)
        seen.add(verdict)
    assert seen == {True, False}
