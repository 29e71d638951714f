"""The page about performance says what was measured: no more, and nothing else."""

import importlib
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import docgen  # noqa: E402
from docgen.charts import Bar, bars, curve, number_words  # noqa: E402
from docgen.goals import GOALS, Goal, Measured, against, figure, growth_spread  # noqa: E402

performance_page = importlib.import_module("docgen.performance_page")  # its name is also the page's function
Json = dict[str, Any]
CHARTS = [name for name in docgen.PAGES if name.endswith(".svg")]


def test_a_ratio_is_between_figures_of_one_round() -> None:
    rows = [
        {"server": server, "round": turn, "us": us}
        for turn, both in enumerate([(10.0, 20.0), (2.0, 8.0), (9.0, 10.0)])
        for server, us in zip(("hubbub", "nchan"), both, strict=True)
    ]
    measured = against("fanout", "us", "nchan", "µs")({"fanout": {"rows": rows}})
    assert measured == Measured(0.5, "0.50 × (9 against 10 µs)")


def test_a_round_in_which_the_peer_failed_is_left_out_of_the_ratio() -> None:
    rows = [
        {"server": "hubbub", "round": 0, "us": 1.0},
        {"server": "hubbub", "round": 1, "us": 100.0},
        {"server": "nchan", "round": 0, "us": 2.0},
    ]
    measured = against("fanout", "us", "nchan", "µs")({"fanout": {"rows": rows}})
    assert measured is not None
    assert measured.value == 0.5


@pytest.mark.parametrize(("is_most", "value", "reached"), [(True, 5, True), (True, 6, False), (False, 4, False)])
def test_a_goal_is_reached_at_its_limit_and_not_beyond(is_most: bool, value: float, reached: bool) -> None:
    goal = Goal("x", "y", 5, figure("part", lambda part: float(part["x"]), "ms"), is_most)
    measured = goal.measure({"part": {"x": value}})
    assert measured is not None
    assert goal.reached(measured) is reached


def test_what_was_not_measured_is_called_so() -> None:
    assert {goal.measure({}) for goal in GOALS} == {None}
    goals = performance_page.goals({})
    assert goals.count("| not measured | – |") == len(GOALS)
    assert "| yes |" not in goals


@pytest.mark.parametrize(("others_busy", "is_said"), [(0.05, False), (1.5, True)])
def test_the_page_says_when_the_machine_was_not_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others_busy: float, is_said: bool
) -> None:
    results = json.loads(performance_page.RESULTS.read_text("utf-8"))
    for row in results["fanout"]["loaded"]:
        row["others_busy"] = others_busy
    (tmp_path / "other.json").write_text(json.dumps(results))
    monkeypatch.setattr(performance_page, "RESULTS", tmp_path / "other.json")
    assert ("was not quiet" in docgen.PAGES["performance.md"]()) is is_said


def test_growth_is_from_the_cheapest_to_the_dearest_room() -> None:
    costs = {"hubbub": (2.0, 3.0, 2.5), "nchan": (1.0, 9.0, 9.0)}
    rows = [{"server": name, "us_per_delivery": us} for name, all_us in costs.items() for us in all_us]
    assert growth_spread({"summary": rows}) == 50


def test_other_figures_make_the_pages_and_the_readme_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = json.loads(performance_page.RESULTS.read_text("utf-8"))
    for row in [
        *results["fanout"]["loaded"],
        *results["fanout"]["calm"],
        *results["growth"]["summary"],
        *results["stalled"]["summary"],
    ]:
        row |= {key: row[key] + 1 for key in ("us_per_delivery", "p50_ms") if key in row}
    (tmp_path / "other.json").write_text(json.dumps(results))
    assert docgen.stale_pages(ROOT / "docs") == []
    monkeypatch.setattr(performance_page, "RESULTS", tmp_path / "other.json")
    assert set(docgen.stale_pages(ROOT / "docs")) == {"performance.md", *CHARTS, "../README.md"}


def test_the_results_tell_versions_and_the_machine_but_not_whose_it_is() -> None:
    text = performance_page.RESULTS.read_text("utf-8")
    results = json.loads(text)
    assert results["machine"].keys() == {"cpu", "cores", "memory_gb", "system", "python", "hubbub"}
    assert results["fanout"]["versions"].keys() >= {"hubbub", "tutorial"}
    assert not re.search(r'"[^"]*(/home/|/root|/tmp|/work|/usr|/opt)', text)


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_an_image_with_a_title_for_light_and_dark_pages(name: str) -> None:
    text = docgen.PAGES[name]()
    image = ElementTree.fromstring(text)
    assert image.tag.endswith("svg")
    assert image.find("{*}title") is not None
    assert "prefers-color-scheme: dark" in text
    assert f"charts/{Path(name).name}" in docgen.PAGES["performance.md"]()


def test_a_bar_beyond_the_cap_is_cut_and_says_so() -> None:
    image = bars("t", ("a", "b"), [Bar("ours", (1.0, 2.0), True), Bar("<theirs>", (40.0, 9.0), False)], "µs", cap=10)
    widths = [
        float(width) for width in re.findall(r'class="[a-d]" x="\d+" y="\d+" width="([\d.]+)" height="12"', image)
    ]
    ours, theirs = widths[-4:-2], widths[-2:]
    assert ours[1] == pytest.approx(2 * ours[0], rel=0.01)
    assert theirs[0] == pytest.approx(10 * ours[0], rel=0.01)
    assert re.findall(r">([\d.]+ →)<", image) == ["40 →"]
    assert "&lt;theirs&gt;" in image


def test_a_curve_has_all_its_points_in_the_picture() -> None:
    image = curve("t", "µs", {"Hubbub": [(100, 3.0), (1000, 2.0), (10_000, 2.5)], "nchan": [(100, 7.0)]}, "Hubbub")
    points = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', image)]
    assert len(points) == 4
    assert all(0 < x < 720 and 0 < y < 300 for x, y in points)
    assert ">10,000<" in image


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (2.345, "2.35"), (23.45, "23.4"), (1234.5, "1,234"), (5000, "5,000")]
)
def test_numbers_have_as_many_digits_as_a_reader_needs(value: float, words: str) -> None:
    assert number_words(value) == words
