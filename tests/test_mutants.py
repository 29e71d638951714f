"""The mistakes of `mutants.py` can still be made."""

import ast
from pathlib import Path

import pytest

from tests.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_present_code(mutant: Mutant) -> None:
    mutated = mutant.apply((ROOT / mutant.file).read_text("utf-8"))
    if mutant.file.endswith(".py"):
        ast.parse(mutated)
    assert all((ROOT / test).exists() for test in mutant.tests)


def test_a_mutant_that_does_not_fit_is_found() -> None:
    mutant = Mutant("none", "a.py", "x", "y", ())
    assert mutant.apply("x z") == "y z"
    for text in ("z", "x x"):
        with pytest.raises(ValueError, match="none: "):
            mutant.apply(text)
