"""docs/settings.md: every setting, in each of the forms in which it can be given."""

import json
import tomllib
from pathlib import Path
from typing import Any

from hubbub.settings import CONFIG_FILE, PREFIX, Settings, flag_of

EXAMPLE = """\
host = "0.0.0.0"
name = "The Kettle"
origins = ["https://intranet.example"]
"""

HEAD = """\
<!-- Made by scripts/generate-docs from src/hubbub/settings.py. Change that file, then run the script. -->
# Settings

Each setting can be given in three ways. What stands further right wins:

default → file → environment → flag

The file is `{file}` in the current folder, or the one that `--config` or `HUBBUB_CONFIG` names:

```toml
{example}```

A name that is no setting, or a value that is not allowed, ends the start with one line that says where it stands.
`origins` is a list in the file; in the environment and as a flag its parts are separated by commas.

A program that mounts the chat makes `Settings(…)` itself: what it gives wins over the environment, and no file is read.

| In the file | Environment | Flag | Default | Meaning |
|---|---|---|---|---|
"""


def settings_page() -> str:
    Settings(**tomllib.loads(EXAMPLE))  # the example is allowed
    properties = Settings.model_json_schema()["properties"]
    rows = "\n".join(_row(name, properties[name]) for name in Settings.model_fields)
    return HEAD.format(file=CONFIG_FILE, example=EXAMPLE) + rows + "\n"


def _row(name: str, schema: dict[str, Any]) -> str:
    field = Settings.model_fields[name]
    flag = flag_of(name)
    if isinstance(field.default, bool):
        flag = f"{flag}` `--no-{flag[2:]}"
    meaning = f"{field.description} {_bounds(schema)}".strip()
    default = "" if field.default is None else f"`{_toml(field.default)}`"
    return f"| `{name}` | `{PREFIX}{name.upper()}` | `{flag}` | {default} | {meaning} |"


def _bounds(schema: dict[str, Any]) -> str:
    """Which values are allowed, beyond their type."""
    if "enum" in schema:
        return "One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + "."
    if "maxLength" in schema:
        return f"{schema['minLength']} to {schema['maxLength']} characters."
    if "exclusiveMinimum" in schema:
        return f"More than {schema['exclusiveMinimum']}."
    if "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}."
    return f"At least {schema['minimum']}." if schema.get("minimum") else ""


def _toml(value: object) -> str:
    """For texts, numbers, truth values and lists JSON's form is TOML's too."""
    return json.dumps(str(value) if isinstance(value, Path) else value)
