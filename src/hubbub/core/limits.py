"""How often: the generic cell rate algorithm (ITU-T I.371), one number for each key."""

import math
from typing import NamedTuple

FORGET_EVERY_S = 10.0
"""Between looks for keys that need not be remembered any more."""
KEYS_MAX = 50_000
"""Remembered at once, about 8 MB. When more come in so short a time, the half that used least is forgotten."""


class Rate(NamedTuple):
    per_second: float
    burst: int


def when_to_try(wait_s: float) -> str:
    """For a person, and never too early."""
    return f"Try again in {math.ceil(wait_s * 10) / 10:.1f} s."


class Meter:
    """Allows each key `burst` takes at once and `per_second` on average. Remembers only keys that were used lately."""

    def __init__(self, rate: Rate) -> None:
        self._interval_s = 1 / rate.per_second
        self._tolerance_s = self._interval_s * rate.burst
        self._full_at: dict[str, float] = {}
        """For each key the time at which its whole burst is allowed again."""
        self._forget_at = 0.0

    def take(self, key: str, now_s: float, cost: int = 1) -> float:
        """0 when allowed; else nothing is taken, and the seconds to wait are returned. `now_s` never goes back."""
        if now_s >= self._forget_at or len(self._full_at) >= KEYS_MAX:
            self._forget(now_s)
        full_at = max(self._full_at.get(key, now_s), now_s) + self._interval_s * cost
        wait_s = full_at - now_s - self._tolerance_s
        if wait_s > 1e-9:
            return wait_s
        self._full_at[key] = full_at
        return 0.0

    def give_back(self, key: str, now_s: float, cost: int = 1) -> None:
        """Undoes a `take` that was allowed, for something that was not done."""
        full_at = self._full_at.pop(key, now_s) - self._interval_s * cost
        if full_at > now_s:
            self._full_at[key] = full_at

    def __len__(self) -> int:
        """The number of keys remembered."""
        return len(self._full_at)

    def _forget(self, now_s: float) -> None:
        self._forget_at = now_s + FORGET_EVERY_S
        kept = {key: full_at for key, full_at in self._full_at.items() if full_at > now_s}
        if len(kept) >= KEYS_MAX:
            kept = {key: kept[key] for key in sorted(kept, key=kept.__getitem__)[-KEYS_MAX // 2 :]}
        self._full_at = kept
