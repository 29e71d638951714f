"""How the program tells what it does: one line for each record, as text for people or JSON for machines.

A record carries the id of the request or connection in whose course it was made. Its words never contain what
people wrote, a token or a cookie: libraries, which know nothing of that, tell only warnings.
"""

import json
import logging
import random
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

LINE_MAX_CHARS = 2000
REQUEST: ContextVar[str] = ContextVar("hubbub_request", default="")
"""The id of the request, or of the connection, that is being served."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def new_request_id() -> str:
    """Sets and returns the id for what this task does from now on."""
    name = f"{random.getrandbits(32):08x}"  # it names, and opens nothing
    REQUEST.set(name)
    return name


def set_up(level: str, form: Literal["text", "json"]) -> None:
    """For a program that is Hubbub alone; an application that mounts the chat decides for itself."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("hubbub").setLevel(level.upper())
    logging.getLogger("uvicorn.error").addFilter(of_uvicorn)


def of_uvicorn(record: logging.LogRecord) -> bool:
    """uvicorn logs a traceback for each frame that is not UTF-8: a person with bad intentions could fill the disk.
    And it logs each handshake with its whole query, which our own line about it leaves out."""
    if record.exc_info and "InvalidData" in str(record.exc_info[0]):
        record.exc_info = None
        record.msg, record.args = "a client sent a frame that is not valid", ()
    return '"WebSocket ' not in record.msg


class TextLines(logging.Formatter):
    """`2026-11-24T20:15:01.123Z WARNING hubbub.app: connection cut reason=stalled connection=0a1b2c3d`;
    a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={_quoted(str(value))}" for name, value in _fields_of(record).items())
        line = f"{_time_of(record)} {record.levelname} {record.name}: {_one_line(record.getMessage())}{fields}"
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            line += "".join(f"\n  {_CONTROL.sub(_escaped, part)}" for part in traceback.splitlines())
        return line


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _shortened(record.getMessage()),
            **_fields_of(record),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def _fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What was given as `extra={"fields": …}`, and the request's id."""
    fields: dict[str, object] = dict(getattr(record, "fields", {}))
    if request := REQUEST.get():
        fields.setdefault("request", request)
    return fields


def _time_of(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(words: str) -> str:
    return _CONTROL.sub(_escaped, _shortened(words))


def _quoted(value: str) -> str:
    """A value with a space or a quotation mark in quotation marks, so that it can be told where it ends."""
    value = _one_line(value)
    return json.dumps(value, ensure_ascii=False) if re.search(r'[ "=]', value) or not value else value


def _shortened(words: str) -> str:
    return words if len(words) <= LINE_MAX_CHARS else words[:LINE_MAX_CHARS] + "…"


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
