"""Documentation that is wrong fails here: generated pages, links, names, the examples of README and protocol."""

import ast
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect

from hubbub import Chat
from hubbub.cli import COMMANDS
from hubbub.settings import NOT_SETTINGS, PREFIX, Settings, flag_of
from hubbub.testing.people import Guest
from hubbub.testing.server import serve
from hubbub.web.assets import FOLDER, assets
from hubbub.web.metrics import Metrics
from hubbub.web.page import FIRST_MESSAGES

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import docgen  # noqa: E402
from docgen.cli_page import help_of  # noqa: E402
from docgen.example import as_heard, as_sent, conversation  # noqa: E402
from docgen.http_example import requests  # noqa: E402
from docgen.schema import CLIENT_FRAMES, SERVER_FRAMES  # noqa: E402

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
PATIENCE_S = 30.0
Json = dict[str, Any]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


# Generated pages -------------------------------------------------------------------------------------------------


def test_the_generated_pages_are_what_the_code_says() -> None:
    assert docgen.stale_pages(ROOT / "docs") == [], "run scripts/generate-docs"


def test_a_page_that_was_changed_or_is_missing_is_called_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docgen, "DOCS", tmp_path / "docs")
    assert docgen.main([]) == 0
    assert docgen.main(["--check"]) == 0
    settings = tmp_path / "docs" / "settings.md"
    settings.write_text(settings.read_text("utf-8").replace("8000", "8001"), "utf-8")
    (tmp_path / "docs" / "cli.md").unlink()
    capsys.readouterr()
    assert docgen.main(["--check"]) == 1
    assert re.findall(r"docs/\S+", capsys.readouterr().err) == ["docs/settings.md", "docs/cli.md"]


def test_the_generator_runs_as_a_program() -> None:
    script = ROOT / "scripts" / "generate-docs"
    assert os.access(script, os.X_OK)
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (0, "")
    assert subprocess.run([sys.executable, script, "--chekc"], capture_output=True, timeout=PATIENCE_S).returncode == 2


def test_the_schema_tells_frames_apart_and_refers_to_what_it_defines() -> None:
    schema = json.loads(docgen.PAGES["protocol.schema.json"]())
    defs = schema["$defs"]
    assert set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema))) <= defs.keys()
    for side, frames in (("clientFrame", CLIENT_FRAMES), ("serverFrame", SERVER_FRAMES)):
        assert len(defs[side]["anyOf"]) == len(frames)
        types = [defs[frame.__name__]["properties"]["type"]["const"] for frame in frames]
        assert len(types) == len(set(types))
        assert all("type" in defs[frame.__name__]["required"] for frame in frames)


async def test_the_example_conversation_happens_as_it_is_written(tmp_path: Path) -> None:
    async with serve(Settings(data=tmp_path)) as server:
        ann = await Guest.registers(server.url, "Ann")
        address = server.url.replace("http", "ws", 1) + "/ws"
        headers = {"Authorization": f"Bearer {ann.token}"}
        epoch = ""
        socket: ClientConnection | None = None
        try:
            for step in conversation():
                sent = json.loads(as_sent(step.sent))
                if sent["type"] == "hello":
                    if socket:
                        await socket.close()
                        sent["epoch"] = epoch
                    socket = await connect(address, additional_headers=headers)
                assert socket is not None
                await socket.send(json.dumps(sent))
                heard = [await _frame_with_an_answer(socket) for _ in step.heard]
                epoch = next((frame["epoch"] for frame in heard if frame["type"] == "welcome"), epoch)
                written = [json.loads(as_heard(frame)) for frame in step.heard]
                assert _comparable(heard) == _comparable(written), step.words
        finally:
            if socket:
                await socket.close()


