"""docs/performance.md, its charts and the figures of the README, from docs/performance.json."""

import json
from pathlib import Path
from typing import Any

from .charts import Bar, bars, curve
from .charts import number_words as words
from .goals import GOALS, Goal, Json, row_of

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "performance.json"
BEGIN, END = "<!-- figures: made by scripts/generate-docs -->", "<!-- end of figures -->"
CAP = 3.0
"""Bars longer than so many times the median are cut."""
NOISE = 0.2
"""More of a core than other programs may take on a quiet machine."""
NAMES = {
    "hubbub": "Hubbub",
    "portable": "Hubbub on plain uvicorn",
    "nchan": "nchan in nginx (C)",
    "nats": "nats-server (Go)",
    "tutorial": "the FastAPI tutorial",
    "ws": "ws (Node)",
    "socket.io": "socket.io (Node)",
    "python-socketio": "python-socketio",
    "channels": "Django Channels",
    "ejabberd": "ejabberd, archive on",
    "prosody": "Prosody, archive on",
}
HEAD = """<!-- Made by scripts/generate-docs from docs/performance.json, which benchmarks/all writes. -->

# Performance

What Hubbub costs, beside programs that do something like it, and what it shall cost. Each figure comes from a command
in `benchmarks/` that you can run. Most are CPU time of the server's processes, user and system, because that hardly
depends on what else the machine does; a ratio is always between figures of one run, in which the servers took turns.
The load is the same for each server, comes over real sockets from another process, and runs on another core. The tables
say how busy it was ("load"): below 100 % it did not set the pace. "others" is what other programs took of the two
cores meanwhile: the more that is, the less the deliveries in a second and the times of a message mean.

Hubbub is measured as it is: every message is committed to the disk before anybody hears of it, everybody is signed in.
nchan, NATS, ws, socket.io, Channels and the tutorial only move bytes. ejabberd and Prosody keep an archive in SQLite,
as Hubbub does; TLS, passwords and presence in rooms are off for them.
"""
FOOT = """## Run it yourself

```console
$ benchmarks/all --quick
$ apt-get install nginx libnginx-mod-nchan nats-server ejabberd erlang-p1-sqlite3 prosody lua-dbi-sqlite3 nodejs npm
$ benchmarks/all --install
```

The first runs everything for a moment, and measures nothing of worth. The second, on Debian, gets the servers to
compare with; the benchmarks start and stop them by themselves, so stop what the packages have started. The third gets
the others from npm and PyPI, measures everything in about 25 minutes and writes this page. What is not installed is
left out, with a line that says how to get it. `benchmarks/hotspots.py` writes where the server's time goes.
"""


def performance_page() -> str:
    results = load()
    parts = [HEAD, _setting(results), goals(results), _fan_out(results), _growth(results), _coming(results)]
    parts += [_stalled(results), _resume(results), _posts(results), FOOT]
    return "\n".join(part for part in parts if part)


def load() -> Json:
    results: Json = json.loads(RESULTS.read_text("utf-8"))
    return results


def readme() -> str:
    """The README, with the figures that are measured now."""
    text = (ROOT / "README.md").read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{_summary(load())}\n{END}{after}"


def fan_out_chart() -> str:
    rows = load().get("fanout", {}).get("loaded", [])
    made = _bars(rows, lambda name, n: row_of(rows, server=name, in_flight=n)["us_per_delivery"], (4, 1))
    title = "CPU time of the server to bring a message to one of 1,000 members"
    return bars(title, ("4 messages under way", "one"), made, "µs for each delivery; less is better", _cap(made))


def latency_chart() -> str:
    rows = [row for row in load().get("fanout", {}).get("calm", []) if row["posts_per_s"] == 50]
    made = _bars(rows, lambda name, key: row_of(rows, server=name)[key], ("p50_ms", "p99_ms"))
    title = "Time of a message to 1,000 members, 50 messages a second"
    return bars(title, ("half of the deliveries", "99 %"), made, "ms until it has come; less is better", _cap(made))


def growth_chart() -> str:
    rows = load().get("growth", {}).get("summary", [])
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        lines.setdefault(NAMES[row["server"]], []).append((row["members"], row["us_per_delivery"]))
    return curve("A delivery in small and large rooms", "µs CPU of the server; by members", lines, NAMES["hubbub"])


def stalled_chart() -> str:
    rows = load().get("stalled", {}).get("summary", [])
    made = [
        Bar(f"{row['stalled']:.0f} stopped reading", (row["p50_ms"], row["p99_ms"]), row["stalled"] > 0) for row in rows
    ]
    title = "Time of a message to those who read, in a room of 1,000"
    return bars(title, ("half of the deliveries", "99 %"), made, "ms until it has come; less is better", _cap(made))


