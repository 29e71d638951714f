"""docs/security.md: what might be tried, what happens then, and which tests try it."""

import re
from collections import defaultdict
from pathlib import Path

from .threats import SECTIONS, Threat

TESTS = Path(__file__).parents[2] / "tests"
OTHER_NUMBERS = "tutorial"
"""A folder in which numbers in the names of tests mean something else."""

HEAD = """\
<!-- Made by scripts/generate-docs from scripts/docgen/threats.py. Change that file, then run the script. -->
# Security

How to report a weakness: [SECURITY.md](../SECURITY.md). Below: what somebody might try, and what happens then. The
number of a row stands in the name of each test that tries it; a row without a test says why there is none.
"""


def security_page() -> str:
    tests = numbered_tests()
    parts = [HEAD]
    for title, threats in SECTIONS.items():
        parts.append(f"\n## {title}\n\n| | Attack | Answer | Tests |\n|---|---|---|---|\n")
        parts.extend(_row(number, threat, tests[number]) for number, threat in threats.items())
    return "".join(parts)


def numbered_tests() -> dict[int, list[str]]:
    """For each number the tests that have it in their names: `test_42_…` or `test_c42_…`."""
    found: dict[int, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        if file.parent.name == OTHER_NUMBERS:
            continue
        for name, number in re.findall(
            r"^ *(?:async )?def (test_[a-e]?(\d+)_\w+)", file.read_text("utf-8"), re.M | re.I
        ):
            found[int(number)].append(f"`{file.relative_to(TESTS.parent).as_posix()}`: {words_of(name)}")
    return found


def words_of(name: str) -> str:
    return re.sub(r"^test_[a-e]?\d+_", "", name, flags=re.I).replace("_", " ")


def _row(number: int, threat: Threat, tests: list[str]) -> str:
    if bool(tests) != threat.tested:
        raise ValueError(f"Threat {number} has {len(tests)} tests, and says {threat.tested}.")
    return f"| {number} | {threat.attack} | {threat.answer} | {'<br>'.join(tests)} |\n"
