"""Challenges: given once, for one purpose, and taken back once."""

from hubbub.core.challenges import CHALLENGE_LASTS_S, CHALLENGES_MAX, Challenges


def test_a_challenge_comes_back_once_for_what_it_was_given() -> None:
    challenges = Challenges()
    challenges.give("one", "to sign in", 0.0)
    assert challenges.take("one", "to sign in", 1.0)
    assert not challenges.take("one", "to sign in", 1.0)
    assert not challenges.take("never given", "to sign in", 1.0)
    assert not challenges.take("never given", "", 1.0)


def test_a_try_for_something_else_uses_it_up() -> None:
    challenges = Challenges()
    challenges.give("one", "to add one", 0.0)
    assert not challenges.take("one", "to sign in", 1.0)
    assert not challenges.take("one", "to add one", 1.0)


def test_a_challenge_grows_old_and_is_forgotten() -> None:
    challenges = Challenges()
    challenges.give("one", "to sign in", 0.0)
    assert not challenges.take("one", "to sign in", CHALLENGE_LASTS_S)
    challenges.give("two", "to sign in", 0.0)
    challenges.give("three", "to sign in", CHALLENGE_LASTS_S)
    assert len(challenges) == 1
    assert challenges.take("three", "to sign in", CHALLENGE_LASTS_S)


def test_of_too_many_the_oldest_are_forgotten() -> None:
    challenges = Challenges()
    for number in range(CHALLENGES_MAX + 1):
        challenges.give(str(number), "to sign in", 0.0)
    assert len(challenges) == CHALLENGES_MAX
    assert not challenges.take("0", "to sign in", 0.0)
    assert challenges.take("1", "to sign in", 0.0)
    assert challenges.take(str(CHALLENGES_MAX), "to sign in", 0.0)
