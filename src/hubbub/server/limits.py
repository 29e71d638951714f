"""What our protocol classes need to know beyond uvicorn's own configuration."""

from collections import Counter
from typing import Any, NamedTuple

import uvicorn


class Limits(NamedTuple):
    request_s: float
    """For the head of a request, and for each further part of its body."""
    stall_s: float
    """For a peer that takes nothing of a response."""
    close_s: float
    """From the first sign of an end until the socket is freed."""


class Config(uvicorn.Config):
    """uvicorn hands its configuration to each protocol object; the limits ride along, and the count of peers that
    were cut for not keeping them, by reason."""

    def __init__(self, app: Any, limits: Limits, *, cuts: Counter[str] | None = None, **options: Any) -> None:
        super().__init__(app, **options)
        self.limits = limits
        self.cuts = Counter() if cuts is None else cuts
