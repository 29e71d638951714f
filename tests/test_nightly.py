"""What is marked `nightly` is left out, which is said, unless somebody asks for it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """import pytest

def test_that_is_quick():
    assert True

@pytest.mark.nightly
def test_that_takes_long():
    assert True
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], ["1 passed, 1 deselected", "1 left to the nightly run"]),
        (["-n", "2"], ["1 passed", "1 left to the nightly run"]),
        (["--nightly"], ["2 passed"]),
        (["-m", "nightly"], ["1 passed, 1 deselected"]),
    ],
)
def test_what_is_left_to_the_night_is_counted(tmp_path: Path, arguments: list[str], said: list[str]) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_thing.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = nightly\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout
    assert all(words in run.stdout for words in said), run.stdout
    assert ("left to the nightly run" in run.stdout) is ("left to the nightly run" in "".join(said))
