"""Who may do what: each rule once with yes, and once with no and the code that says why."""

from collections.abc import Callable

import pytest

from hubbub.core import policy
from hubbub.core.models import LOBBY, Author, Membership, Message, Person, Reaction, Room
from hubbub.errors import Conflict, Forbidden, HubbubError, NotFound

ANN = Person(id="guest-1", name="Ann", kind="guest", created_at=1)
BOB = Person(id="guest-2", name="Bob", kind="guest", created_at=2)
CLIENT = Person(id="client-7", name="Client #7", kind="client", created_at=3)
ROOM = Room(id="tea", name="Tea", created_at=1, created_by=ANN.id, archived=False, head=9, last_at=1)
ARCHIVED = ROOM.model_copy(update={"archived": True})
THE_LOBBY = ROOM.model_copy(update={"id": LOBBY, "created_by": None})
MEMBERSHIP = Membership(room="tea", person=ANN.id, joined_at=1, read=1)
MESSAGE = Message(room="tea", seq=3, at=1, author=Author(id=ANN.id, name="Ann"), text="hi")
DELETED = MESSAGE.model_copy(update={"text": "", "deleted": True})


def with_reactions(kinds: int) -> Message:
    reactions = [Reaction(emoji=chr(0x1F600 + n), people=[BOB.id]) for n in range(kinds)]
    return MESSAGE.model_copy(update={"reactions": reactions})


YES: dict[str, Callable[[], object]] = {
    "a room that is there": lambda: policy.must_exist(ROOM),
    "an archived room is there": lambda: policy.must_exist(ARCHIVED),
    "an open room": lambda: policy.must_be_open(ROOM),
    "a member": lambda: policy.must_be_member(MEMBERSHIP),
    "a message": lambda: policy.message_must_exist(MESSAGE),
    "a deleted message is there": lambda: policy.message_must_exist(DELETED),
    "a message that stands": lambda: policy.message_must_stand(MESSAGE),
    "one's own message": lambda: policy.may_change_message(MESSAGE, ANN),
    "one's own room": lambda: policy.may_rename_or_archive(ROOM, ANN),
    "leaving a room": lambda: policy.may_leave(ROOM),
    "leaving an archived room": lambda: policy.may_leave(ARCHIVED),
    "a reaction": lambda: policy.may_react(MESSAGE, "👍"),
    "the twentieth kind of reaction": lambda: policy.may_react(with_reactions(19), "👍"),
    "a kind that is there already": lambda: policy.may_react(with_reactions(20), "\U0001f600"),
    "a name": lambda: policy.may_be_called("Ann", ANN),
    "a name like a client's": lambda: policy.may_be_called("My client #7", ANN),
    "a client's name": lambda: policy.may_be_called("Client #7", CLIENT),
}

NO: dict[str, tuple[Callable[[], object], type[HubbubError], str]] = {
    "no room": (lambda: policy.must_exist(None), NotFound, "room_not_found"),
    "archived": (lambda: policy.must_be_open(ARCHIVED), Conflict, "archived"),
    "not in the room": (lambda: policy.must_be_member(None), Forbidden, "not_a_member"),
    "no message": (lambda: policy.message_must_exist(None), NotFound, "message_not_found"),
    "no message that stands": (lambda: policy.message_must_stand(None), NotFound, "message_not_found"),
    "deleted": (lambda: policy.message_must_stand(DELETED), NotFound, "message_deleted"),
    "another's message": (lambda: policy.may_change_message(MESSAGE, BOB), Forbidden, "not_the_author"),
    "another's room": (lambda: policy.may_rename_or_archive(ROOM, BOB), Forbidden, "not_the_creator"),
    "the lobby": (lambda: policy.may_rename_or_archive(THE_LOBBY, ANN), Forbidden, "lobby_stays"),
    "leaving the lobby": (lambda: policy.may_leave(THE_LOBBY), Forbidden, "lobby_stays"),
    "the twenty-first kind": (lambda: policy.may_react(with_reactions(20), "👍"), Conflict, "too_many_reactions"),
    "a client's name": (lambda: policy.may_be_called("Client #7", ANN), Conflict, "name_taken"),
    "a client's name in capitals": (lambda: policy.may_be_called("CLIENT #x", ANN), Conflict, "name_taken"),
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


def test_every_rule_is_tried() -> None:
    rules = {
        name
        for name, value in vars(policy).items()
        if name.startswith(("must_", "may_", "message_must_")) and callable(value)
    }
    tried = {name for check in [*YES.values(), *(no[0] for no in NO.values())] for name in check.__code__.co_names}
    assert rules <= tried
