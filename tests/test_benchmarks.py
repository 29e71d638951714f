"""Each benchmark runs, for a moment. How fast anything is, is not tested here."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import chromium

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc: run them on Linux")
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


async def test_the_history_benchmark_measures_start_and_pages(tmp_path: Path) -> None:
    moment = ["--messages", "500", "--rooms", "3", "--requests", "2", "--json", str(tmp_path / "history.json")]
    await succeeds("history.py", *moment)
    figures = json.loads((tmp_path / "history.json").read_text())
    assert figures["messages"] == 500
    assert all(figures[f"history_{where}_ms_p50"] > 0 for where in ("before", "after", "around", "newest"))


async def test_the_search_benchmark_measures_questions_and_the_index(tmp_path: Path) -> None:
    moment = ["--messages", "500", "--rooms", "3", "--requests", "2", "--json", str(tmp_path / "search.json")]
    await succeeds("search.py", *moment)
    figures = json.loads((tmp_path / "search.json").read_text())
    assert figures["messages"] == 500
    assert figures["common_word_hits"] == 20
    assert all(figures[f"{name}_ms_p50"] > 0 for name in ("common_word", "rare_word", "prefix", "phrase", "chinese"))


async def test_the_page_benchmark_measures_a_first_visit(tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("there is no Chromium: install it, or name it in CHROMIUM")
    await succeeds("page.py", "--visits", "1", "--json", str(tmp_path / "page.json"))
    figures = json.loads((tmp_path / "page.json").read_text())
    assert figures["requests"] > 1
    assert 0 < figures["first_contentful_paint_s"] <= figures["connected_s"]


async def test_the_fan_out_benchmark_measures_every_server(tmp_path: Path) -> None:
    moment = ["--seconds", "0.2", "--members", "10", "--rounds", "1", "--json", str(tmp_path / "fanout.json")]
    await succeeds("fanout.py", *moment)
    rows = json.loads((tmp_path / "fanout.json").read_text())["rows"]
    assert len({row["server"] for row in rows}) == 3
    assert {row["in_flight"] for row in rows} == {4, 1}
    assert all(row["deliveries_per_s"] > 0 and row["bytes_per_delivery"] > 128 for row in rows)


async def succeeds(benchmark: str, *options: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, str(BENCHMARKS / benchmark), *options],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
