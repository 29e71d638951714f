import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With HUBBUB_TEST_NO_SKIP, as in continuous integration, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("HUBBUB_TEST_NO_SKIP"):
        reporter.write_line(f"{len(skipped)} skipped, and HUBBUB_TEST_NO_SKIP allows no skips", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
