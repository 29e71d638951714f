"""What comes over the wire: each type makes its way there and back, and nothing else is let in."""

import json
import typing
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from hubbub.protocol import COMMANDS, CURSORS_MAX, EVENTS, AnyCommand, Event, Hello
from hubbub.web.problems import words_of

AUTHOR = {"id": "guest-1", "name": "Ann"}
WHO = {"by": AUTHOR, "person": AUTHOR}
WHAT = {"text": "hi *there*", "html": "<p>hi</p>", "key": "k-1_2.3:4", "emoji": "👍", "name": "Tea", "room": "lobby"}
WHERE = {"id": 7, "reply_to": 3, "message": 5, "seq": 12, "before": 9, "around": 4, "limit": 50, "after": "guest-1"}
FILE = {"id": "f" * 32, "name": "a.png", "type": "image/png", "size": 9, "width": 4, "height": 3}
HOW = {"topic": "Green", "announcement": True, "slow_s": 9, "kind": "private", "role": "owner", "people": ["guest-1"]}
WAYS = {"uses": 1, "hours": 24, "address": "https://chat.example", "invite": "0" * 16, "code": "x"}
ORDER = {"reason": "spam", "note": "", "minutes": 5, "days": 30, "action": "ban", "blocked_words": ["x"], "up_to": 3}
RULES = {"links": "members", "retention_days": 30, "messages": "keep"}
PLACE = {"joining": "open", "guests": "no", "time_zone": "UTC", "status": "away"}
VALUES: dict[str, Any] = WHO | WHAT | WHERE | HOW | WAYS | ORDER | RULES | PLACE | {"at": 1_700_000_000_000}
"""A good value for each field of a command or an event."""
ODD_VALUES = {
    ("AddMember", "person"): "guest-1",
    ("SetMemberRole", "person"): "guest-1",
    ("Search", "before"): "1.tea.2",
    **{(name, "person"): "guest-2" for name in ("Mute", "Unmute", "Ban", "Unban", "Kick", "ReadAudit")},
    ("Search", "utc_offset_min"): 60,
    ("GetHistory", "after"): 3,
    ("ListRooms", "after"): "tea",
    **{(kind, "person"): "guest-1" for kind in ("GetProfile", "Approve", "Refuse", "SetPlaceRole", "MakeResetLink")},
    ("Post", "files"): ["f" * 32],
    ("SetAvatar", "file"): "f" * 32,
    ("MessagePosted", "files"): [FILE],
}

COMMAND_TYPES: tuple[type[BaseModel], ...] = get_args(get_args(AnyCommand)[0])
EVENT_TYPES: tuple[type[BaseModel], ...] = get_args(Event)
Adapter = TypeAdapter[Any]
Case = tuple[Adapter, type[BaseModel]]
CASES: list[Case] = [*((COMMANDS, t) for t in COMMAND_TYPES), *((EVENTS, t) for t in EVENT_TYPES)]
FIELDS = [(adapter, kind, name) for adapter, kind in CASES for name in kind.model_fields if name != "type"]


def example(kind: type[BaseModel]) -> dict[str, Any]:
    """A frame with every field."""
    frame = {name: ODD_VALUES.get((kind.__name__, name), VALUES.get(name)) for name in kind.model_fields}
    return frame | {"type": kind.model_fields["type"].default}


def refused(frame: dict[str, Any] | str, adapter: Adapter = COMMANDS) -> ValidationError:
    with pytest.raises(ValidationError) as error:
        adapter.validate_json(frame if isinstance(frame, str) else json.dumps(frame))
    assert words_of(error.value)
    return error.value


def post(**fields: Any) -> dict[str, Any]:
    return {"type": "post", "id": 1, "room": "lobby", "text": "hi", **fields}


def name_of(case: Any) -> str | None:
    return case.__name__ if isinstance(case, type) else case if isinstance(case, str) else ""


# Every type --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("adapter", "kind"), CASES, ids=name_of)
def test_each_frame_makes_its_way_there_and_back(adapter: Adapter, kind: type[BaseModel]) -> None:
    frame = example(kind)
    decoded = adapter.validate_json(json.dumps(frame))
    assert type(decoded) is kind
    assert json.loads(decoded.model_dump_json()) == frame
    assert adapter.validate_json(decoded.model_dump_json(exclude_none=True)) == decoded


@pytest.mark.parametrize(("adapter", "kind"), CASES, ids=name_of)
def test_a_frame_needs_no_more_than_its_required_fields(adapter: Adapter, kind: type[BaseModel]) -> None:
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    frame = {name: value for name, value in example(kind).items() if name in required | {"type"}}
    assert type(adapter.validate_json(json.dumps(frame))) is kind
    for name in frame:
        refused({other: value for other, value in frame.items() if other != name}, adapter)


