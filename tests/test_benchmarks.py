"""Each benchmark runs, for a moment, the long ones only nightly. How fast anything is, is not tested here."""

import asyncio
import importlib
import json
import platform
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.browser.chromium import chromium

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc: run them on Linux")
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MOMENT = ("--seconds", "0.2", "--rounds", "1")
Json = dict[str, Any]


async def test_the_history_benchmark_measures_start_and_pages(tmp_path: Path) -> None:
    moment = ["--messages", "500", "--rooms", "3", "--requests", "2", "--json", str(tmp_path / "history.json")]
    await succeeds("history.py", *moment)
    figures = json.loads((tmp_path / "history.json").read_text())
    assert figures["messages"] == 500
    assert all(figures[f"history_{where}_ms_p50"] > 0 for where in ("before", "after", "around", "newest"))


@pytest.mark.nightly
async def test_the_search_benchmark_measures_questions_and_the_index(tmp_path: Path) -> None:
    moment = ["--messages", "500", "--rooms", "3", "--requests", "2", "--json", str(tmp_path / "search.json")]
    await succeeds("search.py", *moment)
    figures = json.loads((tmp_path / "search.json").read_text())
    assert figures["messages"] == 500
    assert figures["common_word_hits"] == 20
    assert all(figures[f"{name}_ms_p50"] > 0 for name in ("common_word", "rare_word", "prefix", "phrase", "chinese"))


