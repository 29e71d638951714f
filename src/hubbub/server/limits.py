"""What our protocol classes need to know beyond uvicorn's own configuration."""

from typing import Any, NamedTuple

import uvicorn

from hubbub.server.keepalive import Keepalive


class Limits(NamedTuple):
    request_s: float
    """For the head of a request, and for each further part of its body."""
    stall_s: float
    """For a peer that takes nothing of a response."""
    close_s: float
    """From the first sign of an end until the socket is freed."""


class Config(uvicorn.Config):
    """uvicorn hands its configuration to each protocol object; the limits ride along."""

    def __init__(self, app: Any, limits: Limits, **options: Any) -> None:
        super().__init__(app, **options)
        self.limits = limits
        interval_s, timeout_s = self.ws_ping_interval, self.ws_ping_timeout
        self.keepalive = Keepalive(interval_s, timeout_s) if interval_s and timeout_s else None
