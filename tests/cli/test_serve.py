"""`hubbub serve` as a process: its address, its complaints of one line each, and its end."""

import gc
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from hubbub import __version__
from hubbub.cli import COMMANDS
from hubbub.cli.serve import tune_python
from hubbub.settings import Settings, flag_of
from hubbub.testing.people import Guest
from tests.cli.conftest import Check, Terminal


async def test_it_prints_the_address_at_which_it_can_be_reached(terminal: Terminal) -> None:
    server, url = await terminal.serve("--port", "0")
    await server.prints("only this machine can reach it")
    await server.prints(rf"data: {terminal.folder / 'hubbub-data'} .*stop: Ctrl-C")
    async with httpx2.AsyncClient() as http:
        assert (await http.get(url)).status_code == 200
    assert server.lines[0] == f"Hubbub is at {url}"


async def test_flags_go_before_the_environment_and_the_environment_before_the_file(terminal: Terminal) -> None:
    terminal.environment |= {"HUBBUB_NAME": "By variable", "HUBBUB_PORT": "0", "HUBBUB_DATA": "by-variable"}
    (terminal.folder / "hubbub.toml").write_text('name = "By file"\ndata = "by-file"\nring_size = 1\n')
    server, _ = await terminal.serve("serve", "--name", "By flag")
    assert server.lines[0].startswith("By flag is at ")
    assert sorted(entry.name for entry in terminal.folder.glob("by-*")) == ["by-variable"]


async def test_the_whole_network_is_let_in_only_when_asked_for(terminal: Terminal) -> None:
    server, _ = await terminal.serve("--port", "0", "--host", "0.0.0.0")
    await server.prints("stop: Ctrl-C")
    assert not any("only this machine" in line for line in server.lines)


def test_in_a_server_the_collector_looks_less_often_and_threads_take_turns_more_often() -> None:
    before, interval_s = gc.get_threshold(), sys.getswitchinterval()
    try:
        tune_python()
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > 0
        assert sys.getswitchinterval() < interval_s
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
        sys.setswitchinterval(interval_s)


# Complaints --------------------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_port_in_use_is_named(terminal: Terminal, complaint: Check, taken: int) -> None:
    words = complaint(await terminal.run("--port", str(taken)))
    assert f"Port {taken} on 127.0.0.1 is in use" in words
    assert "--port" in words


async def test_an_address_that_this_machine_does_not_have_is_named(terminal: Terminal, complaint: Check) -> None:
    assert "Cannot listen on 192.0.2.1" in complaint(await terminal.run("--port", "0", "--host", "192.0.2.1"))


@pytest.mark.parametrize("folder", ["a-file", "a-file/below", "/dev/null/data", "/proc/data"])
async def test_a_data_folder_that_cannot_be_is_named(terminal: Terminal, complaint: Check, folder: str) -> None:
    (terminal.folder / "a-file").write_text("I am a file")
    words = complaint(await terminal.run("--port", "0", "--data", folder))
    assert f"data folder {folder}" in words
    assert "--data" in words


async def test_a_damaged_database_is_named(terminal: Terminal, complaint: Check) -> None:
    folder = terminal.folder / "hubbub-data"
    folder.mkdir()
    (folder / "hubbub.db").write_text("this is no database " * 1000)
    words = complaint(await terminal.run("--port", "0"))
    assert "hubbub-data/hubbub.db is damaged or is not a database" in words


async def test_a_second_program_on_the_same_data_is_refused_and_the_first_goes_on(
    terminal: Terminal, complaint: Check
) -> None:
    _, url = await terminal.serve("--port", "0")
    assert "Another hubbub uses" in complaint(await terminal.run("--port", "0"))
    async with Guest.arrives(url) as guest:
        await guest.says("still here")


