"""Challenges: random values that must come back signed, each once and soon (WebAuthn, section 13.4.3)."""

from typing import NamedTuple

CHALLENGE_LASTS_S = 300.0
CHALLENGES_MAX = 10_000


class Site(NamedTuple):
    """The web site for which something is signed, as the browser sees it."""

    origin: str
    """`scheme://host:port`"""
    host: str
    """Without a port: the relying party's id (section 4)."""


class Challenges:
    """Remembers what has been given out, and for whom. Of more than CHALLENGES_MAX the oldest are forgotten."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[str, float]] = {}
        """By challenge, the oldest first: for whom, and until when."""

    def give(self, challenge: str, purpose: str, now_s: float) -> None:
        """`now_s` never goes back."""
        for known, (_, until) in list(self._given.items()):
            if until > now_s and len(self._given) < CHALLENGES_MAX:
                break
            del self._given[known]
        self._given[challenge] = (purpose, now_s + CHALLENGE_LASTS_S)

    def take(self, challenge: str, purpose: str, now_s: float) -> bool:
        """Whether this one was given for that, and has not come back before. It does not work again in any case."""
        given_for, until = self._given.pop(challenge, ("", 0.0))
        return given_for == purpose and until > now_s

    def __len__(self) -> int:
        """The number that is remembered."""
        return len(self._given)
