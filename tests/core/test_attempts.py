"""How often somebody may try a secret."""

from hubbub.core.attempts import FORGET_EVERY, PAUSE_MAX_S, WINDOW_S, Attempts


def test_after_the_free_tries_each_waits_twice_as_long_as_the_one_before() -> None:
    attempts, now = Attempts(5), 1000.0
    assert [attempts.take("ann", now) for _ in range(5)] == [0.0] * 5
    pauses = []
    for _ in range(6):
        pauses.append(attempts.take("ann", now))
        now += pauses[-1]
        assert attempts.take("ann", now) == 0.0
    assert pauses == [WINDOW_S, 2 * WINDOW_S, 4 * WINDOW_S, 8 * WINDOW_S, PAUSE_MAX_S, PAUSE_MAX_S]


def test_others_do_not_wait() -> None:
    attempts = Attempts(1)
    assert attempts.take("ann", 0.0) == 0.0
    assert attempts.take("ann", 0.0) == WINDOW_S
    assert attempts.take("bob", 0.0) == 0.0


def test_a_right_one_ends_it_for_an_account_and_does_not_count_for_a_network() -> None:
    attempts = Attempts(2)
    for _ in range(10):
        assert attempts.take("ann", 0.0) == 0.0
        attempts.forgive("ann")
    attempts.take("net", 0.0)
    for _ in range(10):
        assert attempts.take("net", 0.0) == 0.0
        attempts.give_back("net", 0.0)
    attempts.take("net", 0.0)
    assert attempts.take("net", 0.0) == WINDOW_S


def test_what_is_long_ago_is_forgotten() -> None:
    attempts = Attempts(1)
    for number in range(FORGET_EVERY - 1):
        attempts.take(f"name {number}", 0.0)
    assert attempts.take("name 0", 2 * WINDOW_S) == 0.0
    assert len(attempts) == 1
