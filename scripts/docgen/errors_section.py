"""What can go wrong: codes with the words that the source gives them."""

import ast
import re
from collections.abc import Iterator
from inspect import cleandoc

from hubbub import errors
from hubbub.errors import CloseCode, HubbubError
from hubbub.web import socket

from .fields import table
from .source import attribute_docs, calls, class_node, tree_of, words_in

UNTOLD = {HubbubError, errors.SetupError}
"""The base, and what only the command line tells."""


def error_codes() -> str:
    tree = _tree()
    told: dict[str, type[HubbubError]] = {}
    words: dict[str, list[str]] = {}
    for kind in _kinds():
        code = kind.default_code
        told[code], words[code] = kind, [tree[kind.__name__]]
        for own_code, said in sorted(_raised(kind)):
            if own_code != code:
                told[own_code] = kind
                words.setdefault(own_code, []).append(said)
    rows = [
        [f"`{code}`", str(kind.status), "yes" if kind.retry else "", _cell(words[code])]
        for code, kind in sorted(told.items(), key=lambda item: (item[1].status, item[0] != item[1].default_code))
    ]
    return (
        "A `code` is stable; the words may change. Over HTTP the same error has this status; its body is the "
        "`error` frame without `type` and `id`.\n\n"
        + table(["Code", "HTTP", "Try again?", "What it says, or means"], rows)
    )


def close_codes() -> str:
    docs, reasons = dict(attribute_docs(class_node(CloseCode).body)), _reasons()
    rows = [
        [str(code.value), _human(code), docs.get(code.name, ""), _cell(reasons.get(code.name, []))]
        for code in CloseCode
    ]
    head = ["Code", "Name", "When, and what to do", "Reason that comes with it"]
    return cleandoc(CloseCode.__doc__ or "") + "\n\n" + table(head, rows)


def _kinds() -> list[type[HubbubError]]:
    found: list[type[HubbubError]] = [HubbubError]
    for kind in found:
        found += [sub for sub in kind.__subclasses__() if sub.__module__ == errors.__name__]
    return [kind for kind in found if kind not in UNTOLD]


def _tree() -> dict[str, str]:
    """What the tree in the docstring of errors.py says of each class."""
    lines = re.findall(r"^\W*(\w+) {2,}(.+)$", errors.__doc__ or "", re.MULTILINE)
    return {name: _sentence(words.removeprefix("… ")) for name, words in lines}


def _raised(kind: type[HubbubError]) -> Iterator[tuple[str, str]]:
    """Each code that the source gives to an error of this class, with its words. What the client commands say to the
    person who runs them is no part of the protocol."""
    for call in calls(kind.__name__, but_not_in="cli"):
        for word in call.keywords:
            if word.arg == "code" and isinstance(word.value, ast.Constant):
                yield str(word.value.value), words_in(call.args[0]) or ""


def _reasons() -> dict[str, list[str]]:
    """For each close code the reasons that the socket gives."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree_of(socket.__name__)):
        match node:
            case ast.Call(args=[ast.Attribute(value=ast.Name(id="CloseCode"), attr=name), reason]):
                if words := _inner_words(reason):
                    found.setdefault(name, []).append(words)
    return found


def _inner_words(node: ast.expr) -> str | None:
    """The words of a reason, also when a function makes them fit."""
    return words_in(node.args[0] if isinstance(node, ast.Call) else node)


def _cell(words: list[str]) -> str:
    return " / ".join(dict.fromkeys(words)).replace("|", "\\|")


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


def _human(code: CloseCode) -> str:
    return code.name.lower().replace("_", " ")
