"""Which outlet a connection gets: the fast one from a server that offers its wire, else the portable one."""

from collections.abc import Callable

from fastapi import WebSocket

from hubbub.hub.fast_outlet import EXTENSION, FastOutlet, Wire
from hubbub.hub.outlet import Outlet, PortableOutlet
from hubbub.tasks import Spawn


def outlet_for(
    websocket: WebSocket,
    *,
    spawn: Spawn,
    on_held: Callable[[], None],
    on_drained: Callable[[], None],
    on_abort: Callable[[], None],
) -> Outlet:
    """`on_held`: something begins to wait, and `send_now` is None; not called where it always is. `on_drained`:
    everything has been sent after something had to wait. `on_abort`: nothing can be written any more; called at most
    once."""
    if wire := wire_of(websocket):
        return FastOutlet(wire, on_held=on_held, on_drained=on_drained, on_abort=on_abort)
    return PortableOutlet(websocket.send_text, spawn=spawn, on_drained=on_drained, on_abort=on_abort)


def wire_of(websocket: WebSocket) -> Wire | None:
    """What our own server offers; None on any other."""
    wire: Wire | None = websocket.scope.get("extensions", {}).get(EXTENSION)
    return wire
