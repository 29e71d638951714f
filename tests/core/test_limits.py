"""How often: whatever somebody tries, never more than the burst and the rate allow, and never less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.limits import FORGET_EVERY_S, KEYS_MAX, Meter, Rate, when_to_try

rates = st.builds(Rate, per_second=st.sampled_from([0.1, 1.0, 10.0, 333.0]), burst=st.integers(1, 20))
pauses = st.lists(st.floats(0, 3) | st.sampled_from([0.0, 0.001, 0.1]), max_size=60)


@given(rates, pauses)
def test_no_window_of_time_holds_more_than_burst_and_rate_allow(rate: Rate, pauses: list[float]) -> None:
    meter, now, allowed = Meter(rate), 1000.0, []
    for pause in pauses:
        now += pause
        if meter.take("ann", now) == 0:
            allowed.append(now)
    for first, start in enumerate(allowed):
        for last, end in enumerate(allowed[first:], first):
            assert last - first + 1 <= rate.burst + rate.per_second * (end - start) + 1e-6


@given(rates, pauses)
def test_a_refusal_takes_nothing_and_says_exactly_how_long_to_wait(rate: Rate, pauses: list[float]) -> None:
    meter, now = Meter(rate), 1000.0
    for pause in pauses:
        now += pause
        wait = meter.take("ann", now)
        if wait:
            assert 0 < wait <= 1 / rate.per_second + 1e-9
            assert meter.take("ann", now + wait / 2) > 0
            now += wait
            assert meter.take("ann", now) == 0


@given(rates)
def test_the_whole_burst_is_allowed_at_once_and_again_after_a_rest(rate: Rate) -> None:
    meter = Meter(rate)
    for now in (0.0, 2 * rate.burst / rate.per_second):
        assert [meter.take("ann", now) for _ in range(rate.burst)] == [0] * rate.burst
        assert meter.take("ann", now) > 0


def test_one_person_does_not_use_up_anothers_share() -> None:
    meter = Meter(Rate(1, 2))
    assert [meter.take("ann", 0) > 0 for _ in range(3)] == [False, False, True]
    assert meter.take("bob", 0) == 0


def test_a_dear_thing_costs_more() -> None:
    meter = Meter(Rate(1, 10))
    assert meter.take("ann", 0, cost=7) == 0
    assert meter.take("ann", 0, cost=7) == pytest.approx(4)
    assert meter.take("ann", 0, cost=3) == 0
    assert Meter(Rate(1, 10)).take("ann", 0, cost=11) == pytest.approx(1)


def test_people_who_have_gone_are_forgotten() -> None:
    meter = Meter(Rate(10, 5))
    for number in range(1000):
        meter.take(f"guest-{number}", 0)
    assert len(meter) == 1000
    meter.take("ann", FORGET_EVERY_S)
    assert len(meter) == 1


def test_nobody_is_forgotten_while_it_would_matter() -> None:
    meter = Meter(Rate(0.001, 1))
    assert meter.take("ann", 0) == 0
    for number in range(100):
        meter.take(f"guest-{number}", number)
    assert meter.take("ann", 100) > 0


def test_however_many_come_at_once_the_memory_is_bounded_and_those_who_used_most_are_remembered() -> None:
    meter = Meter(Rate(0.001, 3))
    assert [meter.take("ann", 0) > 0 for _ in range(4)] == [False, False, False, True]
    for number in range(2 * KEYS_MAX):
        meter.take(f"guest-{number}", 1)
        assert len(meter) <= KEYS_MAX
    assert meter.take("ann", 2) > 0
    meter.take("bob", 10_000)
    assert len(meter) == 1


@given(rates, st.integers(1, 20))
def test_what_was_not_done_is_given_back(rate: Rate, times: int) -> None:
    meter = Meter(rate)
    for _ in range(times):
        assert meter.take("ann", 0) == 0
        meter.give_back("ann", 0)
        assert len(meter) == 0
    assert [meter.take("ann", 0) for _ in range(rate.burst)] == [0] * rate.burst
    assert meter.take("ann", 0) > 0
    meter.give_back("ann", 0)
    assert meter.take("ann", 0) == 0
    assert meter.take("ann", 0) > 0


@pytest.mark.parametrize(("wait_s", "words"), [(0.0001, "0.1"), (0.1, "0.1"), (2.31, "2.4"), (100, "100.0")])
def test_nobody_is_told_to_come_too_early(wait_s: float, words: str) -> None:
    assert when_to_try(wait_s) == f"Try again in {words} s."