def _bars(rows: list[Json], find: Any, kinds: tuple[Any, Any]) -> list[Bar]:
    names = list(dict.fromkeys(row["server"] for row in rows))
    made = [Bar(NAMES[name], (find(name, kinds[0]), find(name, kinds[1])), name == "hubbub") for name in names]
    return sorted(made, key=lambda bar: bar.values[0])


def _cap(made: list[Bar]) -> float:
    longest = sorted(max(bar.values) for bar in made) or [1.0]
    return min(longest[-1], CAP * longest[len(longest) // 2])


# The page ----------------------------------------------------------------------------------------------------------


def _setting(results: Json) -> str:
    machine = results["machine"]
    dates = sorted({part["date"] for part in results.values() if "date" in part})
    versions: Json = {}
    for part in results.values():
        versions |= part.get("versions", {})
    peers = ", ".join(f"{NAMES[name]} {version}" for name, version in versions.items())
    settings = [part["setting"] for part in results.values() if "versions" in part]
    return (
        f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))} on {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_gb']:g} GB, {machine['system']}. {settings[0]}. {_rounds(results)}. Versions: {peers}.\n"
        f"{_noise(results)}"
    )


def _rounds(results: Json) -> str:
    rounds = min(part["options"]["rounds"] for part in results.values() if "options" in part)
    return f"Medians of {rounds} rounds" if rounds > 1 else "One round, which is not enough: run `benchmarks/all`"


def _noise(results: Json) -> str:
    others = [row["others_busy"] for row in results.get("fanout", {}).get("loaded", [])]
    if not others or max(others) < NOISE:
        return ""
    return (
        f"\n**This machine was not quiet**: other programs took up to {max(others):.0%} of a core. Ratios of CPU time "
        "still mean something; times and what was done in a second do not.\n"
    )


def goals(results: Json) -> str:
    lines = ["## Goals\n", "| What | Goal | Measured | Reached |", "|---|---|---|---|"]
    for goal in GOALS:
        lines.append(f"| {goal.what} | {goal.goal} | {_measured(goal, results)} |")
    return "\n".join([*lines, ""])


def _measured(goal: Goal, results: Json) -> str:
    measured = goal.measure(results)
    if measured is None:
        return "not measured | –"
    return f"{measured.words} | {'yes' if goal.reached(measured) else '**no**'}"


