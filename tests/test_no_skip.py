"""A skip is said and lets the run pass at home, and fails it where skips are not allowed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """import pytest

def test_that_runs():
    assert True

def test_that_needs_something():
    pytest.skip("install the thing")
"""


@pytest.mark.parametrize(("allowed", "workers", "code"), [(True, 0, 0), (False, 0, 1), (False, 2, 1)])
def test_a_skip_fails_the_run_only_where_it_is_not_allowed(
    tmp_path: Path, allowed: bool, workers: int, code: int
) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_thing.py").write_text(TESTS)
    environment = {name: value for name, value in os.environ.items() if name != "HUBBUB_TEST_NO_SKIP"}
    environment |= {} if allowed else {"HUBBUB_TEST_NO_SKIP": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-ra", "-n", str(workers), str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == code, run.stdout
    assert "install the thing" in run.stdout
