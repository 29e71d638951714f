"""The cases of the Autobahn test suite, from the files of the PyPI package `autobahntestsuite`.

Its source is Python 2 and needs a Twisted of its time, so it cannot be imported. But a case is a short class that says
what to send and what to expect, and that we can run: its source is read as data and given a small Python 2 to live in.
A byte string of Python 2 is a `str` of Latin-1 here.
"""

import array
import binascii
import builtins
import codecs
import re
import types
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / ".venv" / "autobahn" / "autobahntestsuite" / "case"
FILES = ("case[1-7]_*.py", "case10_*.py")
"""Not 9 (how fast and how large), nor 12 and 13 (compression, which we do not offer)."""
NAME = re.compile(r"Case(\d+(?:_\d+)+)")


class Constants:
    """Autobahn's names for the standard's numbers."""

    STATE_CLOSED, STATE_CONNECTING, STATE_CLOSING, STATE_OPEN = range(4)
    CLOSE_STATUS_CODE_NORMAL = 1000
    CLOSE_STATUS_CODE_PROTOCOL_ERROR = 1002
    CLOSE_STATUS_CODE_INVALID_PAYLOAD = 1007


def load() -> dict[str, Any]:
    """All cases by number, "1.1.1" and so on: classes that are made with a `Peer`."""
    suite = _Suite()
    found: dict[str, Any] = {}
    for file in sorted(file for pattern in FILES for file in FOLDER.glob(pattern)):
        for thing in vars(suite.module(file.stem)).values():
            for case in thing if isinstance(thing, list) else [thing]:
                if isinstance(case, type) and (number := NAME.fullmatch(case.__name__)):
                    found[number[1].replace("_", ".")] = case
    return dict(sorted(found.items(), key=lambda item: [int(part) for part in item[0].split(".")]))


class _Suite:
    """Runs the files, each once, with the few modules that they know."""

    def __init__(self) -> None:
        self._modules = {
            "autobahn.websocket.protocol": _module(WebSocketProtocol=Constants),
            "autobahn.websocket.utf8validator": _module(Utf8Validator=_Validator),
            "array": array,
            "binascii": _module(b2a_hex=lambda text: binascii.b2a_hex(text.encode("latin-1")).decode()),
            "pickle": _module(dumps=lambda thing: thing),  # only compared: equal things need not be pickled alike
        }
        self._builtins = vars(builtins) | {"__import__": self._import, "xrange": range, "type": _new_type}

    def module(self, name: str) -> types.ModuleType:
        if name not in self._modules:
            module = self._modules[name] = _module(__builtins__=self._builtins)
            source = (FOLDER / f"{name}.py").read_text("latin-1")
            exec(compile(_modern(source), f"{name}.py", "exec"), vars(module))
        return self._modules[name]

    def _import(self, name: str, *_: Any) -> types.ModuleType:
        return self.module(name)


def _modern(source: str) -> str:
    source = re.sub(r"^(\s*)print\b.*$", r"\1pass", source, flags=re.MULTILINE)
    return source.replace("len(self.payload) / self.p", "len(self.payload) // self.p")


def _module(**names: Any) -> types.ModuleType:
    module = types.ModuleType("of_the_suite")
    vars(module).update(names)
    return module


def _new_type(name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
    """Python 3 wants `object` last, and has it anyway."""
    return type(name, tuple(base for base in bases if base is not object), body)


class _Validator:
    """Says (is it UTF-8 so far, does it end with a whole character)."""

    def reset(self) -> None: ...

    def validate(self, text: str) -> tuple[bool, bool]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(text.encode("latin-1"))
        except UnicodeDecodeError:
            return False, False
        return True, not decoder.getstate()[0]
