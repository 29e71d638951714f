"""How often somebody may try a secret: a few times at once, then with a pause that doubles."""

from typing import NamedTuple

WINDOW_S = 300.0
PAUSE_MAX_S = 3600.0
FORGET_EVERY = 1024
"""Tries between looks for keys that need not be remembered any more."""


class _Tries(NamedTuple):
    made: int
    again_at: float
    """From then on one may try again."""
    forgotten_at: float


class Attempts:
    """Allows each key `free` tries; each further one has to wait for `WINDOW_S`, then for twice as long, up to
    `PAUSE_MAX_S`. A key is forgotten when nobody has tried it for a window after its pause."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._tries: dict[str, _Tries] = {}
        self._calls = 0

    def take(self, key: str, now_s: float) -> float:
        """Counts a try before it is made, so that many at once are not more. 0 when it may be made; else nothing is
        counted, and the seconds to wait are returned. `now_s` never goes back."""
        self._calls += 1
        if self._calls % FORGET_EVERY == 0:
            self._tries = {key: tries for key, tries in self._tries.items() if tries.forgotten_at > now_s}
        tries = self._tries.get(key)
        if tries is None or tries.forgotten_at <= now_s:
            tries = _Tries(0, now_s, now_s)
        if tries.again_at > now_s:
            return tries.again_at - now_s
        made = tries.made + 1
        pause_s = min(WINDOW_S * 2.0 ** min(made - self._free, 20), PAUSE_MAX_S) if made >= self._free else 0.0
        self._tries[key] = _Tries(made, now_s + pause_s, now_s + pause_s + WINDOW_S)
        return 0.0

    def forgive(self, key: str) -> None:
        """The try was right: what came before it does not count any more."""
        self._tries.pop(key, None)

    def give_back(self, key: str, now_s: float) -> None:
        """The try was right, and only it does not count."""
        if tries := self._tries.get(key):
            self._tries[key] = _Tries(tries.made - 1, now_s, now_s + WINDOW_S)

    def __len__(self) -> int:
        """The number of keys remembered."""
        return len(self._tries)
