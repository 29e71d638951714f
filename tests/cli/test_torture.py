"""`hubbub torture`, as a person runs it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from hubbub.testing.people import Guest
from hubbub.testing.process import start_server
from hubbub.testing.torture.arena import LAUNCHER, SETTINGS
from tests.cli.conftest import PATIENCE_S, Check, Terminal

SABOTAGE = str(Path(__file__).parents[1] / "faults" / "sabotage.py")


@asynccontextmanager
async def busy_server(folder: Path, launcher: Sequence[str]) -> AsyncIterator[str]:
    """A server in which somebody posts all the time."""
    server = await start_server(folder / "data", settings=SETTINGS, launcher=[*launcher, "--"])
    guest = await Guest.registers(server.url, "Ann")

    async def post() -> None:
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {guest.token}"}) as http:
            while True:
                await http.post(f"{server.url}/api/rooms/lobby/messages", json={"text": "and on"})

    posting = asyncio.create_task(post())
    try:
        yield server.url
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
        await server.kill()


async def test_a_short_torture_keeps_every_promise_and_leaves_nothing_behind(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.environment["TMPDIR"] = str(tmp_path)
    ended = await terminal.run("torture", "--minutes", "0.02", "--seed", "5", "--clients", "4")
    assert ended.out.startswith("Torturing a server of its own for 0.02 min with 4 people. Seed 5.")
    assert ended.out.endswith("Every promise was kept. Seed 5."), ended
    assert (ended.code, ended.err) == (0, "")
    assert "acknowledged changes" in ended.out
    assert "hubbub-torture-" not in " ".join(os.listdir(tmp_path))


async def test_a_running_server_is_followed_and_nothing_is_posted(terminal: Terminal, tmp_path: Path) -> None:
    async with busy_server(tmp_path, LAUNCHER) as url:
        ended = await terminal.run("torture", "--url", url, "--minutes", "0.05", "--clients", "3", "--keep", "kept")
    assert ended.out.splitlines()[-2].startswith("Every promise was kept."), ended
    assert ended.code == 0
    assert '"op":"recv"' in (tmp_path / "kept" / "followers.jsonl").read_text()


async def test_a_running_server_that_loses_frames_is_found_out(terminal: Terminal, tmp_path: Path) -> None:
    async with busy_server(tmp_path, [SABOTAGE, "lose_frames"]) as url:
        ended = await terminal.run("torture", "--url", url, "--minutes", "0.1", "--clients", "3", "--keep", "kept")
    assert ended.code == 1, ended
    assert "BROKEN" in ended.out
    assert "G6 (b)" in ended.out
    assert ended.out.endswith(f"The histories are in {tmp_path / 'kept'}.")


async def test_a_torture_that_is_killed_leaves_no_program_and_no_disk(terminal: Terminal, tmp_path: Path) -> None:
    terminal.environment["TMPDIR"] = str(tmp_path)

    def left() -> list[str]:
        mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if str(tmp_path) in line]
        return mounts + [program for program in running() if str(tmp_path) in program]

    program = await terminal.start("torture", "--minutes", "5")
    async with asyncio.timeout(PATIENCE_S):
        while not any("elsewhere" in line for line in left()):
            await asyncio.sleep(0.05)
    assert any("faulty_server" in line for line in left())
    await program.ends(signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        while left():
            await asyncio.sleep(0.05)


def running() -> list[str]:
    """The command lines of all programs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--room", "plans"], "--room goes with --url"),
        (["--keep", "."], "is not empty. Choose another folder with --keep."),
        (["--minutes", "0"], "--minutes"),
    ],
)
async def test_a_wrong_option_is_said_in_one_line(
    terminal: Terminal, tmp_path: Path, complaint: Check, arguments: list[str], words: str
) -> None:
    (tmp_path / "something").touch()
    assert words in complaint(await terminal.run("torture", *arguments))


async def test_a_chat_that_is_not_there_is_said_in_one_line(terminal: Terminal) -> None:
    ended = await terminal.run("torture", "--url", "http://127.0.0.1:9")
    assert ended.code == 1
    assert ended.err.startswith("hubbub: No chat lets us in at http://127.0.0.1:9")
    assert len(ended.err.splitlines()) == 1
