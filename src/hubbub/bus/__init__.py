"""The bus is a doorbell between nodes: it says that a room has grown, and carries the frame as a courtesy.

It may lose, double, delay and reorder: the relay heals from the store whatever it does. It never makes anybody wait.
"""

from collections.abc import Callable
from typing import Protocol

from hubbub.protocol import Envelope


class Bus(Protocol):
    def publish(self, envelope: Envelope) -> None:
        """Hands the envelope to every listener on every node, this one too. Never blocks, never raises."""
        ...

    def listen(self, listener: Callable[[Envelope], None]) -> None:
        """Calls `listener` in the event loop's thread for each envelope from now on."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...
