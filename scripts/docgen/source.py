"""What only the source text tells: the docstrings of attributes, and the words that go with a code."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import hubbub

SOURCE = Path(hubbub.__file__).parent


@cache
def tree_of(module: str) -> ast.Module:
    file = sys.modules[module].__file__
    assert file is not None
    return ast.parse(Path(file).read_text("utf-8"))


def class_node(owner: type) -> ast.ClassDef:
    for node in tree_of(owner.__module__).body:
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
            return node
    raise LookupError(f"{owner.__name__} is not at the top of {owner.__module__}")


def annotations(owner: type) -> dict[str, ast.expr]:
    """The annotation of each field as it is written, those of base classes first."""
    return {
        node.target.id: node.annotation
        for base in _family(owner)
        for node in class_node(base).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def field_docs(owner: type) -> dict[str, str]:
    """The docstring below each attribute of a class or of its bases, on one line."""
    return {name: words for base in _family(owner) for name, words in attribute_docs(class_node(base).body)}


def name_docs(module: str) -> dict[str, str]:
    """The same for the names that a module defines."""
    return dict(attribute_docs(tree_of(module).body))


def definitions(module: str) -> dict[str, ast.expr]:
    """Each plain `Name = …` at the top of a module."""
    return {
        node.targets[0].id: node.value
        for node in tree_of(module).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def calls(name: str, *, but_not_in: str) -> Iterator[ast.Call]:
    """Each call `name(…)` in the program, but not in that folder of it."""
    for node in _program(but_not_in):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


@cache
def _program(but_not_in: str) -> list[ast.AST]:
    files = [file for file in sorted(SOURCE.rglob("*.py")) if SOURCE / but_not_in not in file.parents]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    for node in nodes:
        for body in (getattr(node, name, None) for name in ("body", "orelse")):
            _put_in_place(body if isinstance(body, list) else [])
    return nodes


def _put_in_place(body: list[ast.stmt]) -> None:
    """A text that has a name only for the next statement stands in that one, as if the line had been long enough."""
    for node, after in pairwise(body):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.JoinedStr() as text):
                for call in ast.walk(after):
                    if isinstance(call, ast.Call):
                        call.args = [text if isinstance(a, ast.Name) and a.id == name else a for a in call.args]


def attribute_docs(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The names that a class or a module defines with a docstring below, and that docstring on one line."""
    for node, after in pairwise(body):
        match node, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, " ".join(words.split())


def words_in(node: ast.expr) -> str | None:
    """A text as written, with "…" for what is only known when the program runs. None: it is not a text at all."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


def _family(owner: type) -> list[type]:
    return [base for base in reversed(owner.__mro__) if base.__module__.startswith("hubbub.")]
