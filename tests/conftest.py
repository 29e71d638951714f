import functools
import os
from typing import Any

import httpcore2
import pytest

# Each HTTP client reads all certificates of the world, 25 ms each time, and no test uses one.
httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)


LEFT = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="also run what takes long")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --nightly, tests that are marked `nightly` are left out. With `-m` you choose yourself."""
    if config.getoption("nightly") or config.getoption("markexpr"):
        return
    left = [item for item in items if item.get_closest_marker("nightly")]
    if left:
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)
    config.stash[LEFT] = len(left)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended: all of them leave the same tests out."""
    node.config.stash[LEFT] = getattr(node, "workeroutput", {}).get("left", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if left := config.stash.get(LEFT, 0):
        terminalreporter.write_line(f"{left} left to the nightly run (--nightly runs them too)")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With HUBBUB_TEST_NO_SKIP, as in continuous integration, a skipped test is a failure."""
    if output := getattr(session.config, "workeroutput", None):
        output["left"] = session.config.stash.get(LEFT, 0)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("HUBBUB_TEST_NO_SKIP"):
        reporter.write_line(f"{len(skipped)} skipped, and HUBBUB_TEST_NO_SKIP allows no skips", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
