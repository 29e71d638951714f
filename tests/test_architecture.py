"""The rules of ARCHITECTURE.md, read from the source: who imports whom, where nothing awaits, how long things are.

Imports inside functions and under TYPE_CHECKING count too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hubbub"

FILE_MAX_LINES = 400
FUNCTION_MAX_LINES = 60
LONG_FUNCTIONS = {"src/hubbub/store/migrations/versions/0001_first.py:upgrade"}
"""A list of tables: a migration is written once and never changed."""

PARTS = {
    "bus.local": "local bus",
    "store.folder": "folder",
    "store.backup": "upkeep",
    "store.backup_files": "upkeep",
    "store.checkup": "upkeep",
    "store.sqlite": "sqlite",
    "store.reader": "sqlite",
    "store.files": "sqlite",
    "store.search": "sqlite",
    "store.accounts": "sqlite",
    "store.sign_in": "sqlite",
    "store.index": "sqlite",
    "store.indexer": "sqlite",
    "store.order": "sqlite",
    "store.erasing": "sqlite",
    "store.checkpoints": "sqlite",
    "store.transaction": "sqlite",
    "store.writer": "sqlite",
    "store.prepared": "sqlite",
    "store.projection": "sqlite",
    "store.readers": "sqlite",
    "store.rooms": "sqlite",
    "store.tables": "sqlite",
    "store.migrate": "sqlite",
    "store.migrations": "sqlite",
    "hub.outlet": "outlet",
    "hub.fast_outlet": "outlet",
    "hub.presence": "presence",
    "testing.faulty_server": "faulty server",
    "testing.process": "process",
    "_version": "version",
    "__main__": "cli",
}
"""Parts that are smaller than a folder. Everything else is part of its folder, or of its file below `hubbub`."""

WORDS = {"core", "errors", "protocol"}
"""What everybody may use."""
MAY_IMPORT = {
    "errors": set[str](),
    "core": {"errors"},
    "counts": set[str](),
    "logs": set[str](),
    "folder": {"errors"},
    "protocol": {"core", "errors"},
    "files": WORDS | {"folder"},
    "settings": WORDS | {"protocol"},
    "tasks": set[str](),
    "version": set[str](),
    "store": WORDS | {"counts"},
    "bus": WORDS,
    "sqlite": WORDS | {"store", "folder", "counts", "tasks"},
    "upkeep": {"errors", "sqlite", "folder"},  # works on files that no Store has opened
    "local bus": WORDS | {"bus"},
    "outlet": {"tasks"},
    "presence": WORDS,
    "hub": WORDS | {"outlet", "presence", "tasks", "store"},  # CatchUp reads what the ring no longer has
    "relay": WORDS | {"store", "bus", "hub", "tasks"},
    "attendance": WORDS | {"hub", "presence"},
    "service": WORDS | {"store", "bus", "settings", "presence", "files"},  # `here` asks who is connected
    "extras": WORDS | {"service", "settings"},
    "web": WORDS | {"service", "store", "hub", "outlet", "settings", "tasks", "version", "counts", "logs"},
    "app": WORDS
    | {
        "web",
        "service",
        "relay",
        "attendance",
        "hub",
        "presence",
        "store",
        "bus",
        "settings",
        "tasks",
        "version",
        "counts",
        "extras",
    }
    | {"version", "counts"}
    | {"sqlite", "folder", "local bus", "files"},  # the only one that knows them
    "server": {"app", "web", "core", "errors", "settings", "outlet"},
    # … it is the wire of the fast one, and knows the socket
    "cli": WORDS
    | {"server", "app", "settings", "version", "logs", "folder", "upkeep", "testing"}  # torture
    | {"service", "sqlite"},  # links, beside a running server
    "manager": {"outlet"},  # it must work without the rest of Hubbub
    "testing": WORDS
    | {"server", "app", "settings", "store", "faulty server", "process"}
    | {"sqlite"},  # torture makes a database of the version before
    "faulty server": {"app", "hub", "outlet", "sqlite", "process"},  # wraps them: they need no hooks
    "process": set[str](),
    "hubbub": {"app", "core", "manager", "settings", "version"},  # the public names
}
TYPES_ONLY = {("web", "app"): {"Chat"}}
"""Under TYPE_CHECKING alone: a route is given the Chat, and its type has to have a name."""

PURE = ["core/*.py", "hub/hub.py"]
"""Files in which nothing awaits."""
CORE_MAY_IMPORT = (
    {
        "collections",
        "contextlib",
        "dataclasses",
        "enum",
        "functools",
        "html",
        "ipaddress",
        "math",
        "re",
        "typing",
        "unicodedata",
        "urllib",
    }
    | {"emoji", "markdown_it", "nh3", "pydantic", "pygments"}
    | {"hubbub"}
)
"""All that does no I/O and knows no clock and no chance. A new name here is a decision."""
IO_BUILTINS = {"open", "print", "input", "breakpoint"}


class Import(NamedTuple):
    target: str
    """The module; for `from a import b` it is `a.b` when that is a module, else `a`."""
    names: frozenset[str]
    types_only: bool
    line: int


# Imports -----------------------------------------------------------------------------------------------------------


def test_imports_go_one_way() -> None:
    modules = {module_of(file): file for file in SOURCE.rglob("*.py")}
    assert {"hubbub.app", "hubbub.core", "hubbub.web.api.rooms"} <= modules.keys()
    found = [
        mistake
        for module, file in sorted(modules.items())
        for mistake in forbidden(module, imports(module, file.read_text("utf-8"), set(modules)))
    ]
    assert found == []


def test_every_part_is_in_the_table_and_the_table_has_no_others() -> None:
    assert {part_of(module_of(file)) for file in SOURCE.rglob("*.py")} == MAY_IMPORT.keys()


def test_the_table_has_no_circle() -> None:
    done: set[str] = set()
    while ready := {part for part, others in MAY_IMPORT.items() if part not in done and others <= done}:
        done |= ready
    assert done == MAY_IMPORT.keys()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hubbub.core.text", "from hubbub.protocol import Post"),
        ("hubbub.core.text", "import hubbub.settings"),
        ("hubbub.protocol", "def f():\n    from hubbub.service import Service"),
        (
            "hubbub.service.rooms",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from hubbub.app import Chat",
        ),
        ("hubbub.service.rooms", "from hubbub.store.sqlite import SqliteStore"),
        ("hubbub.service.rooms", "from hubbub.store import sqlite"),
        ("hubbub.service.rooms", "from ..store import sqlite"),
        ("hubbub.service.rooms", "from hubbub.hub.hub import Hub"),
        ("hubbub.service", "from .rooms import x\nfrom ..web import socket"),
        ("hubbub.web.page", "from hubbub.app import Chat"),
        ("hubbub.web.page", "if TYPE_CHECKING:\n    from hubbub.app import Chat, create_app"),
        ("hubbub.web.page", "if TYPE_CHECKING:\n    import hubbub.app"),
        ("hubbub.web.page", "if TYPE_CHECKING:\n    pass\nelse:\n    from hubbub.app import Chat"),
        ("hubbub.web.page", "if not TYPE_CHECKING:\n    from hubbub.app import Chat"),
        ("hubbub.web.page", "from hubbub import Settings"),
        ("hubbub.cli.serve", "from hubbub.bus.local import LocalBus"),
        ("hubbub.manager", "from hubbub.hub.hub import Hub"),
        ("hubbub.gone", "import hubbub.errors"),
    ],
)
def test_an_import_in_the_wrong_direction_is_found(module: str, source: str) -> None:
    modules = {module_of(file) for file in SOURCE.rglob("*.py")}
    assert forbidden(module, imports(module, source, modules))


def test_an_import_in_the_right_direction_is_not_found() -> None:
    modules = {module_of(file) for file in SOURCE.rglob("*.py")}
    source = "import re\nfrom hubbub.errors import Invalid\nif TYPE_CHECKING:\n    from hubbub.app import Chat"
    assert not list(forbidden("hubbub.web.page", imports("hubbub.web.page", source, modules)))


def test_modules_are_imported_by_their_name_in_two_places_only() -> None:
    """An import that is a string could pass by the table."""
    found = {module_of(file) for file in SOURCE.rglob("*.py") if imports_by_string(file.read_text("utf-8"))}
    assert found == {"hubbub", "hubbub.cli"}


def test_an_import_by_a_string_is_found() -> None:
    assert imports_by_string("import importlib\nimportlib.import_module('x')")
    assert imports_by_string("__import__('x')")
    assert not imports_by_string("import_module = 1")


def imports_by_string(source: str) -> bool:
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return any(ast.unparse(called).split(".")[-1] in ("import_module", "__import__") for called in calls)


def forbidden(module: str, found: list[Import]) -> list[str]:
    """What this module imports against the table, each as a line for a person."""
    here = part_of(module)
    return [
        f"{module}, line {line}: {here} imports {part_of(target)} ({target})"
        for target, names, types_only, line in found
        if (there := part_of(target)) != here
        and there not in MAY_IMPORT.get(here, set())
        and not (types_only and names and names <= TYPES_ONLY.get((here, there), set()))
    ]


def imports(module: str, source: str, modules: set[str]) -> list[Import]:
    """All imports of Hubbub's own modules."""
    tree = ast.parse(source)
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    found: list[Import] = []
    for node in ast.walk(tree):
        types_only = id(node) in for_types
        if isinstance(node, ast.Import):
            targets = [(alias.name, frozenset[str]()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node, modules)
            as_modules = {alias.name for alias in node.names if f"{base}.{alias.name}" in modules}
            others = frozenset(alias.name for alias in node.names) - as_modules
            targets = [(f"{base}.{name}", frozenset[str]()) for name in sorted(as_modules)]
            targets += [(base, others)] if others else []
        else:
            continue
        ours = [target for target in targets if target[0].split(".")[0] == "hubbub"]
        found += [Import(target, names, types_only, node.lineno) for target, names in ours]
    return found


def absolute(module: str, node: ast.ImportFrom, modules: set[str]) -> str:
    if not node.level:
        return node.module or ""
    is_package = any(other.startswith(module + ".") for other in modules)
    steps = node.level - 1 if is_package else node.level
    parents = module.split(".")[: len(module.split(".")) - steps]
    return ".".join([*parents, *([node.module] if node.module else [])])


def module_of(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    path = module.split(".")[1:]
    for length in (2, 1):
        if part := PARTS.get(".".join(path[:length])):
            return part
    return path[0] if path else "hubbub"


# No I/O, no waiting ------------------------------------------------------------------------------------------------


def test_core_and_hub_never_await() -> None:
    files = [file for pattern in PURE for file in SOURCE.glob(pattern)]
    assert len(files) > 5
    assert {file.name: found for file in files if (found := waits(file.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "async def f(): pass",
        "async def f():\n    await g()",
        "async def f():\n    async with x: pass",
        "def f():\n    async def g(): ...",
        "[x async for x in y]",
    ],
)
def test_a_thing_that_awaits_is_found(source: str) -> None:
    assert waits(source)


def waits(source: str) -> list[int]:
    """The lines on which something asynchronous stands."""
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return sorted(
        {node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)}
        | {
            node.target.lineno
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.comprehension) and node.is_async
        }
    )


def test_core_does_no_io() -> None:
    files = list(SOURCE.glob("core/*.py"))
    assert len(files) > 5
    assert {file.name: found for file in files if (found := impure(file.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "source",
    [
        *["import asyncio", "import os.path", "from time import time", "from pathlib import Path", "import random"],
        *["from datetime import datetime", "def f():\n    import socket", "def f():\n    return open('x').read()"],
        *["import sqlalchemy", "from .text import x", "__import__('os')"],
    ],
)
def test_io_in_core_would_be_found(source: str) -> None:
    assert impure(source)


def impure(source: str) -> list[str]:
    """Imports that are not on the list, and builtins that do I/O."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] not in CORE_MAY_IMPORT]
        elif isinstance(node, ast.ImportFrom) and (
            node.level or (node.module or "").split(".")[0] not in CORE_MAY_IMPORT
        ):
            found.append(node.module or ".")
        elif isinstance(node, ast.Name) and node.id in IO_BUILTINS | {"__import__"}:
            found.append(node.id)
    return found


# Sizes -------------------------------------------------------------------------------------------------------------


def test_files_are_short() -> None:
    files = dict(sources("*.py", "*.js", "*.css", "*.html"))
    assert len(files) > 60
    assert too_long(files) == set()


def test_a_long_file_is_found() -> None:
    assert too_long({"a.py": "x\n" * FILE_MAX_LINES, "b.py": "x\n" * (FILE_MAX_LINES + 1)}) == {"b.py"}


def too_long(files: dict[str, str]) -> set[str]:
    return {name for name, text in files.items() if text.count("\n") > FILE_MAX_LINES}


def test_functions_are_short() -> None:
    files = dict(sources("*.py"))
    assert {f"{name}:{function}" for name, text in files.items() for function in long_functions(text)} == LONG_FUNCTIONS


def test_a_long_function_is_found() -> None:
    fits = "def fits():\n" + "    x()\n" * (FUNCTION_MAX_LINES - 1)
    long = "class A:\n    async def long(self):\n" + "        x()\n" * FUNCTION_MAX_LINES
    assert list(long_functions(fits + long)) == ["long"]


def long_functions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_MAX_LINES:
                yield node.name


def sources(*patterns: str) -> Iterator[tuple[str, str]]:
    """What people read of the project: by path, its text."""
    for folder in ("src", "tests", "scripts", "benchmarks"):
        for pattern in patterns:
            for file in sorted((ROOT / folder).rglob(pattern)):
                yield file.relative_to(ROOT).as_posix(), file.read_text("utf-8")
