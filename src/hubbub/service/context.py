"""What a verb may use."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hubbub.bus import Bus
from hubbub.core.models import Place
from hubbub.core.shedding import Shedding
from hubbub.hub.presence import PresenceBoard
from hubbub.protocol import Preview
from hubbub.settings import Settings
from hubbub.store import Store

SEARCHES_MAX = 2


@dataclass(frozen=True, slots=True)
class Context:
    store: Store
    bus: Bus
    presence: PresenceBoard
    settings: Settings
    now: Callable[[], int]
    """Milliseconds since 1970 UTC."""
    place: Callable[[], Place]
    """The place as it is now."""
    new_token: Callable[[], str]
    """A fresh secret of 256 random bits, safe in a URL or header."""
    preview: Callable[[str], Awaitable[Preview | None]] | None = None
    """What the page at this address says of itself. None: nothing is fetched from other servers."""
    shedding: Shedding = field(default_factory=Shedding)
    searching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SEARCHES_MAX))
    """So that searches never keep all of the store's readers from everybody else."""
    erasing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something to erase: see `hubbub.service.caretaker`."""
    sweeping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be files that nobody needs any more: see `hubbub.service.files`."""

    def new_id(self) -> str:
        """128 random bits, for the id of something that nobody may guess."""
        return token_hash(self.new_token())[:32]


def token_hash(token: str) -> str:
    """As which secrets are kept."""
    return hashlib.sha256(token.encode()).hexdigest()
