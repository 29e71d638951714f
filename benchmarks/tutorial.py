"""The chat that people write first, with its naive manager, as a peer to measure against: the one of the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tutorial"))

from rescue import NAIVE, program

app = program(NAIVE).app