@pytest.mark.nightly
async def test_the_page_benchmark_measures_a_first_visit(tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("there is no Chromium: install it, or name it in CHROMIUM")
    await succeeds("page.py", "--visits", "1", "--json", str(tmp_path / "page.json"))
    figures = json.loads((tmp_path / "page.json").read_text())
    assert figures["requests"] > 1
    assert 0 < figures["first_contentful_paint_s"] <= figures["connected_s"]


@pytest.mark.nightly
async def test_the_fan_out_benchmark_measures_cost_and_waits_of_every_server(tmp_path: Path) -> None:
    figures = await figures_of(
        "fanout", tmp_path, "--members", "10", *MOMENT, "--only", "hubbub", "portable", "tutorial"
    )
    assert {row["server"] for row in figures["loaded"]} == {"hubbub", "portable", "tutorial"}
    assert {row["in_flight"] for row in figures["loaded"]} == {4, 1}
    assert all(row["deliveries_per_s"] > 0 and row["bytes_per_delivery"] > 128 for row in figures["loaded"])
    assert all(0 < row["p50_ms"] <= row["p99_ms"] for row in figures["calm"])
    assert all(row["load_busy"] > 0 for row in figures["loaded"])


@pytest.mark.nightly
async def test_each_peer_is_measured_or_a_line_says_how_to_install_it(tmp_path: Path) -> None:
    peers = ["nchan", "nats", "ws", "socket.io", "python-socketio", "channels", "ejabberd", "prosody"]
    output = await succeeds("fanout.py", "--members", "3", *MOMENT, "--only", *peers, json_in=tmp_path)
    measured = {row["server"] for row in json.loads((tmp_path / "fanout.json").read_text())["loaded"]}
    left_out = re.findall(r"left out: .*(?:apt-get install|--install)", output)
    assert len(measured) + len(left_out) == len(peers), output


@pytest.mark.nightly
async def test_the_growth_benchmark_measures_each_size_of_room(tmp_path: Path) -> None:
    figures = await figures_of("growth", tmp_path, "--members", "3", "6", *MOMENT, "--only", "hubbub")
    assert [row["members"] for row in figures["summary"]] == [3, 6]
    assert all(row["deliveries_per_s"] > 0 for row in figures["summary"])


@pytest.mark.nightly
async def test_the_connections_benchmark_measures_who_is_there_and_who_comes(tmp_path: Path) -> None:
    figures = await figures_of("connections", tmp_path, "--members", "20", "--rounds", "1", "--only", "hubbub")
    assert figures["idle"][0]["kb_per_connection"] > 0
    [coming] = figures["coming"]
    assert coming["events_of_joins"] == 20
    assert coming["us_per_join"] > 0


@pytest.mark.nightly
async def test_the_stalled_benchmark_takes_out_those_who_stopped_and_measures_the_others(tmp_path: Path) -> None:
    few = ["--members", "20", "--fill", "0.3"]
    figures = await figures_of("stalled", tmp_path, *few, *MOMENT)
    assert [(row["stalled"], row["readers"]) for row in figures["summary"]] == [(0, 20), (2, 18)]
    assert [row["fallen_behind"] >= row["stalled"] for row in figures["summary"]] == [True, True]
    assert all(0 < row["p50_ms"] <= row["p99_ms"] for row in figures["summary"])


async def test_the_resume_benchmark_brings_all_clients_back(tmp_path: Path) -> None:
    figures = await figures_of("resume", tmp_path, "--clients", "10", "--rounds", "1")
    [row] = figures["summary"]
    assert (row["caught_up"], row["refused_for_good"]) == (10, 0)
    assert row["attempts"] >= 10


@pytest.mark.nightly
async def test_the_archives_benchmark_measures_safe_posts(tmp_path: Path) -> None:
    peers = ["--only", "hubbub", "ejabberd", "prosody"]
    figures = await figures_of("archives", tmp_path, "--senders", "4", "--rooms", "2", *MOMENT, *peers)
    assert "hubbub" in {row["server"] for row in figures["summary"]}
    assert all(row["posts_per_s"] > 0 and 0 < row["p50_ms"] <= row["p99_ms"] for row in figures["summary"])


@pytest.mark.nightly
async def test_the_ingest_benchmark_measures_rooms_of_both_kinds(tmp_path: Path) -> None:
    moment = ["--seconds", "0.3", "--senders", "6", "--rooms", "3", "1", "--rounds", "1"]
    await succeeds("ingest.py", *moment, "--json", str(tmp_path / "ingest.json"))
    rows = json.loads((tmp_path / "ingest.json").read_text())["rows"]
    assert [row["rooms"] for row in rows] == [3, 1]
    assert all(row["posts_per_s"] > 0 and row["posts_per_commit"] >= 1 for row in rows)
    assert all(row["half_p99_ms"] > 0 and row["guest_p99_ms"] > 0 for row in rows)
    assert rows[0]["deliveries_per_s"] > 0
    assert rows[1]["deliveries_per_s"] > rows[1]["posts_per_s"]  # each post goes to all of the room


@pytest.mark.nightly
async def test_the_hotspots_benchmark_names_functions_or_says_how_to_get_py_spy(tmp_path: Path) -> None:
    text = tmp_path / "hotspots.txt"
    code, output = await runs("hotspots.py", "--members", "5", "--seconds", "1", "--text", str(text))
    if "--get-py-spy" not in output:
        assert code == 0, output
        assert "fan_out" in text.read_text()
        assert re.search(r"\d% in the kernel", text.read_text())


@pytest.mark.nightly
async def test_all_benchmarks_go_into_one_file_that_names_no_place(tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    await succeeds("everything.py", "resume", "--quick", "--json", str(file))
    results = json.loads(file.read_text())
    assert results.keys() == {"machine", "resume"}
    assert results["resume"]["summary"][0]["caught_up"] == 100
    assert platform.node() not in file.read_text()
    assert str(tmp_path) not in file.read_text()


def test_a_benchmark_that_fails_is_named_and_leaves_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    everything = importlib.import_module("everything")
    file = tmp_path / "all.json"
    file.write_text('{"resume": {"date": "2026-01-01"}}')
    monkeypatch.setattr(everything, "PARTS", {"resume": ("--clients many", "")})
    monkeypatch.setattr("sys.argv", ["all", "--json", str(file)])
    with pytest.raises(SystemExit, match="Not measured: resume"):
        everything.main()
    assert json.loads(file.read_text()) == {"resume": {"date": "2026-01-01"}}


# How the load counts -----------------------------------------------------------------------------------------------


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("members")


@pytest.mark.parametrize("part", range(1, 12))
async def test_messages_are_counted_however_the_bytes_come_in_parts(members: ModuleType, part: int) -> None:
    text = b"MSG 1 xx MSG 2 MSMSG 3 MS"
    crowd = members.Crowd(lambda number: b"")
    member = members.Marked(crowd, b"")
    member.marker = b"MSG "
    member.upgraded.set_result(None)
    for start in range(0, len(text), part):
        member.data_received(text[start : start + part])
    assert crowd.frames == 3


async def test_what_each_message_takes_to_each_other_member_is_measured(members: ModuleType) -> None:
    class Echo(members.Member):  # type: ignore[misc, name-defined]
        def say(self, message: bytes) -> None:
            for member in crowd.members:
                crowd.received(member, 1, len(message))

    crowd = members.Crowd(lambda number: b"x")
    crowd.members = [Echo(crowd, b"") for _ in range(3)]
    took_s = await crowd.trickle(0.02, posts_per_s=200)
    assert len(took_s) == 4 * 2
    assert all(seconds >= 0 for seconds in took_s)


async def test_a_message_that_never_comes_counts_with_the_time_it_was_waited_for(
    members: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deaf(members.Member):  # type: ignore[misc, name-defined]
        def say(self, message: bytes) -> None:
            crowd.received(crowd.members[1], 1, len(message))

    monkeypatch.setattr(members, "PATIENCE_S", 0.05)
    crowd = members.Crowd(lambda number: b"x")
    crowd.members = [Deaf(crowd, b"") for _ in range(3)]
    took_s = await crowd.trickle(0.01, posts_per_s=200)
    assert len(took_s) == 2 * 2
    assert len([seconds for seconds in took_s if seconds >= 0.05]) == 2


async def test_who_is_refused_by_a_room_that_is_not_up_yet_asks_again(members: ModuleType) -> None:
    xmpp = importlib.import_module("peers.xmpp")
    said: asyncio.Queue[bytes] = asyncio.Queue()
    occupant = xmpp.Occupant(members.Crowd(lambda number: b""), b"GET /hall@rooms/ann HTTP/1.1")
    occupant.transport = type("Transport", (), {"write": staticmethod(said.put_nowait)})
    for heard, _ in xmpp.STEPS[:-1]:
        occupant.data_received(heard)
    while b"<presence to='hall@rooms/ann'>" not in (asked := await said.get()):
        pass
    occupant.data_received(b"<presence type='error'/>")
    assert await said.get() == asked
    assert not occupant.upgraded.done()
    occupant.data_received(b"<presence><status code='110'/></presence>")
    assert occupant.upgraded.done()


def test_a_peer_that_is_not_there_is_left_out_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    peers = importlib.import_module("peers")
    monkeypatch.setattr("shutil.which", lambda *names, **options: None)
    monkeypatch.setattr("peers.packages.PYTHON_PACKAGES", tmp_path)
    assert list(peers.choose(list(peers.PEERS))) == ["hubbub", "portable", "tutorial"]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(peers.PEERS) - 3
    assert all("apt-get install" in line or "--install" in line for line in lines)


# Helpers -----------------------------------------------------------------------------------------------------------


async def figures_of(benchmark: str, folder: Path, *options: str) -> Json:
    """What it writes."""
    await succeeds(f"{benchmark}.py", *options, json_in=folder)
    figures: Json = json.loads((folder / f"{benchmark}.json").read_text())
    assert figures["setting"]
    return figures


async def succeeds(benchmark: str, *options: str, json_in: Path | None = None) -> str:
    """Returns what it prints."""
    if json_in:
        options = (*options, "--json", str((json_in / benchmark).with_suffix(".json")))
    code, output = await runs(benchmark, *options)
    assert code == 0, output
    return output


async def runs(benchmark: str, *options: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, str(BENCHMARKS / benchmark), *options],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