def _fan_out(results: Json) -> str:
    part = results.get("fanout")
    if not part:
        return ""
    members = part["options"]["members"]
    lines = [
        f"## A message to {members:,} members\n",
        "![CPU time for each delivery](charts/fanout.svg)\n",
        "![Time of a message](charts/latency.svg)\n",
        "| | µs CPU / delivery, 4 under way | one | deliveries/s, 4 under way | bytes | p50 / p99 | kB / connection "
        "| server, load, others busy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["server"] for row in part["loaded"]):
        four, one = (row_of(part["loaded"], server=name, in_flight=n) for n in (4, 1))
        calm = row_of(part["calm"], server=name)
        lines.append(
            f"| {NAMES[name]} | {words(four['us_per_delivery'])} | {words(one['us_per_delivery'])} "
            f"| {four['deliveries_per_s']:,.0f} | {four['bytes_per_delivery']:.0f} "
            f"| {words(calm['p50_ms'])} / {words(calm['p99_ms'])} ms{_pace(calm)} | {calm['kb_per_connection']:.1f} "
            f"| {_busy(four)} |"
        )
    return "\n".join([*lines, "\nFrom `benchmarks/fanout.py`. p50 and p99: at 50 messages a second, if not said.\n"])


def _pace(calm: Json) -> str:
    return "" if calm["posts_per_s"] == 50 else f", at {calm['posts_per_s']:g}/s"


def _busy(row: Json) -> str:
    return f"{row['server_busy']:.0%}, {row['load_busy']:.0%}, {row['others_busy']:.0%}"


def _growth(results: Json) -> str:
    part = results.get("growth")
    if not part:
        return ""
    sizes = list(dict.fromkeys(row["members"] for row in part["summary"]))
    lines = [
        "## Small and large rooms\n",
        "![A delivery in small and large rooms](charts/growth.svg)\n",
        "| µs CPU / delivery | " + " | ".join(f"{size:,} members" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name in dict.fromkeys(row["server"] for row in part["summary"]):
        costs = [row_of(part["summary"], server=name, members=size)["us_per_delivery"] for size in sizes]
        lines.append(f"| {NAMES[name]} | {' | '.join(map(words, costs))} |")
    return "\n".join([*lines, "\nFrom `benchmarks/growth.py`, with 4 messages under way.\n"])


def _coming(results: Json) -> str:
    part = results.get("connections")
    if not part:
        return ""
    lines = [
        "## Being there, and coming\n",
        "| | kB / idle connection | µs CPU / handshake | MB before |",
        "|---|---|---|---|",
    ]
    for row in part["idle"]:
        lines.append(
            f"| {NAMES[row['server']]} | {row['kb_per_connection']:.1f} | {row['us_per_join']:,.0f} "
            f"| {row['idle_mb']:.0f} |"
        )
    lines += [_coming_words(row) for row in part["coming"]]
    lines.append("\nFrom `benchmarks/connections.py`. A handshake includes session and entering the room.\n")
    return "\n".join(lines)


def _coming_words(row: Json) -> str:
    return (
        f"\n{row['members']:,} people come to {row['members']:,} who are there: {row['us_per_arrival']:,.0f} µs CPU "
        f"for each that connects; everybody hears {row['signals_of_arrivals']:.1f} signals a second of them. When they "
        f"then join a room of {row['members']:,} members, each join is an event of its log, for everybody: "
        f"{row['us_per_join']:,.0f} µs CPU for each join, that is {words(row['us_per_frame_of_joins'])} µs for each "
        "frame that it brings to somebody."
    )


def _stalled(results: Json) -> str:
    part = results.get("stalled")
    if not part:
        return ""
    lines = [
        "## Some stop reading\n",
        "![Time of a message while some stop reading](charts/stalled.svg)\n",
        "| who stopped | p50 / p99 of those who read | memory more | server, load, others busy |",
        "|---" * 4 + "|",
    ]
    for row in part["summary"]:
        lines.append(
            f"| {row['stalled']:.0f} of {row['stalled'] + row['readers']:,.0f} "
            f"| {words(row['p50_ms'])} / {words(row['p99_ms'])} ms | {words(row['more_mb'])} MB | {_busy(row)} |"
        )
    about = f"{part['summary'][0]['posts_per_s']:g} messages of 1 kB a second in one room, after so much talk that the"
    lines.append(f"\n{about} server has set all who stopped aside. From `benchmarks/stalled.py`.\n")
    return "\n".join(lines)


def _resume(results: Json) -> str:
    part = results.get("resume")
    if not part:
        return ""
    row = part["summary"][0]
    return (
        "## After a restart\n\n"
        f"The server is killed and started again; {row['clients']:,} clients connect in the same moment, each "
        f"{part['options']['behind']} messages behind. {row['caught_up']:,.0f} caught up, the last one after "
        f"{row['all_back_s']:.1f} s; {row['us_per_client']:,.0f} µs CPU for each; {row['attempts']:,.0f} attempts. "
        "From `benchmarks/resume.py`.\n"
    )


def _posts(results: Json) -> str:
    lines = ["## Durable posts\n"]
    if part := results.get("archives"):
        lines += ["| | posts/s | µs CPU / post | p50 / p99 until safe | server, load, others busy |", "|---" * 5 + "|"]
        for row in part["summary"]:
            lines.append(
                f"| {NAMES[row['server']]} | {row['posts_per_s']:,.0f} | {row['us_per_post']:,.0f} "
                f"| {words(row['p50_ms'])} / {words(row['p99_ms'])} ms | {_busy(row)} |"
            )
        people = f"{part['options']['senders']} people in {part['options']['rooms']} rooms"
        lines.append(f"\n{people}, each posts again when the last post is safe. From `benchmarks/archives.py`.\n")
    for row in results.get("ingest", {}).get("summary", []):
        where = "in one room" if row["rooms"] == 1 else f"in {row['rooms']:.0f} rooms"
        lines.append(
            f"- Hubbub alone, {row['senders']:.0f} people {where}: {row['posts_per_s']:,.0f} posts a second, "
            f"{row['us_per_post']:,.0f} µs CPU each; at half that pace acknowledged after {row['half_p50_ms']:.1f} ms "
            f"(p50), {row['half_p99_ms']:.1f} ms (p99). From `benchmarks/ingest.py`."
        )
    return "\n".join([*lines, ""]) if len(lines) > 1 else ""


# The README --------------------------------------------------------------------------------------------------------


def _summary(results: Json) -> str:
    """What the README says of it."""
    said = []
    if part := results.get("fanout"):
        cost = {row["server"]: words(row["us_per_delivery"]) for row in part["loaded"] if row["in_flight"] == 4}
        others = ("nats", "nchan", "tutorial", "ejabberd", "prosody")
        theirs = ", ".join(f"{NAMES[name]} {cost[name]}" for name in others if name in cost)
        said.append(
            f"A message to one of {part['options']['members']:,} members costs {cost['hubbub']} µs of CPU, "
            f"with everything on: durable log, sessions, rules. In the same run: {theirs} µs."
        )
    reached = [goal.reached(found) for goal in GOALS if (found := goal.measure(results))]
    said.append(
        f"Of {len(reached)} goals that were measured {sum(reached)} are reached: "
        "[docs/performance.md](docs/performance.md) says which, and how to measure them yourself."
    )
    return f"![CPU time for each delivery](docs/charts/fanout.svg)\n\n{' '.join(said)}"
