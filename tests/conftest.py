import functools
import os

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


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With HUBBUB_TEST_NO_SKIP, as in continuous integration, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("HUBBUB_TEST_NO_SKIP"):
        reporter.write_line(f"{len(skipped)} skipped, and HUBBUB_TEST_NO_SKIP allows no skips", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
