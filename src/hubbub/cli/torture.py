"""`hubbub torture`: attacks a server of its own, or watches a running one, and says whether the promises were kept."""

import asyncio
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubbub.errors import HubbubError, SetupError

if TYPE_CHECKING:
    from hubbub.testing.torture.run import Report

BAR_WIDTH = 30
PLAIN_LINES = 4
BROKEN_SHOWN = 20
COUNTS = {
    "acknowledged": "acknowledged changes, each found in the log",
    "received": "events shown, each compared with the log",
    "read": "pages of history read and compared",
    "connections": "connections",
    "resets": "resets",
    "refused": "commands refused",
    "unanswered": "commands without an answer",
}

SURVIVED = {
    "kills": "kills survived",
    "power cuts": "power cuts survived",
    "cut points": "cut points survived: bytes of a connection, stations of a message, statements of an upgrade",
    "backups": "backups restored and compared",
    "acknowledged": "acknowledged changes, each found in a backup that was made later",
}


def command(
    minutes: Annotated[float, typer.Option("--minutes", min=0.01, help="How long the faults go on.")] = 1.0,
    seed: Annotated[int | None, typer.Option("--seed", help="Chooses the faults. [a random one]")] = None,
    clients: Annotated[int, typer.Option("--clients", min=2, max=500, help="Connections to begin with.")] = 24,
    url: Annotated[
        str | None, typer.Option("--url", help="Attack nothing: follow rooms of this running chat, as a guest.")
    ] = None,
    rooms: Annotated[
        list[str] | None, typer.Option("--room", help="With --url: id of a room to join and follow beside the lobby.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Folder for the histories. [kept only when a promise is broken]")
    ] = None,
) -> int:
    if rooms and not url:
        raise HubbubError("--room goes with --url: a server of its own has rooms of its own.")
    seed = random.randrange(10**6) if seed is None else seed
    folder = _folder(keep)
    progress = _Progress()
    try:
        report = asyncio.run(_run(minutes, seed, clients, url, rooms or [], folder, progress))
    except BaseException:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        progress.end()
    _print(report, seed)
    if report.verdict.broken or keep:
        print(f"The histories are in {folder}.")
    else:
        shutil.rmtree(folder)
    return 1 if report.verdict.broken else 0


def _run(
    minutes: float, seed: int, clients: int, url: str | None, rooms: list[str], folder: Path, progress: "_Progress"
) -> "Coroutine[Any, Any, Report]":
    from hubbub.testing.torture.follow import Visit, follow
    from hubbub.testing.torture.run import Plan, torture

    if url:
        print(f"Following {url} for {minutes:g} min on {clients} connections. Seed {seed}.", flush=True)
        return follow(Visit(url.rstrip("/"), rooms, minutes * 60, seed, clients), folder, progress)
    print(f"Torturing a server of its own for {minutes:g} min with {clients} people. Seed {seed}.", flush=True)
    return torture(Plan(minutes * 60, seed, clients), folder, progress)


def _folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="hubbub-torture-"))
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise SetupError(f"{keep} is not empty. Choose another folder with --keep.")
    except OSError as error:
        raise SetupError(f"Cannot use {keep}: {error.strerror}. Choose another folder with --keep.") from None
    return keep.resolve()


class _Progress:
    """A bar at a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._bar = sys.stdout.isatty()
        self._lines = 0

    def __call__(self, part: float, done: Counter[str]) -> None:
        part = min(1.0, max(0.0, part))
        words = f"{part:4.0%}, {done.total()} faults"
        if self._bar:
            full = round(part * BAR_WIDTH)
            print(f"\r[{'#' * full}{'.' * (BAR_WIDTH - full)}] {words}", end="", flush=True)
        elif part * PLAIN_LINES >= self._lines + 1:
            self._lines = int(part * PLAIN_LINES)
            print(words.strip(), flush=True)

    def end(self) -> None:
        if self._bar:
            print(f"\r{' ' * (BAR_WIDTH + 30)}\r", end="", flush=True)


def _print(report: "Report", seed: int) -> None:
    counts, broken = report.verdict.counts, report.verdict.broken
    for name, words in COUNTS.items():
        print(f"{counts[name]:>10,}  {words}")
    for name, count in sorted(report.faults.items()):
        print(f"{count:>10,}  × {name}")
    for name, words in SURVIVED.items():
        if name in report.survived:
            print(f"{report.survived[name]:>10,}  {words}")
    if waits := report.waits:
        before, stalled = (f"{1000 * seconds:.1f} ms" for seconds in (waits.before_s, waits.stalled_s))
        words = f"the wait for an acknowledgement while some read nothing (p95: {before}, {stalled})"
        print(f"{waits.ratio:>10.1f}  × {words}")
    if report.slowest_start_s:
        print(f"{report.slowest_start_s:>8.1f} s  for the slowest of the server's starts")
    for name, why in report.missing.items():
        print(f"  left out: {name}, which {why}")
    if not broken:
        print(f"Every promise was kept. Seed {seed}.")
        return
    print(f"BROKEN: {len(broken)} times. Seed {seed}.")
    for found in broken[:BROKEN_SHOWN]:
        print(f"  {found}")
    if len(broken) > BROKEN_SHOWN:
        print(f"  and {len(broken) - BROKEN_SHOWN} more")
