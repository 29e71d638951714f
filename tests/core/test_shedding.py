"""What is left out under load: in which order, and that it does not come and go with each wave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.shedding import FALLS_AFTER, LIMITS, RISES_AFTER, Load, Shed, Shedding, step_of
from hubbub.errors import Unavailable

CALM = Load(0, 0, 0)
loads = st.builds(
    Load, lag_s=st.sampled_from([0.0, 0.3, 0.6, 1.2, 5.0]), writes=st.integers(0, 9000), reads=st.integers(0, 9000)
)


@pytest.mark.parametrize("step", LIMITS)
def test_each_step_has_its_limits_and_each_limit_is_enough(step: Shed) -> None:
    limit = LIMITS[step]
    assert step_of(CALM._replace(lag_s=limit.lag_s)) == step
    assert step_of(CALM._replace(lag_s=limit.lag_s - 0.001)) == step - 1
    assert step_of(CALM._replace(writes=limit.writes)) == step
    assert step_of(CALM._replace(writes=limit.writes - 1)) == step - 1


def test_reading_never_keeps_anybody_from_posting() -> None:
    assert step_of(Load(0, 0, 1e9)) == Shed.READING


@given(loads, loads)
def test_more_to_do_never_leaves_less_out(one: Load, other: Load) -> None:
    both = Load(*map(max, one, other))
    assert step_of(both) >= max(step_of(one), step_of(other))


def test_one_pause_of_the_machine_is_no_overload() -> None:
    shedding = Shedding()
    assert [shedding.look(load) for load in (CALM, Load(60, 0, 0), CALM)] == [Shed.NOTHING] * 3


def test_what_lasts_comes_at_once_and_goes_step_by_step() -> None:
    shedding = Shedding()
    assert [shedding.look(Load(5, 0, 0)) for _ in range(RISES_AFTER)][-1] == Shed.POSTING
    steps = [shedding.look(CALM) for _ in range(3 * FALLS_AFTER)]
    assert steps == sorted(steps, reverse=True)
    assert [steps.count(step) for step in reversed(Shed)] == [FALLS_AFTER - 1, FALLS_AFTER, FALLS_AFTER, 1]


@given(st.lists(loads, max_size=100))
def test_it_never_falls_twice_within_the_time_that_a_fall_takes(history: list[Load]) -> None:
    shedding, before, last_fall = Shedding(), Shed.NOTHING, -FALLS_AFTER
    for number, load in enumerate(history):
        step = shedding.look(load)
        if step < before:
            assert step == before - 1
            assert number - last_fall >= FALLS_AFTER
            last_fall = number
        elif step > before:
            assert step_of(load) >= step
            last_fall = number
        before = step


def test_a_load_between_calm_and_heavy_changes_nothing() -> None:
    shedding = Shedding()
    for _ in range(RISES_AFTER):
        shedding.look(Load(0.6, 0, 0))
    assert {shedding.look(Load(0.26 + 0.2 * (number % 2), 0, 0)) for number in range(50)} == {Shed.SIGNALS}


def test_who_is_refused_is_told_when_to_come_back() -> None:
    shedding = Shedding()
    shedding.check(Shed.SIGNALS)
    for _ in range(RISES_AFTER):
        shedding.look(Load(1.2, 0, 0))
    shedding.check(Shed.POSTING)
    for step in (Shed.SIGNALS, Shed.READING):
        with pytest.raises(Unavailable) as refusal:
            shedding.check(step)
        assert (refusal.value.code, refusal.value.retry, refusal.value.retry_after_s) == ("overloaded", True, 3.0)
