"""Charts as SVG: made to be read on light and on dark pages, at 720 pixels and on a phone."""

import math
from dataclasses import dataclass
from html import escape

TICKS = 5
WIDTH, LEFT, RIGHT, TOP, ROW = 720, 190, 70, 64, 34
STYLE = """<style>
text { font: 14px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 16px; }
.quiet { fill: #57606a; font-size: 12px; }
.us { font-weight: 600; }
.grid { stroke: #8c959f; stroke-opacity: 0.35; }
.a { fill: #0969da; } .b { fill: #a5c8f5; } .c { fill: #8c959f; } .d { fill: #ccd1d6; }
.line { fill: none; stroke-width: 2.5; }
.line.a { stroke: #0969da; fill: none; } .line.c { stroke: #8c959f; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .quiet { fill: #9da7b1; }
  .a { fill: #4493f8; } .b { fill: #1f4f8f; } .c { fill: #8b949e; } .d { fill: #484f58; }
  .line.a { stroke: #4493f8; } .line.c { stroke: #8b949e; }
}
</style>"""


@dataclass(frozen=True)
class Bar:
    name: str
    values: tuple[float, float]
    is_ours: bool


def bars(title: str, kinds: tuple[str, str], rows: list[Bar], unit: str, cap: float) -> str:
    """Two bars for each row. One longer than `cap` is cut, and says so by its open end."""
    height = TOP + ROW * len(rows) + 12
    body = [_legend(kinds)]
    scale = (WIDTH - LEFT - RIGHT) / cap
    for number, row in enumerate(rows):
        top = TOP + ROW * number
        body.append(_text(LEFT - 10, top + 18, row.name, "us" if row.is_ours else "", "end"))
        for index, value in enumerate(row.values):
            y, width = top + 2 + 13 * index, min(value, cap) * scale
            colour = "ab"[index] if row.is_ours else "cd"[index]
            body.append(f'<rect class="{colour}" x="{LEFT}" y="{y}" width="{width:.1f}" height="12" rx="2"/>')
            cut = " →" if value > cap else ""
            body.append(_text(LEFT + width + 6, y + 11, f"{number_words(value)}{cut}", "quiet"))
    return _svg(title, unit, height, body)


def curve(title: str, unit: str, lines: dict[str, list[tuple[float, float]]], ours: str) -> str:
    """One line for each name, through its points (x, y); x grows by factors."""
    height, bottom = 300, 262
    xs = sorted({x for points in lines.values() for x, _ in points})
    step = _step(max(y for points in lines.values() for _, y in points))
    top_y = (TICKS - 1) * step
    span = math.log(xs[-1] / xs[0]) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return 60 + math.log(x / xs[0]) / span * (WIDTH - 200), bottom - y / top_y * (bottom - TOP)

    body = []
    for x in xs:
        body.append(_text(place(x, 0)[0], bottom + 20, f"{x:,.0f}", "quiet", "middle"))
    for part in range(TICKS):
        y = step * part
        _, at = place(xs[0], y)
        body.append(f'<line class="grid" x1="60" x2="{WIDTH - 140}" y1="{at:.1f}" y2="{at:.1f}"/>')
        body.append(_text(52, at + 4, number_words(y), "quiet", "end"))
    for name, points in lines.items():
        kind = "a" if name == ours else "c"
        placed = [place(x, y) for x, y in points]
        body.append(f'<polyline class="line {kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in placed)}"/>')
        body += [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in placed]
        body.append(_text(placed[-1][0] + 12, placed[-1][1] + 5, name, "us" if name == ours else ""))
    return _svg(title, unit, height, body)


def _step(most: float) -> float:
    """A round number of which four reach as far as the most."""
    size = 10.0 ** math.floor(math.log10(most / 4))
    return next(factor * size for factor in (1, 2, 2.5, 5, 10) if 4 * factor * size >= most)


def number_words(value: float) -> str:
    """With as many digits as a reader can use."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _legend(kinds: tuple[str, str]) -> str:
    parts = []
    for index, kind in enumerate(kinds):
        x = LEFT + 180 * index
        parts.append(f'<rect class="{"ab"[index]}" x="{x}" y="{TOP - 20}" width="12" height="12" rx="2"/>')
        parts.append(_text(x + 18, TOP - 9, kind, "quiet"))
    return "\n".join(parts)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(title: str, unit: str, height: int, body: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    heading = [f"<title>{escape(title)}</title>", STYLE, _text(0, 18, title, "title"), _text(0, 36, unit, "quiet")]
    return "\n".join([head, *heading, *body, "</svg>"]) + "\n"
