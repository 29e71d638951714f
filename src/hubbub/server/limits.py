"""What our protocol classes need to know beyond uvicorn's own configuration."""

import logging
import sys
from collections import Counter
from typing import Any, NamedTuple

import uvicorn

from hubbub.server.keepalive import Keepalive

OTHER_FILES = 500
"""For the database, the page's visitors, and everything else that is not a chat connection."""

log = logging.getLogger(__name__)


class Limits(NamedTuple):
    request_s: float
    """For the head of a request, and for each further part of its body."""
    stall_s: float
    """For a peer that takes nothing of a response."""
    close_s: float
    """From the first sign of an end until the socket is freed."""
    connections: int = sys.maxsize
    """Open at once. Beyond, WebSockets are refused."""
    sockets: int = sys.maxsize
    """Open at once, those that have asked for nothing yet too. Beyond, they are closed at once: a program that has no
    file left can let nobody in and open no database."""


class Config(uvicorn.Config):
    """uvicorn hands its configuration to each protocol object; the limits ride along, and the count of peers that
    were cut for not keeping them, by reason."""

    def __init__(self, app: Any, limits: Limits, *, cuts: Counter[str] | None = None, **options: Any) -> None:
        super().__init__(app, **options)
        self.limits = limits
        self.cuts = Counter() if cuts is None else cuts
        interval_s, timeout_s = self.ws_ping_interval, self.ws_ping_timeout
        self.keepalive = Keepalive(interval_s, timeout_s) if interval_s and timeout_s else None


def room_for(connections: int) -> int:
    """Lets this process open as many files as so many connections need, as far as the system allows. Returns for how
    many connections that is enough; says so in the log when those are fewer."""
    try:
        import resource
    except ImportError:  # not a POSIX system, and no such limit
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return connections
    possible = max(soft - OTHER_FILES, soft // 2)
    log.warning(
        "this system lets a program open %d files: enough for %d connections, not for connections_max = %d. "
        "Raise the limit (LimitNOFILE= of systemd, or ulimit -n)",
        soft,
        possible,
        connections,
    )
    return possible
