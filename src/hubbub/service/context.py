"""What a verb may use."""

from collections.abc import Callable
from dataclasses import dataclass

from hubbub.bus import Bus
from hubbub.hub.presence import PresenceBoard
from hubbub.settings import Settings
from hubbub.store import Store


@dataclass(frozen=True, slots=True)
class Context:
    store: Store
    bus: Bus
    presence: PresenceBoard
    settings: Settings
    now: Callable[[], int]
    """Milliseconds since 1970 UTC."""
    new_token: Callable[[], str]
    """A fresh secret of 256 random bits, safe in a URL or header."""