@pytest.mark.parametrize(
    ("arguments", "variables", "file", "words"),
    [
        (["--port", "eighty"], {}, None, "--port: "),
        (["--port", "70000"], {}, None, "--port: "),
        (["--port", "-1"], {}, None, "--port: "),
        (["--ping-interval-s", "0"], {}, None, "--ping-interval-s: "),
        (["--name", ""], {}, None, "--name: "),
        (["--log-level", "loud"], {}, None, "--log-level: "),
        (["--origins", "chat.example"], {}, None, "--origins: 'chat.example' is not an origin"),
        ([], {"HUBBUB_PORT": "eighty"}, None, "HUBBUB_PORT: "),
        ([], {"HUBBUB_GUESTS": "perhaps"}, None, "HUBBUB_GUESTS: "),
        ([], {"HUBBUB_PROT": "80"}, None, "There is no setting HUBBUB_PROT. Did you mean HUBBUB_PORT?"),
        ([], {}, 'port = "eighty"', "hubbub.toml: port: "),
        ([], {}, "prot = 80", "hubbub.toml: there is no setting 'prot'. Did you mean port?"),
        ([], {}, "[server]\nport = 80", "hubbub.toml: there is no setting 'server'"),
        ([], {}, "port = ", "The settings file hubbub.toml is not valid TOML"),
        (["--config", "none.toml"], {}, None, "Cannot read the settings file none.toml"),
        (["--config", "."], {}, None, "Cannot read the settings file ."),
        ([], {"HUBBUB_CONFIG": "none.toml"}, None, "Cannot read the settings file none.toml"),
        (["explode"], {}, None, "There is no command 'explode'. The commands are: serve, say"),
        (["--prot", "80"], {}, None, "--prot"),
        (["serve", "--prot", "80"], {}, None, "--prot"),
        (["--port"], {}, None, "--port"),
        (["serve", "now"], {}, None, "now"),
        (["say"], {}, None, "Missing argument 'room'"),
        (["tail", "lobby", "--lines", "many"], {}, None, "--lines"),
    ],
    ids=lambda value: " ".join(value) or "-" if isinstance(value, list | dict) else "",
)
async def test_each_mistake_is_one_line_that_says_where_it_is(
    terminal: Terminal,
    complaint: Check,
    arguments: list[str],
    variables: dict[str, str],
    file: str | None,
    words: str,
) -> None:
    terminal.environment |= variables
    if file is not None:
        (terminal.folder / "hubbub.toml").write_text(file)
    assert words in complaint(await terminal.run(*arguments))
    assert not (terminal.folder / "hubbub-data").exists()


# The end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_order(terminal: Terminal, by: signal.Signals) -> None:
    server, url = await terminal.serve("--port", "0")
    async with Guest.arrives(url, "Ann") as ann:
        seq = await ann.says("written before the end")
        ended = await server.ends(by)
        await ann.waits_until(lambda: ann.close_code is not None)
        assert ann.close_code == 1012
    assert (ended.code, ended.err) == (0, "")
    data = terminal.folder / "hubbub-data"
    assert not [file.name for file in data.glob("*-wal")]
    with closing(sqlite3.connect(data / "hubbub.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        said = database.execute("SELECT text FROM message WHERE seq = ?", [seq]).fetchall()
    assert said == [("written before the end",)]


async def test_after_the_end_the_port_and_the_data_are_free_again(terminal: Terminal) -> None:
    server, url = await terminal.serve("--port", "0")
    await server.ends(signal.SIGTERM)
    again, same = await terminal.serve("--port", url.rpartition(":")[2])
    assert same == url
    assert (await again.ends(signal.SIGINT)).code == 0


# Answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--version", "-V"])
async def test_it_tells_its_version(terminal: Terminal, flag: str) -> None:
    assert await terminal.run(flag) == (0, f"hubbub {__version__}", "")


@pytest.mark.parametrize("flag", ["--help", "-h"])
async def test_its_help_names_every_command(terminal: Terminal, flag: str) -> None:
    ended = await terminal.run(flag)
    assert (ended.code, ended.err) == (0, "")
    for name, words in COMMANDS.items():
        assert any(line.split() == [name, *words.split()] for line in ended.out.splitlines())


async def test_the_help_of_serve_lists_every_setting_with_its_meaning_and_default(terminal: Terminal) -> None:
    ended = await terminal.run("serve", "--help")
    assert (ended.code, ended.err) == (0, "")
    told = " ".join(ended.out.split())
    for name, field in Settings.model_fields.items():
        assert f"{flag_of(name)}" in told
        assert str(field.description) in told
    assert "[8000]" in told
    assert "--no-guests" in told


@pytest.mark.parametrize("command", COMMANDS)
async def test_each_command_has_a_help(terminal: Terminal, command: str) -> None:
    ended = await terminal.run(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert COMMANDS[command].replace("`", "") in ended.out.replace("`", "")


def test_every_command_has_a_file_of_its_own() -> None:
    folder = Path(__file__).parents[2] / "src" / "hubbub" / "cli"
    assert {file.stem for file in folder.glob("*.py")} == {
        *(name.replace("-", "_") for name in COMMANDS),
        "__init__",
        "remote",
        "data_folder",
    }
