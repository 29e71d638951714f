"""`hubbub serve`: every setting is a flag."""

import asyncio
import gc
import inspect
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubbub.logs import set_up
from hubbub.settings import Settings, flag_of, load_settings

if TYPE_CHECKING:
    from hubbub.server import Server


OBJECTS_BETWEEN_LOOKS = 20_000
SWITCH_INTERVAL_S = 0.0005


def command(config: Path | None = None, **flags: Any) -> None:
    settings = load_settings({name: value for name, value in flags.items() if value is not None}, config)
    set_up(settings.log_level, settings.log_format)
    import uvicorn

    factory = uvicorn.Config(app=None, loop="auto", log_config=None).get_loop_factory()  # type: ignore[arg-type]
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from hubbub.app import create_app
    from hubbub.server import Server, listen

    listener = listen(settings)
    try:
        app = create_app(settings)
        async with app.state.chat.lifespan(app):
            server = Server(app, settings)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await _announce(server, serving, settings, listener)
            tune_python()
            await serving
    finally:
        listener.close()


def tune_python() -> None:
    """Python looks for circles among its objects each time that 700 more have come than gone, and a burst of posts is
    many times that: a sixth of a busy server's time. What lives from the start on need not be looked at ever again.
    And the writer's thread needs its turn after each statement: it waits for it only a tenth of the usual time."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])


async def _announce(
    server: "Server", serving: "asyncio.Task[None]", settings: Settings, listener: socket.socket
) -> None:
    """Prints the address once connections are taken."""
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if not server.started:
        return
    host, port = listener.getsockname()[:2]
    scheme = "https" if settings.tls_cert else "http"
    if host in ("0.0.0.0", "::"):
        print(f"{settings.name} is at {scheme}://127.0.0.1:{port}")
        for address in _own_addresses():
            print(f"  for others on your network: {scheme}://{address}:{port}")
    else:
        print(f"{settings.name} is at {scheme}://{f'[{host}]' if ':' in host else host}:{port}")
        if host in ("127.0.0.1", "::1"):
            print("  only this machine can reach it; for the whole network: hubbub --host 0.0.0.0")
    print(f"  data: {settings.data.resolve()}   stop: Ctrl-C", flush=True)


def _own_addresses() -> list[str]:
    """This machine's addresses in its networks, without loopback."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(entry[4][0]) for entry in found if not str(entry[4][0]).startswith("127.")})


def _signature() -> inspect.Signature:
    """One flag for each setting. Values stay text until the settings model reads them: so there is one place that
    knows what is allowed, and one way in which it complains."""
    config = Annotated[
        Path | None,
        typer.Option("--config", envvar="HUBBUB_CONFIG", help="Settings file in TOML. [hubbub.toml, if there]"),
    ]
    parameters = [inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=config)]
    for name, field in Settings.model_fields.items():
        flag, of = flag_of(name), type(field.default)
        names = [f"{flag}/--no-{flag[2:]}"] if of is bool else [flag]
        help_text = f"{field.description} [{_default(field.default)}]"
        option = typer.Option(*names, help=help_text, metavar=None if of is bool else name.upper(), show_default=False)
        kind: Any = bool | None if of is bool else str | None
        annotation = Annotated[kind, option]
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation))
    return inspect.Signature(parameters)


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value or "none")


command.__signature__ = _signature()  # type: ignore[attr-defined]
command.__annotations__ = {p.name: p.annotation for p in _signature().parameters.values()}