@pytest.mark.parametrize(("adapter", "kind"), CASES, ids=name_of)
def test_27_a_field_that_nobody_knows_is_refused(adapter: Adapter, kind: type[BaseModel]) -> None:
    for name in ("is_admin", "Text", "text ", "", "__class__", "seq_"):
        assert name.strip() in str(refused(example(kind) | {name: "x"}, adapter)).replace("\n", " ")


@pytest.mark.parametrize(("adapter", "kind", "name"), FIELDS, ids=name_of)
def test_28_a_value_of_another_type_is_refused(adapter: Adapter, kind: type[BaseModel], name: str) -> None:
    frame = example(kind)
    adapter.validate_json(json.dumps(frame))
    wrong: list[Any] = [True, False, 1.5, {}, [frame[name]]]
    wrong += [] if isinstance(frame[name], list) else [[]]
    wrong += [str(frame[name]) + "e"] if isinstance(frame[name], int) and name != "id" else []
    wrong += [7] if isinstance(frame[name], str | dict) else []
    wrong = [value for value in wrong if not isinstance(value, bool)] if name == "announcement" else wrong
    wrong += [None] if type(None) not in get_args(kind.model_fields[name].annotation) else []
    for value in wrong:
        refused(frame | {name: value}, adapter)


def test_the_frame_itself_must_be_an_object_with_a_type_that_is_known() -> None:
    for frame in ("", " ", "null", "7", '"post"', "[]", "{}", "hello", "{", '{"type":"post"', "\ufeff{}"):
        refused(frame)
    for kind in ("explode", "", "POST", "post ", None, 1, ["post"], "hello", "message.posted", "__init__"):
        refused(post(type=kind))
    good = json.dumps(post())
    COMMANDS.validate_json(good)
    refused(good + good)
    refused(good + "x")


def test_events_are_not_commands_and_commands_are_not_events() -> None:
    for kind in COMMAND_TYPES:
        refused(example(kind), EVENTS)
    for kind in EVENT_TYPES:
        refused(example(kind), COMMANDS)


# Values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["text", "id", "key", "room"])
@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"a\ud83d", r"\udc00\ud800"])
def test_80_lone_surrogates_are_refused(field: str, escape: str) -> None:
    """They pass Python's own decoder, and then no encoder: in the middle of a fan-out."""
    assert not json.loads(f'"{escape}"').isprintable()
    refused(json.dumps(post(**{field: "HERE"})).replace("HERE", escape))
    COMMANDS.validate_json(json.dumps(post(text="HERE")).replace("HERE", r"\ud83c\udf0a"))


@pytest.mark.parametrize("frame", ["[" * 100_000, '{"a":' * 30_000, "[" * 200 + "]" * 200, '{"type":' + "[" * 50_000])
def test_78_deep_nesting_is_refused(frame: str) -> None:
    refused(frame)
    refused(json.dumps(post(text=None)).replace("null", frame))


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x07", "\r", "\x7f", "\x85", "\x9b"], ids=ascii)
def test_control_characters_are_refused_in_texts_and_names(character: str) -> None:
    COMMANDS.validate_json(json.dumps(post(text="a\n\tb")))
    refused(post(text=f"a{character}b"))
    refused({"type": "create", "id": 1, "name": f"a{character}b"})
    refused({"type": "name", "id": 1, "name": f"a{character}b"})


@pytest.mark.parametrize(
    ("longest", "too_long"),
    [
        (post(text="x" * 8000), post(text="x" * 8001)),
        (post(text="👍" * 8000), post(text="👍" * 8001)),
        (post(files=["f" * 32] * 10), post(files=["f" * 32] * 11)),
        (post(text="", files=["f" * 32]), post(files=["f" * 31])),
        (
            {"type": "edit", "id": 1, "room": "a", "message": 4, "text": "x"},
            {"type": "edit", "id": 1, "room": "a", "message": 4, "text": ""},
        ),
        (post(key="k" * 64), post(key="k" * 65)),
        (post(key="k"), post(key="")),
        (post(id="i" * 64), post(id="i" * 65)),
        (post(id="i"), post(id="")),
        (post(id=2**53 - 1), post(id=2**53)),
        (post(id=0), post(id=-1)),
        (post(room="r" * 40), post(room="r" * 41)),
        (post(reply_to=2**53 - 1), post(reply_to=2**53)),
        (post(reply_to=0), post(reply_to=-1)),
        ({"type": "create", "id": 1, "name": "n" * 60}, {"type": "create", "id": 1, "name": "n" * 61}),
        (
            {"type": "history", "id": 1, "room": "a", "limit": 100},
            {"type": "history", "id": 1, "room": "a", "limit": 101},
        ),
        ({"type": "rooms", "id": 1, "limit": 1}, {"type": "rooms", "id": 1, "limit": 0}),
        (
            {"type": "react", "id": 1, "room": "a", "message": 1, "emoji": "e" * 32},
            {"type": "react", "id": 1, "room": "a", "message": 1, "emoji": "e" * 33},
        ),
    ],
    ids=range(18),
)
def test_what_is_too_long_or_too_large_is_refused(longest: dict[str, Any], too_long: dict[str, Any]) -> None:
    COMMANDS.validate_json(json.dumps(longest))
    refused(too_long)


