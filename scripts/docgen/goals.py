"""The goals of docs/performance.md, and what docs/performance.json says about each."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .charts import number_words as words

Json = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    value: float
    words: str


@dataclass(frozen=True)
class Goal:
    what: str
    goal: str
    """In words."""
    limit: float
    measure: Callable[[Json], Measured | None]
    """None: not measured."""
    is_most: bool = True
    """Whether `limit` is the most that is good, or the least."""

    def reached(self, measured: Measured) -> bool:
        return measured.value <= self.limit if self.is_most else measured.value >= self.limit


def each_round(rows: list[Json], key: str, server: str, **where: Any) -> dict[int, float]:
    """By round, a figure of one server."""
    wanted = {"server": server, **where}
    return {
        row["round"]: row[key] for row in rows if key in row and all(row.get(k) == value for k, value in wanted.items())
    }


def against(part: str, key: str, peer: str, unit: str, **where: Any) -> Callable[[Json], Measured | None]:
    """Hubbub's figure as a multiple of the peer's: the median of the ratios within each round."""

    def measure(results: Json) -> Measured | None:
        rows = results.get(part, {}).get("rows", [])
        ours, theirs = each_round(rows, key, "hubbub", **where), each_round(rows, key, peer, **where)
        both = [turn for turn in ours if theirs.get(turn)]
        if not both:
            return None
        ratio = statistics.median(ours[turn] / theirs[turn] for turn in both)
        mine, other = statistics.median(ours.values()), statistics.median(theirs.values())
        return Measured(ratio, f"{words(ratio)} × ({words(mine)} against {words(other)} {unit})")

    return measure


def figure(part: str, find: Callable[[Json], float], unit: str) -> Callable[[Json], Measured | None]:
    """One figure of Hubbub alone."""

    def measure(results: Json) -> Measured | None:
        try:
            value = find(results[part])
        except (KeyError, StopIteration):
            return None
        return Measured(value, f"{words(value)} {unit}".strip())

    return measure


def row_of(rows: list[Json], **where: Any) -> Json:
    return next(row for row in rows if all(row.get(key) == value for key, value in where.items()))


def growth_spread(part: Json) -> float:
    """How much dearer a delivery is in the dearest room than in the cheapest, in percent."""
    costs = [row["us_per_delivery"] for row in part["summary"] if row["server"] == "hubbub"]
    return float(max(costs) / min(costs) - 1) * 100


def _idle(key: str) -> Callable[[Json], float]:
    return lambda part: float(row_of(part["idle"], server="hubbub")[key])


def _ingest(key: str, rooms: int) -> Callable[[Json], float]:
    return lambda part: float(row_of(part["summary"], rooms=rooms)[key])


SIGNALS = ("signals_of_arrivals", "signals_of_joins")


def _coming(key: str) -> Callable[[Json], float]:
    return lambda part: float(part["coming"][0][key])


def _resume(key: str) -> Callable[[Json], float]:
    return lambda part: float(part["summary"][0][key])


def _slowest_page(part: Json) -> float:
    return max(float(part[f"history_{where}_ms_p50"]) for where in ("before", "after", "around", "newest"))


def _slowest_search(part: Json) -> float:
    return max(float(value) for name, value in part.items() if name.endswith("_ms_p50"))


def _stalled(results: Json) -> Measured | None:
    """The time with people who stopped reading, as a share of what it may be: the median of the rounds."""
    rows = results.get("stalled", {}).get("rows", [])
    without = {row["round"]: row["p99_ms"] for row in rows if not row["stalled"]}
    with_them = {row["round"]: row["p99_ms"] for row in rows if row["stalled"]}
    shares = [with_them[turn] / (1.25 * base + 5) for turn, base in without.items() if turn in with_them]
    if not shares:
        return None
    theirs, ours = statistics.median(without.values()), statistics.median(with_them.values())
    return Measured(statistics.median(shares), f"{words(ours)} ms, {words(theirs)} ms without")


def _fan_out(in_flight: int, peer: str) -> Callable[[Json], Measured | None]:
    return against("fanout", "us_per_delivery", peer, "µs", in_flight=in_flight)


def _deliveries(peer: str) -> Callable[[Json], Measured | None]:
    return against("fanout", "deliveries_per_s", peer, "deliveries/s", in_flight=4)


def _posts(peer: str) -> Callable[[Json], Measured | None]:
    return against("archives", "posts_per_s", peer, "posts/s")


SATURATED = "CPU per delivery to 1,000 members, 4 messages under way"
ONE_IN_FLIGHT = "CPU per delivery to 1,000 members, one message under way"
POSTS = "Durable posts, acknowledged after the commit, 100 people"
COMING = "1,000 people join a room of 1,000"
RESUME = "2,000 clients return at once after a restart, each 20 messages behind"
GOALS = [
    Goal(SATURATED, "≤ 0.7 × nchan", 0.7, _fan_out(4, "nchan")),
    Goal(SATURATED, "≤ 0.9 × nats-server", 0.9, _fan_out(4, "nats")),
    Goal(SATURATED, "≤ 0.35 × the FastAPI tutorial", 0.35, _fan_out(4, "tutorial")),
    Goal(ONE_IN_FLIGHT, "≤ 1.1 × nchan", 1.1, _fan_out(1, "nchan")),
    Goal(ONE_IN_FLIGHT, "≤ 0.7 × nats-server", 0.7, _fan_out(1, "nats")),
    Goal("p99 of a message to 1,000 members, 50 a second", "≤ nchan", 1.0, against("fanout", "p99_ms", "nchan", "ms")),
    Goal(SATURATED, "≤ 0.1 × ejabberd", 0.1, _fan_out(4, "ejabberd")),
    Goal(SATURATED, "≤ 0.1 × Prosody", 0.1, _fan_out(4, "prosody")),
    Goal("Deliveries a second to 1,000 members", "≥ 10 × ejabberd", 10, _deliveries("ejabberd"), is_most=False),
    Goal("Deliveries a second to 1,000 members", "≥ 10 × Prosody", 10, _deliveries("prosody"), is_most=False),
    Goal(
        "CPU per delivery, from the cheapest to the dearest room of 100 to 10,000 members",
        "+ 15 % at most",
        15,
        figure("growth", growth_spread, "% more"),
    ),
    Goal(
        "Memory for each idle signed-in connection",
        "≤ 10.6 kB",
        10.6,
        figure("connections", _idle("kb_per_connection"), "kB"),
    ),
    Goal("CPU per handshake with a session", "≤ 200 µs", 200, figure("connections", _idle("us_per_join"), "µs")),
    Goal(POSTS, "≥ 5,000 a second", 5000, figure("ingest", _ingest("posts_per_s", 20), "a second"), is_most=False),
    Goal(POSTS, "p99 ≤ 50 ms at half that load", 50, figure("ingest", _ingest("half_p99_ms", 20), "ms")),
    Goal("Durable posts a second, 100 people", "≥ 10 × ejabberd", 10, _posts("ejabberd"), is_most=False),
    Goal("Durable posts a second, 100 people", "≥ 10 × Prosody", 10, _posts("prosody"), is_most=False),
    Goal(COMING, "≤ 300 µs CPU each", 300, figure("connections", _coming("us_per_join"), "µs")),
    Goal(
        COMING,
        "≤ 2 signals a second for each member",
        2,
        figure("connections", lambda part: max(_coming(key)(part) for key in SIGNALS), "signals a second"),
    ),
    Goal(
        "p99 of a message in a room of 1,000 while one in ten reads nothing", "≤ 1.25 × without + 5 ms", 1.0, _stalled
    ),
    Goal(RESUME, "all caught up", 0, figure("resume", _resume("refused_for_good"), "refused for good")),
    Goal(RESUME, "≤ 1 ms CPU each", 1000, figure("resume", _resume("us_per_client"), "µs")),
    Goal(
        "A page of 50 messages, anywhere in a room of a million",
        "≤ 10 ms",
        10,
        figure("history", _slowest_page, "ms"),
    ),
    Goal(
        "The first page of a search over a million messages",
        "≤ 50 ms",
        50,
        figure("search", _slowest_search, "ms"),
    ),
    Goal("Start with a million messages", "≤ 2 s", 2, figure("history", lambda part: float(part["start_s"]), "s")),
    Goal("… and memory then", "≤ 90 MB", 90, figure("history", lambda part: float(part["rss_idle_mb"]), "MB")),
    Goal("First visit to the page", "≤ 80 kB", 80, figure("page", lambda part: float(part["kilobytes"]), "kB")),
]
