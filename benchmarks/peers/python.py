"""python-socketio and Django Channels, on uvicorn, by the smallest application that brings each message to
everybody."""

from servers import UVICORN, Program

from peers.node import SOCKET_IO_HELLO, SOCKET_IO_PATH, socket_io_post
from peers.packages import PYTHON_PACKAGES, pypi_install, pypi_missing, pypi_version
from peers.peer import TEXT, Peer


def _application(name: str, module: str) -> Program:
    command = (*UVICORN, "--app-dir", "peers", "--lifespan", "off", f"{module}:app")
    return Program(name, command, environment={"PYTHONPATH": str(PYTHON_PACKAGES)})


PYTHON_SOCKETIO = Peer(
    _application("python-socketio, uvicorn", "python_socketio_app"),
    lambda: pypi_version("python-socketio"),
    socket_io_post,
    SOCKET_IO_PATH,
    first=SOCKET_IO_HELLO,
    missing=lambda: pypi_missing("python-socketio"),
    install=lambda: pypi_install("python-socketio"),
)
CHANNELS = Peer(
    _application("Django Channels, uvicorn", "channels_app"),
    lambda: pypi_version("channels"),
    lambda number: TEXT,
    missing=lambda: pypi_missing("channels"),
    install=lambda: pypi_install("channels", "django"),
    posts_per_s=1,
)
