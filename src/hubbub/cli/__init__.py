"""The command line. `hubbub` alone serves a chat; the other commands talk to a running one, or look after its data.

Each command lives in a file of its own, and loads what it needs only when it runs.
"""

import sys
from importlib import import_module
from typing import NoReturn

from hubbub._version import __version__
from hubbub.errors import HubbubError

COMMANDS = {
    "serve": "Serve a chat. This is what `hubbub` without a command does.",
    "say": "Post a message to a room of a running chat.",
    "tail": "Print a room's last messages and follow it.",
    "search": "Look for messages of a running chat.",
    "rooms": "List the rooms of a running chat.",
    "owner-link": "Make a link with which somebody becomes the owner of a chat that has none.",
    "reset-link": "Make a link by which somebody chooses a new password.",
    "torture": "Attack a server of its own, and judge whether its promises hold.",
    "doctor": "Check a chat's data and settings, and say what to do.",
    "backup": "Copy a chat's data into one file, while it runs.",
    "restore": "Put a backup in the place of a chat's data.",
}


def main(arguments: list[str] | None = None) -> None:
    """The entry point `hubbub`. Exits with 0, or with 1 and one line that says what is wrong."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] in (["--version"], ["-V"]):
        print(f"hubbub {__version__}")
        return
    if arguments[:1] in (["--help"], ["-h"]):
        print(_overview())
        return
    name = "serve" if not arguments or arguments[0].startswith("-") else arguments.pop(0)
    if name not in COMMANDS:
        _fail(f"There is no command {name!r}. The commands are: {', '.join(COMMANDS)}.")
    import typer  # after the quick answers

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name, help=COMMANDS[name])(import_module(f"hubbub.cli.{name.replace('-', '_')}").command)
    try:
        code = app(arguments, prog_name=f"hubbub {name}", standalone_mode=False)
    except HubbubError as error:
        _fail(error.words)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer says of a wrong option; it exports no class for it
            raise
        words = " ".join(error.format_message().split()).removesuffix(".")
        _fail(f"{words}. `hubbub {name} --help` tells what there is.")
    if code:
        sys.exit(code)


def _overview() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {words}" for name, words in COMMANDS.items())
    return (
        "Usage: hubbub [COMMAND] [OPTIONS]\n\n"
        f"A group chat that you host yourself.\n\nCommands:\n{commands}\n\n"
        "`hubbub COMMAND --help` tells the options of a command, `hubbub --version` the version."
    )


def _fail(words: str) -> NoReturn:
    print(f"hubbub: {words}", file=sys.stderr)
    sys.exit(1)
