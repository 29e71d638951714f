"""Hubbub: a self-hosted group chat, alone or inside your own FastAPI app.

Names are loaded when they are first used, so that `from hubbub import ConnectionManager` costs nothing else.
"""

from typing import TYPE_CHECKING, Any

from hubbub._version import __version__

if TYPE_CHECKING:
    from hubbub.app import Chat, create_app
    from hubbub.core.models import Person
    from hubbub.manager import ConnectionManager
    from hubbub.settings import Settings

__all__ = ["Chat", "ConnectionManager", "Person", "Settings", "__version__", "create_app"]

_HOMES = {
    "Chat": "hubbub.app",
    "create_app": "hubbub.app",
    "Person": "hubbub.core.models",
    "ConnectionManager": "hubbub.manager",
    "Settings": "hubbub.settings",
}


def __getattr__(name: str) -> Any:
    """Loads a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'hubbub' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
