"""One line for each record, whatever is in it."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from hubbub.logs import LINE_MAX_CHARS, REQUEST, JsonLines, TextLines, new_request_id, of_uvicorn, set_up


def record(words: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("hubbub.test", logging.WARNING, __file__, 1, words, args, None)
    made.__dict__ |= extra
    made.created = 1_700_000_000.5
    return made


def failed() -> logging.LogRecord:
    made = record("it failed")
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


@pytest.fixture
def nobody() -> Iterator[None]:
    """Without a request."""
    before = REQUEST.set("")
    yield
    REQUEST.reset(before)


@pytest.mark.usefixtures("nobody")
def test_a_line_of_text_has_time_level_logger_words_and_fields() -> None:
    made = record("%s is cut", "it", fields={"reason": "stalled", "path": "/a b", "empty": ""})
    assert TextLines().format(made) == (
        '2023-11-14T22:13:20.500Z WARNING hubbub.test: it is cut reason=stalled path="/a b" empty=""'
    )


@pytest.mark.usefixtures("nobody")
def test_a_line_of_json_has_the_same() -> None:
    made = record("%s is cut", "it", fields={"reason": "stalled", "status": 200})
    assert json.loads(JsonLines().format(made)) == {
        "time": "2023-11-14T22:13:20.500Z",
        "level": "warning",
        "logger": "hubbub.test",
        "message": "it is cut",
        "reason": "stalled",
        "status": 200,
    }


@pytest.mark.usefixtures("nobody")
def test_a_record_has_the_id_of_its_request() -> None:
    name = new_request_id()
    assert TextLines().format(record("x")).endswith(f"x request={name}")
    assert json.loads(JsonLines().format(record("x")))["request"] == name


@pytest.mark.parametrize("form", [TextLines(), JsonLines()], ids=["text", "json"])
@pytest.mark.parametrize("evil", ["a\nb", "a\r\x1b[2Jb", "a\u2028b", "a\x00b", "a\x85b", "\ud800"], ids=ascii)
def test_48_nobody_can_begin_a_line_of_their_own(form: logging.Formatter, evil: str) -> None:
    line = form.format(record(evil, fields={"path": evil}))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert line.encode()


def test_a_line_has_an_end() -> None:
    assert len(TextLines().format(record("x" * 10_000))) < LINE_MAX_CHARS + 200
    assert len(JsonLines().format(record("x" * 10_000))) < LINE_MAX_CHARS + 300


def test_a_traceback_is_indented_in_text_and_one_field_in_json() -> None:
    first, *others = TextLines().format(failed()).splitlines()
    assert "it failed" in first
    assert len(others) > 2
    assert all(line.startswith("  ") for line in others)
    line = JsonLines().format(failed())
    assert len(line.splitlines()) == 1
    assert "ValueError: first\nsecond" in json.loads(line)["traceback"]


def test_handshakes_with_their_queries_are_left_out() -> None:
    assert not of_uvicorn(record('%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/ws?secret"))
    assert of_uvicorn(record("Shutting down"))


@pytest.fixture
def loggers() -> Iterator[None]:
    """As they were, afterwards."""
    root, ours, uvicorn = (logging.getLogger(name) for name in (None, "hubbub", "uvicorn.error"))
    before = root.level, list(root.handlers), ours.level
    yield
    root.level, root.handlers, ours.level = before
    uvicorn.removeFilter(of_uvicorn)


@pytest.mark.usefixtures("loggers")
def test_a_low_level_is_for_our_own_records_only() -> None:
    set_up("debug", "json")
    assert logging.getLogger("hubbub.web").isEnabledFor(logging.DEBUG)
    for library in ("sqlalchemy.engine", "python_multipart", "alembic", "asyncio", "websockets"):
        assert not logging.getLogger(library).isEnabledFor(logging.INFO)
    [handler] = logging.getLogger().handlers
    assert isinstance(handler.formatter, JsonLines)
