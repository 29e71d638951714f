"""Each benchmark runs, for a moment. How fast anything is, is not tested here."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc: run them on Linux")
async def test_the_fan_out_benchmark_measures_every_server(tmp_path: Path) -> None:
    moment = ["--seconds", "0.2", "--members", "10", "--rounds", "1", "--json", str(tmp_path / "fanout.json")]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, str(BENCHMARKS / "fanout.py"), *moment],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    rows = json.loads((tmp_path / "fanout.json").read_text())["rows"]
    assert len({row["server"] for row in rows}) == 3
    assert {row["in_flight"] for row in rows} == {4, 1}
    assert all(row["deliveries_per_s"] > 0 and row["bytes_per_delivery"] > 128 for row in rows)