async def test_the_http_example_happens_as_it_is_written(tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl: install it")
    async with serve(Settings(data=tmp_path)) as server:
        shell = os.environ | {"HUBBUB_URL": server.url, "NO_PROXY": "127.0.0.1"}
        for request in requests():
            heard = await _typed(request.command, shell)
            shell.setdefault("TOKEN", heard.get("token", ""))
            assert _comparable([heard]) == _comparable([json.loads(as_heard(request.answer))]), request.words


async def _typed(command: str, shell: dict[str, str]) -> Json:
    """What a command writes, with the shell's variables."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_shell(command, env=shell, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(PATIENCE_S):
        written, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    heard: Json = json.loads(written)
    return heard


async def _frame_with_an_answer(socket: ClientConnection) -> Json:
    """The next frame that is no signal."""
    while True:
        async with asyncio.timeout(PATIENCE_S):
            frame: Json = json.loads(await socket.recv())
        if frame["type"] in ("welcome", "result", "error") or "seq" in frame:
            return frame


def _comparable(frames: list[Json]) -> list[Any]:
    """Without times, ids, secrets and order; without fields that have no value."""
    different = ("epoch", "server", "token")

    def known(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: known(v) for k, v in value.items() if v is not None and k not in different}
        if isinstance(value, list):
            return [known(part) for part in value]
        if isinstance(value, str):
            return re.sub(r"^guest-\d+$", "guest-…", value)
        return "a time" if isinstance(value, int) and value > 10**12 else value

    return sorted((known(frame) for frame in frames), key=json.dumps)


# Links and names -------------------------------------------------------------------------------------------------


@each_page
def test_links_lead_to_something(page: Path) -> None:
    assert broken_links(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b` c\n[x](gone.md) [y](#a-b-c) [z](#nowhere) ![p](page.md) [w](https://example.org)\n")
    assert broken_links(page) == ["gone.md", "#nowhere"]


def broken_links(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        other = page.parent / path if path else page
        if re.match(r"[a-z]+:", target):
            continue
        if not other.exists() or (anchor and anchor not in _anchors(other.read_text("utf-8"))):
            broken.append(target)
    return broken


def _anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


@each_page
def test_settings_and_variables_that_are_named_exist(page: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    assert set(re.findall(r"\bHUBBUB_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))) <= known


@each_page
def test_commands_and_flags_that_are_named_exist(page: Path) -> None:
    flags = {name: set(re.findall(r"--[a-z-]+", help_of([name, "--help"]))) for name in COMMANDS}
    assert {flag_of(name) for name in Settings.model_fields} <= flags["serve"]
    for words in command_lines(page.read_text("utf-8")):
        name = words[0] if words and not words[0].startswith("-") else "serve"
        assert name in COMMANDS, words
        assert set(re.findall(r"(?<=\s)--[a-z-]+", " " + " ".join(words))) <= flags[name] | {"--version"}, words


def test_command_lines_are_found_in_a_page() -> None:
    text = '`hubbub --host 0.0.0.0`, hubbub is a\n```console\n$ hubbub say lobby "hi"\nhubbub: no\n```\n`hubbub.toml`'
    assert command_lines(text) == [["--host", "0.0.0.0"], ["say", "lobby", '"hi"']]
    assert any(words[:1] == ["say"] for words in command_lines(README))


def command_lines(text: str) -> list[list[str]]:
    """What follows `hubbub` in code, without placeholders like COMMAND."""
    lines = re.findall(r"`hubbub((?: [^`]+)?)`|^\$ hubbub(.*)$", text, re.MULTILINE)
    return [words for inline, console in lines if "COMMAND" not in (words := (inline or console).split())]


@each_page
def test_files_and_functions_that_are_named_exist(page: Path) -> None:
    assert [name for name in named_things(page.read_text("utf-8")) if not exists(name)] == []


def test_a_file_or_function_that_is_not_there_is_found() -> None:
    there = ["hub/hub.py:Hub.deliver", "client/state.js:receive", "client/reader.js:Reader.open", "client/panels/"]
    gone = [
        "hub/hub.py:Hub.gone",
        "gone.py",
        "scripts/gone",
        "client/state.js:gone",
        "client/state.js:Room.open",
        "gone/",
    ]
    text = f"`{'`, `'.join([*there, *gone])}`, `protocol.md`, `/api/` and `store.write`"
    assert list(named_things(text)) == [*there, *gone]
    assert [name for name in named_things(text) if exists(name)] == there


def named_things(text: str) -> Iterator[str]:
    for code in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(r"[\w/.-]+\.(py|js|css|html)(:[\w.]+)?|scripts/[\w.-]+|\w[\w/]*/", code):
            yield code


def exists(name: str) -> bool:
    path, _, dotted = name.partition(":")
    file = next((base / path for base in (ROOT, ROOT / "src" / "hubbub") if (base / path).exists()), None)
    if file is None or not dotted:
        return file is not None
    text, names = file.read_text("utf-8"), dotted.split(".")
    return _defines(ast.parse(text), names) if file.suffix == ".py" else _defines_in_script(text, names)


def _defines(tree: ast.AST, names: list[str]) -> bool:
    if not names:
        return True
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    inner = [node for node in ast.iter_child_nodes(tree) if isinstance(node, kinds) and node.name == names[0]]
    return any(_defines(node, names[1:]) for node in inner)


def _defines_in_script(text: str, names: list[str]) -> bool:
    """A function, class or constant at the top of a script, or a method of a class there."""
    name, *methods = names
    found = re.search(
        rf"^(export )?(async )?(function|class|const) {name}\b(.*?\n)(?=\S)", text, re.MULTILINE | re.DOTALL
    )
    return bool(found) and all(re.search(rf"^  (async )?{method}\(", found[4], re.MULTILINE) for method in methods)


def test_the_numbers_that_the_architecture_names_are_right() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert re.findall(r"(\d+) modules", text) == [str(len(assets().modules))]
    assert re.findall(r"(\d+) messages", text) == [str(FIRST_MESSAGES)]
    policies = [file for file in FOLDER.rglob("*.js") if "createPolicy" in file.read_text("utf-8")]
    assert policies == [FOLDER / "lib" / "dom.js"]


def test_the_metrics_that_are_named_are_those_that_there_are(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    named = re.findall(r"^\| `((?:hubbub|process)_\w+)` \| (\w+) \| (.*) \|$", page, re.MULTILINE)
    there = [
        (family.name + ("_total" if family.type == "counter" else ""), family.type, family.documentation)
        for family in Metrics(Chat(Settings(data=tmp_path))).registry.collect()
    ]
    if sys.platform != "linux":
        named = [metric for metric in named if metric[0].startswith("hubbub_")]
    assert named == there


def test_the_codes_and_reasons_that_operators_are_told_of_are_in_the_source() -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    source = "".join(file.read_text("utf-8").lower() for file in (ROOT / "src").rglob("*.py"))
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", page, re.MULTILINE)
    words = [word for row in rows for word in re.findall(r"`(\w+)`", row) if not word.startswith(("hubbub", "process"))]
    assert len(words) > 10
    assert [word for word in words if not re.search(rf'"{word}"|\b{word} = \d', source)] == []


# README ----------------------------------------------------------------------------------------------------------

PICTURE_MAX_BYTES = 250_000
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=lambda block: block.strip().splitlines()[-1])
def test_the_python_of_the_readme_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert names.keys() - {"__builtins__"}


def test_the_pictures_of_the_readme_are_light() -> None:
    pictures = [ROOT / name for name in re.findall(r"!\[[^\]]+\]\((\S+\.png)\)", README)]
    assert {picture.name for picture in pictures} == {"desktop.png", "phone.png", "dark.png"}
    assert [picture.name for picture in pictures if picture.stat().st_size > PICTURE_MAX_BYTES] == []


def test_the_readme_gives_the_tutorials_class() -> None:
    [block] = [block for block in PYTHON_BLOCKS if "ConnectionManager" in block]
    names: dict[str, Any] = {}
    exec(block, names)
    methods = ("active_connections", "connect", "disconnect", "send_personal_message", "broadcast")
    assert all(hasattr(names["ConnectionManager"], method) for method in methods)


async def test_the_readmes_application_serves_page_interface_and_socket(tmp_path: Path) -> None:
    [block] = [block for block in PYTHON_BLOCKS if "FastAPI(" in block]
    (tmp_path / "example.py").write_text(block, "utf-8")
    async with uvicorn(tmp_path, "example:app") as url, httpx2.AsyncClient(base_url=url) as http:
        assert (await http.get("/api/me")).status_code == 401
        assert "/api/rooms/{room}/messages" in (await http.get("/openapi.json")).json()["paths"]
        async with Guest.arrives(url, "Ann") as ann:
            await ann.says("hi")
            await ann.hears("hi")
        assert (tmp_path / "chat-data").is_dir()
        page = await http.get("/")
        assert page.status_code == 200
        assert "hi" in page.text


@asynccontextmanager
async def uvicorn(folder: Path, application: str) -> AsyncIterator[str]:
    """Runs `uvicorn APPLICATION` in this folder, on a free port of the loopback; gives its address."""
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "uvicorn", application, "--port", "0", "--no-use-colors"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    seen = ""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", seen)):
                line = await process.stderr.readline()
                assert line, seen
                seen += line.decode()
        yield found[0]
    finally:
        process.kill()
        await process.communicate()


async def test_the_schema_of_the_http_interface_and_the_tutorials_page_are_where_the_pages_say(tmp_path: Path) -> None:
    assert "`/api/openapi.json`" in (ROOT / "docs" / "http.md").read_text("utf-8")
    assert "`/tutorial`" in README
    async with serve(Settings(data=tmp_path)) as server, httpx2.AsyncClient(base_url=server.url) as http:
        for path in ("/api/openapi.json", "/tutorial", "/"):
            assert (await http.get(path)).status_code == 200, path
        assert (await http.get("/api/openapi.json")).json()["openapi"].startswith("3.1.")
        assert (await http.get("/api/docs")).status_code == 404
