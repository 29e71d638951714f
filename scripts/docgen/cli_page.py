"""docs/cli.md: what each command says about itself."""

import os
from contextlib import redirect_stdout, suppress
from io import StringIO
from unittest.mock import patch

from hubbub.cli import COMMANDS
from hubbub.cli import main as hubbub

WIDTH = 100

HEAD = """\
<!-- Made by scripts/generate-docs from src/hubbub/cli/. Change the commands there, then run the script. -->
# The command line

Every command ends with 0, or with 1 and one line on standard error that says what is wrong; a mistake in the options
themselves ends with 2, Ctrl-C in a client command with 130. `doctor` ends with 1 when one of its findings is a problem.

`doctor`, `backup` and `restore` work on the data folder of this machine: see [operating.md](operating.md).

`say`, `tail` and `rooms` talk to a running chat at `--url`. The first of them makes you a guest there; its token is
kept in `tokens.json` in `$XDG_CONFIG_HOME/hubbub` or `~/.config/hubbub`, readable by you alone, so that you are the
same person the next time.
"""


def cli_page() -> str:
    sections = [("hubbub", ["--help"]), *((f"hubbub {name}", [name, "--help"]) for name in COMMANDS)]
    return HEAD + "".join(f"\n## {title}\n\n```text\n{help_of(arguments)}```\n" for title, arguments in sections)


def help_of(arguments: list[str]) -> str:
    """What the command prints, whatever terminal and environment this runs in."""
    out = StringIO()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    plain = environment | {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
    with patch.dict(os.environ, plain, clear=True), redirect_stdout(out), suppress(SystemExit):
        hubbub(arguments)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())
