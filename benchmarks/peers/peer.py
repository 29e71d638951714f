"""What a benchmark has to know of a server: how it starts, how its clients come, and how they talk."""

import shutil
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import servers
from members import Crowd, Member
from servers import Program, Running

MESSAGE_BYTES = 128
TEXT = b"x" * MESSAGE_BYTES
PATH = "/usr/sbin:/sbin"
"""Where Debian keeps servers, and not every user looks."""


def nothing() -> str:
    return ""


async def no_headers(port: int, members: int) -> list[str]:
    return [""] * members


@dataclass(frozen=True)
class Peer:
    program: Program
    version: Callable[[], str]
    message: Callable[[int], bytes]
    """What a member says to post the n-th message."""
    path: str = "/ws"
    """`{number}` is the member's."""
    first: bytes | None = None
    """What a member says when it is connected."""
    answers: int = 0
    """Frames that each post brings to its sender alone."""
    member: type[Member] = Member
    sign_in: Callable[[int, int], Awaitable[list[str]]] = no_headers
    missing: Callable[[], str] = nothing
    """How to install it, unless it is there."""
    install: Callable[[], None] = lambda: None
    posts_per_s: float = 50
    """The calm pace at which latency is measured."""
    quiet_s: float = 0.3
    """Without any frame for so long, everybody has joined."""

    @property
    def name(self) -> str:
        return self.program.name

    def start(self, core: set[int]) -> AbstractContextManager[Running]:
        return servers.run(self.program, core)

    async def join(self, server: Running, headers: list[str]) -> Crowd:
        """A member for each line of headers: connected, and told of everything that is to be told."""
        crowd = Crowd(self.message, self.answers)
        crowd.member, crowd.quiet_s = self.member, self.quiet_s
        paths = [self.path.format(number=number) for number in range(len(headers))]
        await crowd.join(server.port, paths, headers, self.first)
        return crowd


def apt(program: str, packages: str) -> Callable[[], str]:
    """For `missing`: a program, and the Debian packages that bring it."""
    return lambda: "" if find(program) else f"Install it; on Debian: apt-get install {packages}"


def find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=PATH)


def said_by(*command: str) -> str:
    """What a program says about itself; nothing when it is not there."""
    if not (program := find(command[0])):
        return ""
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()
