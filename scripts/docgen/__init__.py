"""The generator of docs/: each page, also a chart or the README, is a function that returns its text."""

import sys
from collections.abc import Callable
from pathlib import Path

from .cli_page import cli_page
from .http_page import http_page
from .performance_page import fan_out_chart, growth_chart, latency_chart, performance_page, readme, stalled_chart
from .permissions_page import permissions_page
from .protocol_page import protocol_page
from .schema import protocol_schema
from .security_page import security_page
from .settings_page import settings_page

DOCS = Path(__file__).parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "protocol.md": protocol_page,
    "protocol.schema.json": protocol_schema,
    "http.md": http_page,
    "permissions.md": permissions_page,
    "settings.md": settings_page,
    "cli.md": cli_page,
    "security.md": security_page,
    "performance.md": performance_page,
    "charts/fanout.svg": fan_out_chart,
    "charts/latency.svg": latency_chart,
    "charts/growth.svg": growth_chart,
    "charts/stalled.svg": stalled_chart,
    "../README.md": readme,
}


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if arguments not in ([], ["--check"]):
        print("Usage: scripts/generate-docs [--check]", file=sys.stderr)
        return 2
    stale = stale_pages(DOCS)
    if arguments:
        for name in stale:
            print(f"docs/{name} is stale: run scripts/generate-docs", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(PAGES[name](), "utf-8")
        print(f"docs/{name} is new")
    return 0


def stale_pages(docs: Path) -> list[str]:
    """The names of the pages that are missing in this folder, or are not what the code says now."""
    return [name for name, page in PAGES.items() if _text(docs / name) != page()]


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None