@pytest.mark.parametrize(
    "room", ["", "-a", "A", "ä", "a b", "a/b", "..", "a\n", "a_b", "lobby\0", "а", "１", "a" * 41, "%2e"], ids=ascii
)
def test_an_id_of_a_room_has_small_letters_digits_and_hyphens(room: str) -> None:
    for good in ("a", "0", "a-", "a" * 40, "garden-plans-2"):
        COMMANDS.validate_json(json.dumps(post(room=good)))
    refused(post(room=room))


@pytest.mark.parametrize("key", ["a key", "ä", "k\n", "k/", "<k>", "k\0", "１"], ids=ascii)
def test_a_key_has_letters_digits_and_few_marks(key: str) -> None:
    COMMANDS.validate_json(json.dumps(post(key="AZaz09_.:-")))
    refused(post(key=key))


@pytest.mark.parametrize(
    "number", ["1.0", "1e2", "1e999", "-0.5", "NaN", "Infinity", "01", "0x1", "9" * 5000, '"1"', "true"]
)
def test_a_seq_is_a_plain_whole_number(number: str) -> None:
    frame = json.dumps(post(reply_to=4711))
    COMMANDS.validate_json(frame)
    refused(frame.replace("4711", number))


def test_a_field_that_comes_twice_counts_once() -> None:
    frame = '{"type":"post","id":1,"room":"lobby","text":"first","text":"second"}'
    assert COMMANDS.validate_json(frame).text == "second"  # type: ignore[union-attr]


# Hello -------------------------------------------------------------------------------------------------------


def hello(**fields: Any) -> str:
    return json.dumps({"type": "hello", "version": 1, **fields})


def test_hello_carries_cursors_by_room() -> None:
    assert Hello.model_validate_json(hello()).cursors == {}
    assert Hello.model_validate_json(hello(cursors={"lobby": 0, "tea": 2**53 - 1})).cursors["lobby"] == 0
    assert (
        len(Hello.model_validate_json(hello(cursors={f"r{n}": n for n in range(CURSORS_MAX)})).cursors) == CURSORS_MAX
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"cursors": {f"r{n}": n for n in range(CURSORS_MAX + 1)}},
        *[{"cursors": {"lobby": value}} for value in (-1, 2**53, 1.5, True, "1", None, [])],
        *[{"cursors": {room: 1}} for room in ("", "NO ROOM", "../a")],
        *[{"cursors": value} for value in (None, [], "lobby", 7)],
        *[{"version": value} for value in (None, "1", True, 1.5)],
        *[{"epoch": value} for value in (7, [], True)],
        {"token": "secret"},
        {"type": "post"},
    ],
    ids=repr,
)
def test_a_hello_that_is_wrong_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        Hello.model_validate_json(hello(**fields))
    assert words_of(error.value)


# Anything ----------------------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
types = st.sampled_from([kind.model_fields["type"].default for kind in COMMAND_TYPES])
almost = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    types,
    st.dictionaries(
        st.sampled_from([*VALUES, "type", "x"]), json_values | st.sampled_from([*VALUES.values()]), max_size=6
    ),
)


def let_in_or_refused(frame: str | bytes) -> None:
    try:
        command = COMMANDS.validate_json(frame)
    except ValidationError as error:
        words_of(error).encode()
    else:
        assert isinstance(command, COMMAND_TYPES)
        command.model_dump_json().encode()


@given(st.text())
def test_any_text_is_a_command_or_refused(text: str) -> None:
    let_in_or_refused(text)


@given(json_values.map(json.dumps))
def test_any_json_is_a_command_or_refused(frame: str) -> None:
    let_in_or_refused(frame)


@given(almost.map(json.dumps))
def test_what_is_nearly_a_command_is_one_or_refused(frame: str) -> None:
    let_in_or_refused(frame)


@given(st.sampled_from(COMMAND_TYPES), st.data())
def test_a_command_with_a_character_changed_is_one_or_refused(kind: type[BaseModel], data: st.DataObject) -> None:
    frame = json.dumps(example(kind))
    at = data.draw(st.integers(0, len(frame)))
    let_in_or_refused(frame[:at] + data.draw(st.text(max_size=3)) + frame[at + data.draw(st.integers(0, 3)) :])
    let_in_or_refused(frame.encode()[:at] + data.draw(st.binary(max_size=3)) + frame.encode()[at + 1 :])


def test_all_types_are_told_apart_by_their_type() -> None:
    for kinds in (COMMAND_TYPES, EVENT_TYPES):
        assert len({kind.model_fields["type"].default for kind in kinds}) == len(kinds) > 10
    assert typing.get_args(AnyCommand)
