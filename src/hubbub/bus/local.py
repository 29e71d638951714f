"""The bus of a single node: a function call."""

from collections.abc import Callable

from hubbub.protocol import Envelope


class LocalBus:
    def __init__(self) -> None:
        self._listeners: list[Callable[[Envelope], None]] = []

    def publish(self, envelope: Envelope) -> None:
        for listener in self._listeners:
            listener(envelope)

    def listen(self, listener: Callable[[Envelope], None]) -> None:
        self._listeners.append(listener)

    async def start(self) -> None:
        """There is nothing to connect to."""

    async def stop(self) -> None:
        self._listeners.clear()
