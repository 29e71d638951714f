"""All benchmarks, one after the other, into one file, from which docs/performance.md and its plots are made.

benchmarks/all                  everything, about 25 minutes; then writes docs/performance.json and the pages from it
benchmarks/all --quick          the same with small numbers, in about a minute, to see that everything runs; docs stay
benchmarks/all resume growth    only these; in docs/performance.json the others stay as they are
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from peers import PEERS, choose

HERE = Path(__file__).parent
RESULTS = HERE.parent / "docs" / "performance.json"
QUICK_RESULTS = Path("performance-quick.json")

PARTS: dict[str, tuple[str, str]] = {
    "fanout": (
        "--seconds 3",
        "--rounds 1 --seconds 0.3 --members 100 --only hubbub nchan nats tutorial ejabberd prosody",
    ),
    "growth": ("--seconds 3 --only hubbub nchan", "--rounds 1 --seconds 0.3 --members 50 100 --only hubbub nchan"),
    "connections": ("", "--rounds 1 --members 100 --only hubbub nchan"),
    "stalled": ("", "--rounds 1 --members 50 --seconds 0.3 --fill 0.3"),
    "resume": ("", "--rounds 1 --clients 100"),
    "archives": ("", "--rounds 1 --seconds 0.5"),
    "ingest": ("--seconds 4", "--rounds 1 --seconds 0.5"),
    "history": ("--rooms 1", "--messages 20000 --rooms 1 --requests 20"),
    "search": ("", "--messages 20000 --rooms 20 --requests 5"),
    "page": ("", "--visits 1"),
}
"""The options of each benchmark, and those that make it quick."""


def main() -> None:
    arguments = _arguments()
    file = arguments.json or (QUICK_RESULTS if arguments.quick else RESULTS)
    if arguments.install:
        choose(list(PEERS), install=True)
    parts = arguments.parts or list(PARTS)
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() and not arguments.quick else {}
    results["machine"] = machine()
    failed = []
    for part in parts:
        found = _run(part, PARTS[part][arguments.quick].split())
        if found is None:
            failed.append(part)
        else:
            results[part] = found
            file.write_text(json.dumps(_rounded(results), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"\nAll figures are in {file}.")
    if file == RESULTS:
        subprocess.run([sys.executable, HERE.parent / "scripts" / "generate-docs"], check=True)
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}. The reasons stand above.")


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that tells whose machine it is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory_kb / 1024**2, 1),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "hubbub": version("hubbub"),
    }


def _run(part: str, options: list[str]) -> dict[str, Any] | None:
    """What this benchmark found, with the time at which it began; None when it failed."""
    began = datetime.now(UTC)
    print(f"\n== {part} {' '.join(options)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        done = subprocess.run([sys.executable, HERE / f"{part}.py", *options, "--json", file], check=False)
        if done.returncode or not file.exists():
            return None
        print(f"  {part} took {time.time() - began.timestamp():.0f} s")
        return {"date": began.strftime("%Y-%m-%d"), **json.loads(file.read_text())}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks/all", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small numbers, that are worth nothing")
    parser.add_argument("--install", action="store_true", help="first get peers from npm and PyPI, into a cache folder")
    parser.add_argument("--json", type=Path, help="another file than docs/performance.json; docs stay then")
    return parser.parse_args()


if __name__ == "__main__":
    main()
