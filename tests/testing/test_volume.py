"""The disk for power cuts goes away, whatever happens to the program that made it."""

import asyncio
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hubbub.testing import volume as module
from hubbub.testing.volume import Volume, VolumeError, volume

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def a_disk_can_be_had(tmp_path: Path) -> None:
    try:
        with volume(tmp_path / "trial"):
            pass
    except VolumeError as error:
        pytest.skip(str(error))


def mounts(folder: Path) -> list[str]:
    return [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]


def test_a_disk_that_somebody_still_uses_goes_away_all_the_same(tmp_path: Path) -> None:
    with volume(tmp_path / "v") as disk:
        assert mounts(tmp_path)
        file = (disk.path / "open").open("w")
    assert mounts(tmp_path) == []
    file.close()


def test_power_comes_back_only_when_nobody_uses_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNMOUNT_TRIES", 2)
    with volume(tmp_path / "v") as disk:
        with (disk.path / "open").open("w"), pytest.raises(VolumeError, match="busy"):
            disk.restore_power()
        disk.restore_power()
        assert len(mounts(tmp_path)) == 1


def test_power_that_comes_back_too_late_mounts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a run is interrupted while a thread restores the power."""
    unmount, unmounting, go_on = Volume._unmount, threading.Event(), threading.Event()

    def slow(disk: Volume) -> None:
        unmount(disk)
        unmounting.set()
        assert go_on.wait(PATIENCE_S)

    with volume(tmp_path / "v") as disk:
        monkeypatch.setattr(Volume, "_unmount", slow)
        late = threading.Thread(target=disk.restore_power)
        late.start()
        assert unmounting.wait(PATIENCE_S)
        monkeypatch.setattr(Volume, "_unmount", unmount)
        later = threading.Timer(0, go_on.set)
        later.start()
    late.join()
    disk.restore_power()
    assert mounts(tmp_path) == []


async def test_a_program_that_is_killed_while_it_mounts_leaves_no_disk(tmp_path: Path) -> None:
    """The mount goes on after the death of who asked for it."""
    slow = tmp_path / "slow"
    slow.mkdir()
    real = shutil.which("mount", path="/usr/bin:/bin:/usr/sbin:/sbin")
    (slow / "mount").write_text(f'#!/bin/sh\ntouch "{tmp_path}/mounting"\nread -r _ < "{tmp_path}/go"\n{real} "$@"\n')
    (slow / "mount").chmod(0o755)
    os.mkfifo(tmp_path / "go")
    code = "import sys, pathlib, hubbub.testing.volume as v\nwith v.volume(pathlib.Path(sys.argv[1])): pass"
    environment = os.environ | {"PATH": f"{slow}:{os.environ['PATH']}"}
    program = await asyncio.create_subprocess_exec(*[sys.executable, "-c", code, str(tmp_path / "v")], env=environment)
    await until(lambda: (tmp_path / "mounting").exists())
    program.send_signal(signal.SIGKILL)
    await program.wait()
    (tmp_path / "go").write_text("\n")
    await until(lambda: guards(tmp_path) == [])
    assert mounts(tmp_path) == []


def guards(folder: Path) -> list[str]:
    """The programs that name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)
