"""Passwords are hashed by argon2, in few threads and a short queue: they must leave the machine to the chat."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from hubbub.errors import RateLimited

THREADS = 2
QUEUE_MAX = 50
TIME_COST = 2
MEMORY_COST_KIB = 19_456
"""With one lane: what OWASP's Password Storage Cheat Sheet asks for at least. Each of the threads takes so much."""
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$SVy/+DZ0HD36sPn5OfrUUA$anCu6a87zLKa4Y/F5P417ZlwRoSfghAPWFn7oRr3feU"
"""Of a random password that nobody knows: a try for an account that does not exist must take as long as any other."""

T = TypeVar("T")


class Checked(NamedTuple):
    right: bool
    new_hash: str | None
    """To be kept in place of the old one, which was made with other costs."""


class Passwords:
    def __init__(self) -> None:
        self._hasher = PasswordHash((Argon2Hasher(TIME_COST, MEMORY_COST_KIB, 1),))
        self._threads = ThreadPoolExecutor(THREADS, "hubbub-passwords")
        self._under_way = 0

    async def hash(self, password: str) -> str:
        """Raises RateLimited when too many others wait."""
        return await self._run(lambda: self._hasher.hash(password))

    async def check(self, password: str, kept: str | None) -> Checked:
        """Whether the password has this hash; None, or empty: of an account that does not exist, or has no password.
        Raises RateLimited."""
        right, new_hash = await self._run(lambda: self._hasher.verify_and_update(password, kept or NOBODYS_HASH))
        return Checked(right and bool(kept), new_hash)

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._under_way >= THREADS + QUEUE_MAX:
            raise RateLimited("Many people are signing in just now. Try again in a moment.", retry_after_s=5.0)
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1
